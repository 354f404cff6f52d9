"""What signals marked on the price ladder, and what becomes of it bar by bar (domain 2.2, 2.7).

A zone of stacked imbalance and an unfinished extreme live alike: they stand, later bars come back
to them, and one that goes through ends them. What "back" and "through" mean is the kind's own;
the life, the limit and the end of the trading day are here once.

A bar meets the marks before its own are placed, so the bar that made a mark never comes back to it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto

from actors.core.patterns.history import BarHistory
from actors.core.session.calendar import day_of, trading_date
from protocol.market import BarClosed
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


class Marks:
    """The marks of one contract and series that stand, oldest first."""

    def __init__(
        self, life: Life, back: Meets, through: Meets, marks_max: int, persist: bool
    ) -> None:
        self.life = life
        self.back, self.through = back, through
        self.marks_max = marks_max
        self.persist = persist
        self.standing: list[Mark] = []
        self.history = BarHistory(1)  # Refuses a bar that does not follow the last one.

    def meet(self, bar: BarClosed) -> list[ZoneChanged]:
        """Return what `bar` changed, oldest mark first; marks of an earlier day are gone first."""
        self.history.add(bar)
        changed = self.roll(bar.start_ns)
        for mark in self.standing:
            if self.back(mark, bar):
                mark.visits += 1
                changed += self._moved(mark, Visit.BACK, bar)
            if self.through(mark, bar):
                changed += self._moved(mark, Visit.THROUGH, bar)
        if changed:
            ends = self.life[ZoneState.ACTIVE, Visit.THROUGH]
            self.standing = [mark for mark in self.standing if mark.state is not ends]
        return changed

    def place(self, signals: list[SignalRaised], bar: BarClosed) -> list[ZoneChanged]:
        """Let the marks of `signals`, raised by `bar`, stand; the oldest give way to them."""
        made = trading_date(bar.start_ns)
        self.standing += [Mark(signal, made) for signal in signals]
        over = max(len(self.standing) - self.marks_max, 0)
        dropped, self.standing = self.standing[:over], self.standing[over:]
        return [_changed(mark, ZoneState.DROPPED, bar.end_ns) for mark in dropped]

    def roll(self, ts_ns: int) -> list[ZoneChanged]:
        """Give up the marks of trading days that were over at `ts_ns`, as of their 17:00."""
        if self.persist or not self.standing:
            return []
        today = trading_date(ts_ns)
        dropped = [mark for mark in self.standing if mark.date < today]
        if dropped:
            self.standing = [mark for mark in self.standing if mark.date >= today]
        return [_changed(mark, ZoneState.DROPPED, day_of(mark.date).end_ns) for mark in dropped]

    def clear(self, ts_ns: int) -> list[ZoneChanged]:
        """Give up every mark: the contract is no longer the one traded at `ts_ns`."""
        dropped, self.standing = self.standing, []
        return [_changed(mark, ZoneState.DROPPED, ts_ns) for mark in dropped]

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
