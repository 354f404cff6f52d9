"""The README keeps to the code: every message, setting, command and process is in it."""

import dataclasses
import re
import typing
from pathlib import Path

from typer.main import get_command

from ops.commands import app
from protocol.catalog import CATALOG
from protocol.patterns import Pattern
from protocol.settings import Settings, SupervisionSettings
from supervision.spec import ChildSpec, walk
from supervision.tree import floor

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()


def rows(kind: str) -> dict[str, list[str]]:
    """Return the cells of the table rows whose first cell is `kind.something`."""
    found = re.findall(rf"^\| `({kind}[a-z_.]*)` \| (.*) \|$", README, re.MULTILINE)
    return {name: cells.split(" | ") for name, cells in found}


def test_the_table_of_messages_is_the_catalog() -> None:
    listed = rows(r"(?:market|signal|order|desk|paper|account|command|day|system)\.")
    assert list(listed) == [message.KIND for message in CATALOG]


def test_the_table_of_settings_has_every_key_and_no_other() -> None:
    for section, record in typing.get_type_hints(Settings).items():
        (told,) = rows(section)[section]
        keys = re.findall(r"`([a-z_]+)`", told)
        assert keys == [field.name for field in dataclasses.fields(record)], section


def test_every_pattern_is_told() -> None:
    told = re.findall(r"`([a-z_]+)`", README[README.index("## What it looks for") :])
    assert [pattern for pattern in Pattern if pattern not in told] == []


def test_every_command_is_told() -> None:
    names = list(get_command(app).commands)
    assert names
    assert [name for name in names if f"`python3 start.py {name}" not in README] == []


def test_the_drawn_tree_is_the_tree() -> None:
    line = r"^    [│├└─ ]*([a-z]+) +(permanent|transient|one for one)\b"
    drawn = re.findall(line, README, re.MULTILINE)
    wanted = [
        (spec.id, spec.restart.value if isinstance(spec, ChildSpec) else
         spec.strategy.value.replace("_", " "))
        for spec in walk(floor(SupervisionSettings()))
    ]  # fmt: skip
    assert drawn == wanted
