"""What becomes of a chore: ordered, started, tried again or given up. One runs at a time.

One at a time, because a chore takes more memory than any actor. Whoever waits to be tried again
does not hold up the next one, but for the export, which sends the recap of its date: it begins
once that stands or was given up. A chore may be done twice without harm: a start that a crash
forgot is followed by another.

Its pauses are spent waiting for the world outside, so they are the wall's in every session: the
market's own time ends with its tape.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from actors.core.session.calendar import day_of
from protocol.day import (
    Chore,
    ChoreEnded,
    ChoreOrdered,
    ChoreResult,
    ChoreStarted,
    PreflightJudged,
    Verdict,
)
from protocol.message import Message
from protocol.units import Nanos

EXIT_AGAIN = 75  # EX_TEMPFAIL.
# Neither 1, an uncaught error's, nor 2, that of a wrong command line.
VERDICT_CODES = {Verdict.GO: 0, Verdict.WARN: 3, Verdict.NO_GO: 4}
DETAIL_MAX = 1_000

Key = tuple[Chore, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoreRule:
    """How often a chore is tried, and after which pauses."""

    attempts_max: int
    backoff_ns: int  # Before the second attempt; doubled with each.
    backoff_max_ns: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A chore that is not done yet."""

    attempts: int = 0
    not_before_ns: int = 0  # By the wall's clock.


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a process ended: its exit code, and what it said. None: it was lost sight of."""

    code: int | None
    said: str


@dataclass(slots=True)
class Chores:
    """The chores that are not done, in the order in which they were ordered."""

    waiting: dict[Key, Waiting]
    running: Key | None = None
    last_ns: int = 0  # When the last of their facts was, by the session's clock.


def apply(chores: Chores, fact: ChoreOrdered | ChoreStarted | ChoreEnded) -> None:
    """Change what waits and what runs by one recorded fact."""
    key = (fact.chore, fact.trading_date)
    chores.last_ns = fact.ts_ns
    match fact:
        case ChoreOrdered():
            chores.waiting.setdefault(key, Waiting())
        case ChoreStarted():
            chores.waiting[key] = Waiting(fact.attempt)
            chores.running = key
        case ChoreEnded(result=ChoreResult.AGAIN, again_ns=again_ns):
            chores.waiting[key] = Waiting(fact.attempt, again_ns or 0)
            chores.running = None
        case ChoreEnded():
            chores.waiting.pop(key, None)
            chores.running = None


def following(
    waiting: Mapping[Key, Waiting],
    ordered: Iterable[Message],
    now_ns: int,
    wall_ns: int,
    rule: ChoreRule,
) -> ChoreStarted | ChoreEnded | None:
    """Return the start of the first chore whose turn it is, or its end where it came too late.

    `ordered` are facts not yet applied; a chore that one of them orders may start at once.
    `now_ns` is the session's clock, `wall_ns` the wall's: 0 before it was looked at.
    """
    new = {(f.chore, f.trading_date): Waiting() for f in ordered if isinstance(f, ChoreOrdered)}
    for (chore, on), one in (*waiting.items(), *new.items()):
        if chore is Chore.EXPORT and ((recap := (Chore.RECAP, on)) in waiting or recap in new):
            continue
        # A pause longer than any there is tells of a clock that was set back.
        if 0 < one.not_before_ns - wall_ns <= rule.backoff_max_ns:
            continue
        attempt = one.attempts + 1
        if chore is Chore.PREFLIGHT and now_ns >= day_of(date.fromisoformat(on)).rth_open_ns:
            return _end(chore, on, one.attempts, now_ns, None, "the session has opened", None)
        return ChoreStarted(chore=chore, trading_date=on, attempt=attempt, ts_ns=Nanos(now_ns))
    return None


def ended(
    chores: Chores, outcome: Outcome, now_ns: int, wall_ns: int, rule: ChoreRule
) -> list[Message]:
    """Return the facts about the end of the chore that runs.

    It is tried again when it asks for it, was killed or lost; any other code is for a person.
    """
    if chores.running is None:
        raise ValueError(f"found {outcome} while no chore runs, wanted one that does")
    chore, on = chores.running
    attempt, code = chores.waiting[chores.running].attempts, outcome.code
    if code in _good_codes(chore):
        end = _end(chore, on, attempt, now_ns, code, outcome.said, None, ChoreResult.DONE)
        return [end, *_judged(end)]
    retry = code is None or code < 0 or code == EXIT_AGAIN
    if not retry or attempt >= rule.attempts_max:
        return [_end(chore, on, attempt, now_ns, code, outcome.said, None)]
    pause_ns = min(rule.backoff_ns << min(attempt - 1, 32), rule.backoff_max_ns)
    again_ns, result = wall_ns + pause_ns, ChoreResult.AGAIN
    return [_end(chore, on, attempt, now_ns, code, outcome.said, again_ns, result)]


def _good_codes(chore: Chore) -> tuple[int, ...]:
    return tuple(VERDICT_CODES.values()) if chore is Chore.PREFLIGHT else (0,)


def _judged(end: ChoreEnded) -> list[Message]:
    if end.chore is not Chore.PREFLIGHT:
        return []
    verdict = next(verdict for verdict, code in VERDICT_CODES.items() if code == end.code)
    return [
        PreflightJudged(
            trading_date=end.trading_date, ts_ns=end.ts_ns, verdict=verdict, detail=end.detail
        )
    ]


def _end(
    chore: Chore,
    on: str,
    attempt: int,
    now_ns: int,
    code: int | None,
    said: str,
    again_ns: int | None,
    result: ChoreResult = ChoreResult.FAILED,
) -> ChoreEnded:
    return ChoreEnded(
        chore=chore,
        trading_date=on,
        attempt=attempt,
        ts_ns=Nanos(now_ns),
        result=result,
        code=code,
        detail=said.strip()[-DETAIL_MAX:],
        again_ns=None if again_ns is None else Nanos(again_ns),
    )
