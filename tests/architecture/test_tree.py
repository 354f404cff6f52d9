"""The tree names what exists, and all of it."""

import importlib
from pathlib import Path

from protocol.settings import SupervisionSettings
from supervision.shell import Shell, SinkShell
from supervision.spec import ChildSpec, SupervisorSpec, check, walk
from supervision.tree import floor

ROOT = Path(__file__).resolve().parents[2]


LIVE = floor(SupervisionSettings(), live=True)


def workers(tree: SupervisorSpec | None = None) -> list[ChildSpec]:
    tree = tree or floor(SupervisionSettings())
    return [spec for spec in walk(tree) if isinstance(spec, ChildSpec)]


def shell_of(spec: ChildSpec) -> type:
    module, _, name = spec.start.rpartition(".")
    return getattr(importlib.import_module(module), name)


def test_the_tree_has_no_fault():
    assert check(floor(SupervisionSettings())) == check(LIVE) == []


def test_every_actor_of_the_tree_is_a_shell():
    for spec in (*workers(), *workers(LIVE)):
        assert issubclass(shell_of(spec), Shell), spec.start


def test_what_is_prepared_before_forking_can_be_called():
    for spec in walk(floor(SupervisionSettings())):
        for name in getattr(spec, "prepare", ()):
            module, _, function = name.rpartition(".")
            assert callable(getattr(importlib.import_module(module), function)), name


def test_every_shell_stands_in_the_tree_exactly_once():
    files = {f"actors.{path.stem}" for path in (ROOT / "actors").glob("*.py")}
    starts = [spec.start.rpartition(".")[0] for spec in workers()]
    assert len(starts) == len(set(starts))
    live = {spec.start.rpartition(".")[0] for spec in workers(LIVE)}
    assert live - set(starts) == {"actors.live_feed"}  # In the place of the tape's feed.
    assert sorted({*starts, *live}) == sorted((files - {"actors.__init__"}) | {"web.actor"})


def test_every_actor_reads_something_and_every_stream_but_those_of_keepers_is_read():
    read = {source for spec in workers() for source in spec.reads}
    for spec in workers():
        assert spec.reads, f"{spec.id} reads nothing"
        publishes = not issubclass(shell_of(spec), SinkShell) and spec.id != "web"
        assert (spec.id in read) == publishes, f"{spec.id}: read by somebody is {spec.id in read}"
