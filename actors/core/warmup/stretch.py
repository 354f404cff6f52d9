"""Which bars may stand for the past of a live market, and why others may not (domain 8.3).

Bars fill indicators and profiles as if they had been seen live, so they must be such as would have
been: of the same contract and the same series, real where the market is real, one behind the other
without a gap in the hours of trading, and recent: of this trading day or of the last one before
it. Of bars with gaps the stretch behind the last gap counts.

A bar without a single trade does not exist, so a missing bar is a gap whether nothing was traded
or nothing was recorded: nobody could tell them apart afterwards. Bars that are not ended by the
clock may end anywhere; between them a gap cannot be seen, only a missing day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from actors.core.session.calendar import (
    SATURDAY,
    Schedule,
    TradingDay,
    day_of,
    early_close_ns,
    trading_day,
)
from protocol.market import BarClosed
from protocol.series import BarKind, parse_series

LOOK_BACK_DAYS = 30  # No exchange is closed for longer.


class Refusal(StrEnum):
    """Why bars cannot be used."""

    NONE = "none"  # There are none.
    OTHER_CONTRACT = "other_contract"
    OTHER_SERIES = "other_series"
    SIMULATED = "simulated"
    DISORDER = "disorder"
    FUTURE = "future"
    OLD = "old"
    GAP = "gap"  # Behind the last gap there are too few.
    FEW = "few"


class Unfit(ValueError):
    """Bars that cannot be used: the kind of reason, and what was found and wanted in words."""

    def __init__(self, refusal: Refusal, text: str) -> None:
        super().__init__(text)
        self.refusal = refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmRule:
    """What is wanted."""

    contract: str
    series: str
    simulated: bool  # Whether the market is a made-up one.
    bars: int  # No more are taken than this.
    bars_min: int
    schedule: Schedule

    def __post_init__(self) -> None:
        if not 1 <= self.bars_min <= self.bars:
            raise ValueError(
                f"{self.bars} warm-up bars, at least {self.bars_min}; wanted 1 <= least <= most"
            )


def stretch(bars: Sequence[BarClosed], rule: WarmRule, now_ns: int) -> tuple[BarClosed, ...]:
    """Return the last bars that may be used, oldest first, or raise `Unfit`.

    `bars` are in the order in which they ended; those of other contracts or series in between are
    left out, and bars are refused for them only where nothing else is there.
    """
    own = _own(bars, rule)
    ended = [bar for bar in own if bar.end_ns <= now_ns]
    if not ended:
        raise Unfit(Refusal.FUTURE, f"all {len(own)} bars end after now, wanted bars of the past")
    last = ended[-1]
    _check_age(last, now_ns, rule.schedule)
    start = len(ended) - 1
    while start > 0 and _adjoin(ended[start - 1], ended[start], rule):
        start -= 1
    found = ended[start:]
    if len(found) < rule.bars_min:
        kind = Refusal.GAP if start else Refusal.FEW
        where = f" behind the gap at {found[0].start_ns} ns" if start else ""
        raise Unfit(kind, f"{len(found)} bars{where}, wanted at least {rule.bars_min}")
    return tuple(found[-rule.bars :])


def trading_ns(from_ns: int, to_ns: int, schedule: Schedule) -> int:
    """Return how much of the time between two instants the exchange was open, in nanoseconds."""
    if to_ns < from_ns:
        raise ValueError(f"from {from_ns} to {to_ns} ns, wanted them in order")
    total, day = 0, trading_day(from_ns)
    while day.start_ns < to_ns:
        open_ns, close_ns = _open_hours(day, schedule)
        total += max(min(close_ns, to_ns) - max(open_ns, from_ns), 0)
        day = trading_day(day.end_ns)
    return total


def open_before(day: date, schedule: Schedule) -> date:
    """Return the last trading date before `day` on which the exchange opened."""
    for _ in range(LOOK_BACK_DAYS):
        day -= timedelta(days=1)
        if day.weekday() < SATURDAY and day not in schedule.closed:
            return day
    raise ValueError(f"no open day in {LOOK_BACK_DAYS} days behind {day}, wanted one")


def _own(bars: Sequence[BarClosed], rule: WarmRule) -> list[BarClosed]:
    if not bars:
        raise Unfit(Refusal.NONE, "no bars")
    found = list(bars)
    for refusal, name, wanted in (
        (Refusal.OTHER_CONTRACT, "contract", rule.contract),
        (Refusal.OTHER_SERIES, "series", rule.series),
        (Refusal.SIMULATED, "simulated", rule.simulated),
    ):
        fits = [bar for bar in found if getattr(bar, name) == wanted]
        if not fits:
            others = sorted({str(getattr(bar, name)) for bar in found})
            raise Unfit(refusal, f"{name} {', '.join(others)}, wanted {wanted}")
        found = fits
    for one, other in zip(found, found[1:], strict=False):
        if (one.end_ns, one.order) >= (other.end_ns, other.order):
            text = f"a bar ending at {other.end_ns} ns behind one at {one.end_ns}"
            raise Unfit(Refusal.DISORDER, f"{text}, wanted them in order")
    return found


def _check_age(last: BarClosed, now_ns: int, schedule: Schedule) -> None:
    """Refuse what is older than the trading day before this one."""
    today = trading_day(now_ns)
    day = open_before(today.date, schedule)
    if last.end_ns <= day_of(day).start_ns:
        newest = trading_day(last.end_ns - 1).date
        raise Unfit(Refusal.OLD, f"newest bar of {newest}, wanted one of {day} or {today.date}")


def _adjoin(one: BarClosed, other: BarClosed, rule: WarmRule) -> bool:
    """Say whether no time of trading lies between two bars; of other kinds, no whole day."""
    if other.start_ns < one.end_ns:
        return parse_series(rule.series).kind is not BarKind.TIME
    if parse_series(rule.series).kind is BarKind.TIME:
        return trading_ns(one.end_ns, other.start_ns, rule.schedule) == 0
    return _next_open_day(one, other, rule.schedule)


def _next_open_day(one: BarClosed, other: BarClosed, schedule: Schedule) -> bool:
    day, until = trading_day(one.end_ns - 1).date, trading_day(other.start_ns).date
    day += timedelta(days=1)
    while day < until:
        if day.weekday() < SATURDAY and day not in schedule.closed:
            return False
        day += timedelta(days=1)
    return True


def _open_hours(day: TradingDay, schedule: Schedule) -> tuple[int, int]:
    if day.date in schedule.closed:
        return day.start_ns, day.start_ns
    return day.open_ns, early_close_ns(day, schedule) or day.end_ns
