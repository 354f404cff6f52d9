"""Unfinished auctions: an extreme where both sides still traded, and what becomes of it (2.7).

An auction upwards is finished when nobody sells at its high any more. Where both sides traded,
price tends to come back: the level is a magnet, a place for a target and never for an entry. An
extreme whose opposite side is empty but some of whose volume has no known side is neither
finished nor unfinished: nobody can say.

A level is revisited when the range of a later bar holds it, and repaired when price traded beyond
it, or when a later bar ended at it with a finished extreme. Each is told once per level; the first
return raises a signal, too. An extreme is compared with later bars only: a register that asked the
bar that made the level would empty itself at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from actors.core.patterns.levels import refuse_unsound
from actors.core.patterns.marks import Life, Mark, Marks, Visit
from actors.core.patterns.raised import raised
from protocol.instruments import Instrument
from protocol.market import BarClosed
from protocol.pattern_settings import UnfinishedSettings
from protocol.patterns import Pattern
from protocol.signals import SignalRaised, ZoneChanged, ZoneState

STRENGTH_PPM = 600_000
REVISIT_STRENGTH_PPM = 500_000

LIFE: Life = {
    (ZoneState.ACTIVE, Visit.BACK): ZoneState.REVISITED,
    (ZoneState.REVISITED, Visit.BACK): ZoneState.REVISITED,
    (ZoneState.ACTIVE, Visit.THROUGH): ZoneState.REPAIRED,
    (ZoneState.REVISITED, Visit.THROUGH): ZoneState.REPAIRED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedRule:
    """When both sides count as having traded at an extreme, and how many levels are kept."""

    dominant_above: int  # Contracts of the side that drove price there: more than these.
    opposite_min: int  # Contracts of the other side: at least these.
    levels_max: int
    persist: bool  # Levels outlive the trading day.

    @classmethod
    def of(cls, settings: UnfinishedSettings, own: Instrument) -> "UnfinishedRule":
        """Return the rule of `settings`; every instrument has the same."""
        return cls(
            dominant_above=settings.dominant_above,
            opposite_min=settings.opposite_min,
            levels_max=settings.levels_max,
            persist=settings.persist,
        )


class Unfinished:
    """The unfinished levels of one contract and series, bar by bar."""

    def __init__(self, rule: UnfinishedRule) -> None:
        self.rule = rule
        self.marks = Marks(
            LIFE, touched, finished_there, {Pattern.UNFINISHED_HIGH}, rule.levels_max, rule.persist
        )

    def add(self, bar: BarClosed) -> list[SignalRaised | ZoneChanged]:
        """Return what `bar` did to the levels that stood, then its own unfinished extremes.

        The signal of a revisit precedes its change; a level crowded out is told last.
        """
        found: list[SignalRaised | ZoneChanged] = []
        for change in self.marks.meet(bar):
            if change.state is ZoneState.REVISITED:
                found.append(_revisited(bar, change))
            found.append(change)
        signals = unfinished_extremes(bar, self.rule)
        if signals:
            found += signals
            found += self.marks.place(signals, bar)
        return found


def unfinished_extremes(bar: BarClosed, rule: UnfinishedRule) -> list[SignalRaised]:
    """Return the signal of the high of a bar, then of its low, where they are unfinished."""
    found: list[SignalRaised] = []
    sells, buys = bar.sells, bar.buys
    if _both_traded(buys[-1], sells[-1], rule):
        detail = f"{buys[-1]} bought and {sells[-1]} sold at the high"
        found.append(_raised(bar, Pattern.UNFINISHED_HIGH, bar.high, detail))
    if _both_traded(sells[0], buys[0], rule):
        detail = f"{sells[0]} sold and {buys[0]} bought at the low"
        found.append(_raised(bar, Pattern.UNFINISHED_LOW, bar.low, detail))
    return found


def unfinished_high(sells: Sequence[int], buys: Sequence[int], rule: UnfinishedRule) -> bool:
    """Return whether both sides traded at the highest level; contracts per level, upwards."""
    refuse_unsound(sells, buys)
    return len(buys) > 0 and _both_traded(buys[-1], sells[-1], rule)


def unfinished_low(sells: Sequence[int], buys: Sequence[int], rule: UnfinishedRule) -> bool:
    """Return whether both sides traded at the lowest level: the highest upside down."""
    return unfinished_high(buys[::-1], sells[::-1], rule)


def _both_traded(dominant: int, opposite: int, rule: UnfinishedRule) -> bool:
    return dominant > rule.dominant_above and opposite >= rule.opposite_min


def touched(level: Mark, bar: BarClosed) -> bool:
    """Whether the range of the bar holds the level."""
    return bar.low <= level.signal.ref_price <= bar.high


def finished_there(level: Mark, bar: BarClosed) -> bool:
    """Whether the bar traded beyond the level, or ended its own auction there, finished."""
    price = level.signal.ref_price
    if level.signal.pattern is Pattern.UNFINISHED_HIGH:
        ends_there = bar.high == price and not bar.sells[-1] and not bar.unknowns[-1]
        return bar.high > price or ends_there
    ends_there = bar.low == price and not bar.buys[0] and not bar.unknowns[0]
    return bar.low < price or ends_there


def _raised(bar: BarClosed, pattern: Pattern, price: int, detail: str) -> SignalRaised:
    return raised(bar, pattern, STRENGTH_PPM, price, (price, price), detail)


def _revisited(bar: BarClosed, change: ZoneChanged) -> SignalRaised:
    return raised(
        bar,
        Pattern.UNFINISHED_REVISITED,
        REVISIT_STRENGTH_PPM,
        change.zone_low,
        (change.zone_low, change.zone_high),
        f"{change.pattern} of signal {change.signal_id}",
        actionable=False,
        # Two levels can stand at one price; each is revisited for itself.
        about=change.signal_id,
    )
