"""What went wrong on a date: restarts, gaps and errors, as they stand in the document."""

from collections.abc import Sequence
from typing import Any

from actors.core.session.calendar import day_of
from ops.recap.figures import instant, instant_or_none
from ops.recap.sources import Away
from ops.recap.told import Told, Trouble
from protocol.account import MarginShort, StillExposed
from protocol.fence import BooksDiffer, FenceClosed
from protocol.reports import OrderRejected
from protocol.system import Alarm

RESTARTED = "child_restarted"
Section = dict[str, Any]


def gaps_of(told: Told) -> list[Section]:
    """Return the gaps that reach into the date."""
    day = day_of(told.date)
    return [
        {
            "kind": gap.kind,
            "what": gap.what,
            "from": instant_or_none(gap.from_ns),
            "to": instant_or_none(gap.to_ns),
            "reason": gap.reason,
        }
        for gap in told.gaps
        if gap.from_ns < day.end_ns and (gap.to_ns is None or gap.to_ns > day.start_ns)
    ]


def away_row(away: Away) -> Section:
    """Return when a process was away."""
    return {
        "id": away.id,
        "restarts": away.restarts,
        "from": instant(away.died_ns),
        "to": instant_or_none(away.back_ns),
        "reason": away.reason,
    }


def restarts_of(alarms: Sequence[Alarm]) -> list[Section]:
    """Return those of the alarms that tell of a restart."""
    return [_alarm(alarm) for alarm in alarms if alarm.code == RESTARTED]


def _alarm(alarm: Alarm) -> Section:
    return {
        "ts": instant(alarm.ts_ns), "source": alarm.source, "code": alarm.code, "text": alarm.text,
    }  # fmt: skip


def errors_of(told: Told, alarms: Sequence[Alarm]) -> list[Section]:
    """Return what went wrong: in trading by the market's clock, then in the processes."""
    found = [_trouble(trouble) for trouble in sorted(told.troubles, key=lambda one: one.ts_ns)]
    return found + [_alarm(alarm) for alarm in alarms if alarm.code != RESTARTED]


def _trouble(trouble: Trouble) -> Section:
    match trouble:
        case OrderRejected():
            source, text = "broker", f"{trouble.client_id} {trouble.leg}: {trouble.reason}"
        case BooksDiffer():
            text = f"{trouble.contract}: ours {trouble.ours}, theirs {trouble.theirs}"
            source = "desk"
        case StillExposed():
            source, text = "risk", f"{trouble.contract}: {trouble.quantity} at the hard stop"
        case MarginShort():
            source = "risk"
            text = f"{trouble.contract}: {trouble.equity_cents} of {trouble.needed_cents} cents"
        case FenceClosed():
            source, text = "desk", f"{trouble.cause}: {trouble.detail}"
    code = trouble.KIND.partition(".")[2]
    return {"ts": instant(trouble.ts_ns), "source": source, "code": code, "text": text}
