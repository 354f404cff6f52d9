"""What signals marked on the price ladder, and what becomes of it bar by bar (domain 2.2, 2.7).

A zone of stacked imbalance and an unfinished extreme live alike: they stand, later bars come back
to them, and one that goes through ends them. What "back" and "through" mean is the kind's own;
the life, the limit and the end of the trading day are here once.

A bar meets the marks before its own are placed, so the bar that made a mark never comes back to it.

Most marks are far from the market. Those above wait for a high, those below for a low, each in
order of price, so that a bar looks at the ones it reaches and at no other.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto

from actors.core.patterns.history import BarHistory
from actors.core.session.calendar import day_of, trading_date
from protocol.market import BarClosed
from protocol.patterns import Pattern
from protocol.signals import SignalRaised, ZoneChanged, ZoneState
from protocol.units import Nanos


class Visit(Enum):
    """What a later bar did to a mark; one bar can do both, in this order."""

    BACK = auto()
    THROUGH = auto()


Life = dict[tuple[ZoneState, Visit], ZoneState]
Meets = Callable[["Mark", BarClosed], bool]


@dataclass(slots=True)
class Mark:
    """A zone or a level that stands, with the signal that marked it."""

    signal: SignalRaised
    date: date  # Trading date of the bar that made it.
    state: ZoneState = ZoneState.ACTIVE
    visits: int = 0  # Later bars that came back.


class Waiting:
    """The numbers of marks on one side of the market, nearest first.

    `side` is 1 for marks above, which a high reaches, and -1 for those below.
    """

    __slots__ = ("order", "side")

    def __init__(self, side: int) -> None:
        self.side = side
        self.order: list[tuple[int, int]] = []  # (near end, ticks times the side; number).

    def add(self, mark: Mark, number: int) -> None:
        """Let a mark wait."""
        insort(self.order, (self._near(mark), number))

    def remove(self, mark: Mark, number: int) -> None:
        """Let a mark wait no longer."""
        del self.order[bisect_left(self.order, (self._near(mark), number))]

    def reached(self, price: int) -> list[int]:
        """Return the numbers of the marks that a bar reaches whose extreme is `price`."""
        order, reach = self.order, price * self.side
        if not order or order[0][0] > reach:
            return []
        return [number for _, number in order[: bisect_left(order, (reach + 1,))]]

    def _near(self, mark: Mark) -> int:
        return mark.signal.zone_low if self.side > 0 else -mark.signal.zone_high


class Marks:
    """The marks of one contract and series that stand.

    `back` and `through` say what a bar did to a mark. Neither may hold of a mark whose pattern is
    one of `above` and whose zone lies over the bar, or of another whose zone lies under the bar.
    """

    def __init__(
        self,
        life: Life,
        back: Meets,
        through: Meets,
        above: Set[Pattern],
        marks_max: int,
        persist: bool,
    ) -> None:
        self.life = life
        self.ends = life[ZoneState.ACTIVE, Visit.THROUGH]
        self.back, self.through = back, through
        self.above = above
        self.marks_max = marks_max
        self.persist = persist
        self.history = BarHistory(1)  # Refuses a bar that does not follow the last one.
        self._marks: dict[int, Mark] = {}  # By number, oldest first.
        self._made = 0  # Marks so far.
        self._highs, self._lows = Waiting(1), Waiting(-1)
        self._over_ns: int | None = None  # No mark's trading day is over earlier.

    @property
    def standing(self) -> list[Mark]:
        """The marks that stand, oldest first."""
        return list(self._marks.values())

    def meet(self, bar: BarClosed) -> list[ZoneChanged]:
        """Return what `bar` changed, oldest mark first; marks of an earlier day are gone first."""
        self.history.add(bar)
        changed = self.roll(bar.start_ns)
        reached = self._highs.reached(bar.high)
        reached += self._lows.reached(bar.low)
        for number in sorted(reached):
            mark = self._marks[number]
            if self.back(mark, bar):
                mark.visits += 1
                changed += self._moved(mark, Visit.BACK, bar)
            if self.through(mark, bar):
                changed += self._moved(mark, Visit.THROUGH, bar)
            if mark.state is self.ends:
                self._drop(number)
        return changed

    def place(self, signals: list[SignalRaised], bar: BarClosed) -> list[ZoneChanged]:
        """Let the marks of `signals`, raised by `bar`, stand; the oldest give way to them."""
        made = trading_date(bar.start_ns)
        for signal in signals:
            self._made += 1
            mark = self._marks[self._made] = Mark(signal, made)
            self._waiting(mark).add(mark, self._made)
        if not self.persist and signals:
            ends_ns = day_of(made).end_ns
            self._over_ns = ends_ns if self._over_ns is None else min(ends_ns, self._over_ns)
        over = max(len(self._marks) - self.marks_max, 0)
        return self._give_up(list(self._marks)[:over], bar.end_ns) if over else []

    def roll(self, ts_ns: int) -> list[ZoneChanged]:
        """Give up the marks of trading days that were over at `ts_ns`, as of their 17:00."""
        if self._over_ns is None or ts_ns < self._over_ns:
            return []
        today = trading_date(ts_ns)
        over = [number for number, mark in self._marks.items() if mark.date < today]
        dropped = self._give_up(over)
        ends = [day_of(mark.date).end_ns for mark in self._marks.values()]
        self._over_ns = min(ends, default=None)
        return dropped

    def clear(self, ts_ns: int) -> list[ZoneChanged]:
        """Give up every mark: the contract is no longer the one traded at `ts_ns`."""
        return self._give_up(list(self._marks), ts_ns)

    def _give_up(self, numbers: Iterable[int], ts_ns: int | None = None) -> list[ZoneChanged]:
        """Return the end of marks at `ts_ns`, by default as of the 17:00 of their day."""
        dropped = [self._drop(number) for number in numbers]
        return [
            _changed(mark, ZoneState.DROPPED, day_of(mark.date).end_ns if ts_ns is None else ts_ns)
            for mark in dropped
        ]

    def _drop(self, number: int) -> Mark:
        mark = self._marks.pop(number)
        self._waiting(mark).remove(mark, number)
        return mark

    def _waiting(self, mark: Mark) -> Waiting:
        return self._highs if mark.signal.pattern in self.above else self._lows

    def _moved(self, mark: Mark, visit: Visit, bar: BarClosed) -> list[ZoneChanged]:
        state = self.life[mark.state, visit]
        if state is mark.state:
            return []
        mark.state = state
        return [_changed(mark, state, bar.end_ns)]


def _changed(mark: Mark, state: ZoneState, ts_ns: int) -> ZoneChanged:
    signal = mark.signal
    return ZoneChanged(
        signal_id=signal.id,
        contract=signal.contract,
        ts_ns=Nanos(ts_ns),
        pattern=signal.pattern,
        zone_low=signal.zone_low,
        zone_high=signal.zone_high,
        state=state,
    )
