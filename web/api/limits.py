"""The settings as they stand, and the limits among them that are set anew while the floor trades.

Every actor reads its settings at its start alone, so that a restart of one never trades by other
rules than its neighbours. Limits are the exception: a change is told the desk, which records it,
and risk obeys what is tighter at once and what is looser from the next trading day on; beyond what
the settings say nothing goes. Any other change is refused with how to make it. Each attempt is
noted in the audit.
"""

import dataclasses
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, TypedDict

from protocol.commands import LimitsGiven
from web.api.control import tell_desk
from web.api.endpoint import Answer, Call
from web.api.prices import plain
from web.api.problems import Problem
from web.api.schema import WORDS, Text

if TYPE_CHECKING:  # Loaded by who asks for limits, and by nobody before.
    from actors.core.risk.changes import Limits
    from web.api.house import House

HIDDEN = "(set, not shown)"
VALUE_MAX = 10**9


class Unit(NamedTuple):
    """The limit that a setting is, and how many of its units one of the setting's is."""

    limit: str
    of_one: int


LIMITS: Mapping[str, Unit] = {
    "risk.daily_loss_dollars": Unit("loss_limit_cents", 100),
    "risk.daily_profit_dollars": Unit("profit_target_cents", 100),
    "risk.trades_max": Unit("trades_max", 1),
    "risk.quantity_max": Unit("quantity_max", 1),
}


class Change(TypedDict):
    """New values by section and key, and why."""

    values: dict[str, dict[str, Any]]
    reason: Annotated[str, Text("Kept with the change.", most=500, pattern=WORDS)]
    confirm: Literal[True]


class LimitRow(TypedDict):
    """A limit: what stands, what will from the next trading day on, and what the settings say."""

    name: str
    value: float
    next: float
    outermost: float


class SettingsBody(TypedDict):
    """All settings by section; a secret shows only whether there is one."""

    sections: dict[str, dict[str, Any]]
    limits: list[LimitRow]


class ChangeRow(TypedDict):
    """A limit that was set anew, and when its value begins to stand."""

    name: str
    value: float
    stands: Literal["now", "from the next trading day on"]


class Changed(TypedDict):
    """A change that is recorded."""

    recorded: str
    rows: list[ChangeRow]


def settings(call: Call) -> Answer:
    """All settings as the floor was started with, and the limits as they stand."""
    return Answer({"sections": shown(call.house.settings), "limits": _rows(call.house)})


def change(call: Call) -> Answer:
    """Set limits anew: tighter stands at once, looser from the next trading day on."""
    reason = " ".join(call.body["reason"].split())
    try:
        wanted = _wanted(call)
        before = {row["name"]: row["value"] for row in _rows(call.house)}
        command = _told(call, wanted, reason)
    except Problem as problem:
        _note(call, reason, f"refused: {problem.detail}")
        raise
    said = ", ".join(f"{name} {value:g}" for name, value in wanted.items())
    _note(call, reason, f"recorded {command}: {said}")
    rows = [
        {"name": name, "value": value, "stands": _stands(name, value, before[name])}
        for name, value in wanted.items()
    ]
    return Answer({"recorded": command, "rows": rows}, status=202)


def daily_limits(house: "House") -> dict[str, int]:
    """Return what a day may lose and win, as it stands today."""
    limits, _ = _standing(house)
    return {
        "daily_loss_cents": limits.loss_limit_cents,
        "daily_profit_cents": limits.profit_target_cents,
    }


def shown(settings: Any) -> dict[str, dict[str, Any]]:
    """Return all settings by section; of a secret only whether there is one."""
    return {
        section.name: _record(getattr(settings, section.name))
        for section in dataclasses.fields(settings)
    }


def _record(record: Any) -> dict[str, Any]:
    values = {}
    for part in dataclasses.fields(record):
        value = getattr(record, part.name)
        if part.repr:
            values[part.name] = list(value) if isinstance(value, tuple) else value
        else:
            values[part.name] = HIDDEN if value else ""
    return values


def _standing(house: "House") -> "tuple[Limits, Limits]":
    """Return the limits of today and those of the next trading day."""
    from actors.core.risk.changes import standing
    from actors.core.rules import outermost
    from actors.core.session.calendar import trading_date

    most, (changes, clock_ns) = outermost(house.settings), house.floor.changes()
    return standing(most, changes, trading_date(clock_ns)), standing(most, changes, date.max)


def _rows(house: "House") -> list[dict[str, Any]]:
    from actors.core.rules import outermost

    (today, later), most = _standing(house), outermost(house.settings)
    return [
        {"name": name, "value": _of(today, unit), "next": _of(later, unit),
         "outermost": _of(most, unit)}
        for name, unit in LIMITS.items()
    ]  # fmt: skip


def _of(limits: "Limits", unit: Unit) -> float:
    value: int = getattr(limits, unit.limit)
    return plain(value / unit.of_one)


def _wanted(call: Call) -> dict[str, float]:
    """Return the values asked for by name; refuse what is no limit, and what is no value of one."""
    known = shown(call.house.settings)
    wanted = {
        f"{section}.{key}": value
        for section, values in call.body["values"].items() for key, value in values.items()
    }  # fmt: skip
    for name in wanted:
        section, _, key = name.partition(".")
        if key not in known.get(section, {}):
            raise Problem(404, f"no setting is called {name[:80]!r}")
    if not wanted:
        raise Problem(409, "body.values: found no setting, wanted one at least")
    if fixed := [name for name in wanted if name not in LIMITS]:
        raise Problem(409, (
            f"{', '.join(fixed)[:300]} cannot be changed while the floor runs, only"
            f" {', '.join(LIMITS)}: set it in floorwatch.toml or the environment, stop the floor"
            " and start it again"
        ))  # fmt: skip
    for name, value in wanted.items():
        _check(name, value)
    return wanted


def _check(name: str, value: Any) -> None:
    units = LIMITS[name].of_one
    fits = type(value) in (int, float) and 0 <= value <= VALUE_MAX
    if not fits or abs(value * units - round(value * units)) > 1e-6:
        smallest = "cents" if units == 100 else "ones"
        words = f"{name}: found {str(value)[:40]!r}, wanted 0 to {VALUE_MAX:,} in whole {smallest}"
        raise Problem(422, words)


def _told(call: Call, wanted: Mapping[str, float], reason: str) -> str:
    values = {unit.limit: round(wanted[name] * unit.of_one) if name in wanted else None
              for name, unit in LIMITS.items()}  # fmt: skip
    return tell_desk(call, LimitsGiven, reason, **values)


def _stands(name: str, value: float, before: float) -> str:
    # Of entries, none is no limit at all.
    unlimited = LIMITS[name].limit == "trades_max"
    new, old = (float("inf") if unlimited and not one else one for one in (value, before))
    return "now" if new <= old else "from the next trading day on"


def _note(call: Call, reason: str, outcome: str) -> None:
    call.house.audit.note(call.person, call.remote, "change settings", reason, outcome)
