"""The day family: which part of the day it is, what was due, and the chores that follow from it.

All are facts of the session's journal. Dates are trading dates, "2025-12-02".
"""

from enum import StrEnum

from protocol.message import Message, message
from protocol.units import Nanos


class DayPhase(StrEnum):
    """The part of the day, the calendar considered (domain 8.1)."""

    ETH = "eth"
    RTH = "rth"
    POST = "post"
    HALT = "halt"  # 17:00 to 18:00, and from an early close on.
    WEEKEND = "weekend"
    CLOSED = "closed"  # A trading date on which the exchange does not open.


class DayAction(StrEnum):
    """What a trading date demands, in the order of its hours (domain 8.2)."""

    GLOBEX_OPEN = "globex_open"
    WARMUP = "warmup"
    PREFLIGHT = "preflight"
    RTH_OPEN = "rth_open"
    FIRST_ENTRY = "first_entry"
    LAST_ENTRY = "last_entry"
    FLATTEN_TIME = "flatten_time"
    RTH_CLOSE = "rth_close"
    DIGEST = "digest"
    WATCH_END = "watch_end"
    HARD_STOP = "hard_stop"
    ROLL = "roll"
    RECAP = "recap"
    EXPORT = "export"


class Chore(StrEnum):
    """What is done by a process of its own when its action is due."""

    PREFLIGHT = "preflight"
    RECAP = "recap"
    EXPORT = "export"


class ChoreResult(StrEnum):
    """How a chore ended."""

    DONE = "done"
    AGAIN = "again"  # It is tried again later.
    FAILED = "failed"  # A person has to look.


class Verdict(StrEnum):
    """What a preflight finds (domain 8.6)."""

    GO = "go"
    WARN = "warn"
    NO_GO = "no_go"


@message("day.phase_changed")
class PhaseChanged(Message):
    """Another part of the day has begun, or another trading date."""

    ts_ns: Nanos
    trading_date: str
    phase: DayPhase


@message("day.action_taken")
class ActionTaken(Message):
    """An action was due and is taken; once for each trading date."""

    action: DayAction
    trading_date: str
    due_ns: Nanos
    ts_ns: Nanos  # When it was seen to be due.


@message("day.action_missed")
class ActionMissed(Message):
    """An action was due while nobody looked, and it is too late to take it."""

    action: DayAction
    trading_date: str
    due_ns: Nanos
    until_ns: Nanos  # From here on it made no sense any more.
    ts_ns: Nanos


@message("day.chore_ordered")
class ChoreOrdered(Message):
    """A chore waits for its turn."""

    chore: Chore
    trading_date: str
    ts_ns: Nanos


@message("day.chore_started")
class ChoreStarted(Message):
    """A process is about to be started for a chore."""

    chore: Chore
    trading_date: str
    attempt: int  # 1, 2, 3 ...
    ts_ns: Nanos


@message("day.chore_ended")
class ChoreEnded(Message):
    """An attempt at a chore is over."""

    chore: Chore
    trading_date: str
    attempt: int
    ts_ns: Nanos
    result: ChoreResult
    code: int | None  # Exit code, below 0 a signal; None where the process was lost sight of.
    detail: str  # What it said.
    again_ns: Nanos | None  # When it is tried again, by the wall's clock; only with AGAIN.


@message("day.preflight_judged")
class PreflightJudged(Message):
    """The checks before the open are made."""

    trading_date: str
    ts_ns: Nanos
    verdict: Verdict
    detail: str  # What is wrong, in one line; the whole stands in the run's preflight file.
