"""The settings: one TOML file, `.env` and the environment, read once and checked whole.

The later wins: defaults in protocol/settings.py, the file, what it says for the symbol traded
(`[symbol.ES.exhaustion]`), `.env`, the environment, the command line. Everything that is wrong is
said at once, each with its key, where it came from, what was found and what is allowed; a value
that may be a secret is never repeated.
"""

import contextlib
import dataclasses
import difflib
import json
import math
import os
import re
import tomllib
import typing
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import TypeAdapter, ValidationError

from ops.config_checks import cross_checks
from protocol.instruments import INSTRUMENTS, UnknownSymbol, root_of
from protocol.settings import Settings

DEFAULT_FILE = Path("floorwatch.toml")
DOTENV_FILE = Path(".env")
PREFIX = "FLOORWATCH_"
# Where the tests find recorded market data; the password that `user add` would ask for.
NOT_SETTINGS = ("FLOORWATCH_DATA", "FLOORWATCH_USER_PASSWORD")
SECRET = re.compile("url|key|token|secret|password|webhook")
OF_THE_RUN = (  # Alike for all symbols.
    "run", "feed", "databento", "calendar", "store", "day", "preflight", "warmup", "history",
    "recorder", "export", "watch", "notify", "log", "web", "supervision",
)  # fmt: skip

Values = Mapping[str, Mapping[str, Any]]


class BadSettings(ValueError):
    """The settings cannot be used; every complaint is a line of the text."""

    def __init__(self, complaints: Iterable[str]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("\n".join(self.complaints))


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A value and where it was found."""

    value: Any
    place: str


Sections = dict[str, dict[str, Found]]


def read_settings(
    file: Path | None = None,
    overrides: Values | None = None,
    environment: Mapping[str, str] = os.environ,
    dotenv: Path = DOTENV_FILE,
) -> Settings:
    """Return the checked settings, or raise `BadSettings` with everything that is wrong.

    `file` must exist if it is named; `overrides` are the sections and keys of the command line.
    """
    complaints: list[str] = []
    found: Sections = {}
    values, place = _of_file(file, complaints)
    symbols = values.pop("symbol", {})
    general = list(_of_values(values, place))
    later = [
        *_of_names({k: v for k, v in dotenv_values(dotenv).items() if v is not None}, str(dotenv)),
        *_of_names(environment, "environment"),
        *_of_values(overrides or {}, "command line"),
    ]
    traded = _traded([*general, *later])
    for source in (general, _of_symbols(symbols, traded, place, complaints), later):
        for section, key, value in source:
            complaint = _unknown(section, key, value)
            if complaint:
                complaints.append(complaint)
            else:
                found.setdefault(section, {})[key] = value
    records = {
        section: record
        for section, kind in typing.get_type_hints(Settings).items()
        if (record := _record(section, kind, found.get(section, {}), complaints)) is not None
    }
    complaints += cross_checks(records)
    if complaints:
        raise BadSettings(complaints)
    return Settings(**records)


def settings_json(settings: Settings) -> str:
    """Return the settings as an actor receives them in its first message."""
    return json.dumps(dataclasses.asdict(settings))


def _of_file(file: Path | None, complaints: list[str]) -> tuple[dict[str, Any], str]:
    path = file or DEFAULT_FILE
    if file is None and not path.exists():
        return {}, str(path)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), str(path)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        complaints.append(f"settings file {path}: {reason}; wanted a readable TOML file")
        return {}, str(path)


def _traded(found: Iterable[tuple[str, str, Found]]) -> str:
    """Return the root of the symbol that will be traded, as far as it can be told yet."""
    symbol = Settings().feed.symbol
    for section, key, value in found:
        if (section, key) == ("feed", "symbol"):
            symbol = str(value.value)
    with contextlib.suppress(UnknownSymbol):  # It is refused below, with all that is wrong.
        return root_of(symbol)
    return symbol


def _of_symbols(
    symbols: Any, traded: str, place: str, complaints: list[str]
) -> Iterator[tuple[str, str, Found]]:
    """Yield what stands under [symbol.<root>.<section>] for the root traded; check the others."""
    if not isinstance(symbols, Mapping):
        complaints.append(f"symbol ({place}): found {symbols!r}, wanted [symbol.ES.exhaustion]")
        return
    for root, sections in symbols.items():
        if root not in INSTRUMENTS or not isinstance(sections, Mapping):
            known = ", ".join(INSTRUMENTS)
            complaints.append(f"symbol.{root} ({place}): no such symbol; wanted one of {known}")
            continue
        for section, key, value in _of_values(sections, f"{place}, symbol.{root}"):
            if section in OF_THE_RUN:
                complaints.append(f"symbol.{root}.{section} ({place}): is alike for all symbols")
            elif root == traded:
                yield section, key, value
            elif complaint := _unknown(section, key, value):
                complaints.append(complaint)


def _of_values(values: Mapping[str, Any], place: str) -> Iterator[tuple[str, str, Found]]:
    for section, keys in values.items():
        if not isinstance(keys, Mapping):
            yield section, "", Found(keys, place)
            continue
        for key, value in keys.items():
            yield section, key, Found(value, place)


def _of_names(names: Mapping[str, str], place: str) -> Iterator[tuple[str, str, Found]]:
    for name, text in names.items():
        if not name.startswith(PREFIX) or name in NOT_SETTINGS:
            continue
        section, _, key = name.removeprefix(PREFIX).lower().partition("__")
        value = text.split(",") if (section, key) in _lists() else text
        if isinstance(value, list):
            value = [part.strip() for part in value if part.strip()]
        yield section, key, Found(value, f"{place}, {name}")


def _keys() -> list[str]:
    return [
        f"{section}.{field.name}"
        for section, record in typing.get_type_hints(Settings).items()
        for field in dataclasses.fields(record)
    ]


def _lists() -> set[tuple[str, str]]:
    return {
        (section, key)
        for section, record in typing.get_type_hints(Settings).items()
        for key, hint in typing.get_type_hints(record).items()
        if typing.get_origin(hint) is tuple
    }


def _unknown(section: str, key: str, found: Found) -> str | None:
    known = _keys()
    if f"{section}.{key}" in known:
        return None
    asked = f"{section}.{key}" if key else section
    names = {name.replace("_", "."): name for name in known}
    near = difflib.get_close_matches(asked.replace("_", "."), names, 1)
    hint = f"; the nearest known is {names[near[0]]}" if near else f"; sections: {_sections()}"
    wanted = "" if key else ", wanted section and key"
    return f"{asked} ({found.place}): no such setting{wanted}{hint}"


def _sections() -> str:
    return ", ".join(typing.get_type_hints(Settings))


def _record(section: str, kind: type, found: dict[str, Found], complaints: list[str]) -> Any:
    try:
        record: Any = TypeAdapter(kind).validate_python({k: f.value for k, f in found.items()})
    except ValidationError as error:
        # Messages of ours below name the value; pydantic's own text would show secrets.
        for detail in error.errors(include_url=False, include_context=False):
            key = str(detail["loc"][0])
            complaints.append(_complaint(section, key, found[key], detail["msg"]))
        return None
    bad = [key for key in found if _endless(getattr(record, key))]
    complaints += [_complaint(section, key, found[key], "should be finite") for key in bad]
    return None if bad else record


def _endless(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _complaint(section: str, key: str, found: Found, wanted: str) -> str:
    shown = "(not shown)" if SECRET.search(key) else repr(found.value)
    wanted = wanted.removeprefix("Input ").removeprefix("Value error, ")
    return f"{section}.{key} ({found.place}): found {shown}, {wanted}"
