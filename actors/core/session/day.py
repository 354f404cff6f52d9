"""The day as it was lived so far: the fold of what was recorded, and what follows from the time.

A clock may leap. Forwards, everything up to there is answered once and in order; backwards,
nothing is answered twice, because it is known by its trading date and not by when it was done. A
wall clock that is set back a little must not take back a phase either.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from actors.core.risk.windows import Hours
from actors.core.session import chores
from actors.core.session.calendar import NANOS_PER_MINUTE, trading_date
from actors.core.session.chores import Chores
from actors.core.session.schedule import Due, due, phase_at, upcoming
from protocol.day import (
    ActionMissed,
    ActionTaken,
    Chore,
    ChoreEnded,
    ChoreOrdered,
    ChoreStarted,
    DayAction,
    PhaseChanged,
)
from protocol.message import Message
from protocol.units import Nanos

DATES_MAX = 64  # More than twice what is made up: a leap there and back forgets nothing.
SET_BACK_NS = 60 * NANOS_PER_MINUTE  # Up to here a clock that goes back was only corrected.
SHOWN = 4


@dataclass(slots=True)
class DayState:
    """What is known of the days."""

    phase: PhaseChanged | None = None  # The last one.
    since: date | None = None  # Earlier dates are left alone ...
    forgotten: date = date.min  # ... and so are these: their answers are not known any more.
    answered: dict[date, set[DayAction]] = field(default_factory=dict)  # Taken or missed.
    chores: Chores = field(default_factory=lambda: Chores({}))


def apply(state: DayState, fact: Message) -> None:
    """Change the state by one recorded fact."""
    match fact:
        case PhaseChanged(trading_date=on):
            state.phase = fact
            # The very first look may have been at a clock that was ahead.
            state.since = min(state.since or date.max, date.fromisoformat(on))
        case ActionTaken(action=action, trading_date=on) | ActionMissed(
            action=action, trading_date=on
        ):
            _answer(state, date.fromisoformat(on), action)
        case ChoreOrdered() | ChoreStarted() | ChoreEnded():
            chores.apply(state.chores, fact)


def facts_at(
    state: DayState, now_ns: int, hours: Hours, wanted: Collection[Chore]
) -> list[Message]:
    """Return what the time brings: a new phase, actions, the chores among `wanted` they order."""
    today = trading_date(now_ns)
    facts: list[Message] = list(_phase(state, now_ns, today, hours))
    since = max(state.since or today, state.forgotten + timedelta(days=1))
    for one in due(state.answered, since, now_ns, hours):
        facts += _answers(one, now_ns, wanted)
    return facts


def shown(state: DayState, now_ns: int, hours: Hours) -> dict[str, Any]:
    """Return the day for a screen; `now_ns` 0 is before anything is known."""
    ahead = upcoming(now_ns, hours, SHOWN) if now_ns else ()
    running, phase = state.chores.running, state.phase
    return {
        "trading_date": "" if phase is None else phase.trading_date,
        "phase": "" if phase is None else str(phase.phase),
        "next": [{"action": str(one.action), "due_ns": one.due_ns} for one in ahead],
        "running": "" if running is None else " ".join(running),
        "waiting": {" ".join(key): one.attempts for key, one in state.chores.waiting.items()},
    }


def _phase(state: DayState, now_ns: int, today: date, hours: Hours) -> list[PhaseChanged]:
    last, phase = state.phase, phase_at(now_ns, hours.schedule)
    if last is not None:
        if (last.phase, last.trading_date) == (phase, today.isoformat()):
            return []
        if 0 < last.ts_ns - now_ns <= SET_BACK_NS:
            return []
    return [PhaseChanged(ts_ns=Nanos(now_ns), trading_date=today.isoformat(), phase=phase)]


def _answers(one: Due, now_ns: int, wanted: Collection[Chore]) -> list[Message]:
    on, due_ns, ts_ns = one.date.isoformat(), Nanos(one.due_ns), Nanos(now_ns)
    if one.until_ns is not None and one.missed(now_ns):
        until_ns = Nanos(one.until_ns)
        return [
            ActionMissed(
                action=one.action, trading_date=on, due_ns=due_ns, until_ns=until_ns, ts_ns=ts_ns
            )
        ]
    facts: list[Message] = [
        ActionTaken(action=one.action, trading_date=on, due_ns=due_ns, ts_ns=ts_ns)
    ]
    facts += [
        ChoreOrdered(chore=chore, trading_date=on, ts_ns=ts_ns)
        for chore in wanted
        if chore.value == one.action.value
    ]
    return facts


def _answer(state: DayState, on: date, action: DayAction) -> None:
    state.answered.setdefault(on, set()).add(action)
    while len(state.answered) > DATES_MAX:
        oldest = next(iter(state.answered))  # By when it was first answered, not by its date.
        del state.answered[oldest]
        # A date of the future was a clock's mistake: what comes before it is still to be lived.
        if oldest < on:
            state.forgotten = max(state.forgotten, oldest)

