"""The zones that stacked imbalances leave behind, and how later bars treat them (domain 2.2).

A stack of buying is a floor: a bar that trades inside the zone tests it, a close under its bottom
breaks it. A stack of selling is a ceiling, the same upside down. A price that only lies within the
range of a bar and saw no trade tests nothing. A zone is gone at the end of its trading day unless
zones persist.
"""

from dataclasses import dataclass

from actors.core.patterns.imbalance import ImbalanceRule, imbalances
from actors.core.patterns.marks import Life, Mark, Marks, Visit
from protocol.instruments import Instrument
from protocol.market import BarClosed
from protocol.pattern_settings import ImbalanceSettings
from protocol.patterns import Pattern
from protocol.signals import SignalRaised, ZoneChanged, ZoneState

ZONES_MAX = 100  # Standing at once; the oldest gives way.
STACKS = frozenset({Pattern.STACKED_BUY, Pattern.STACKED_SELL})

LIFE: Life = {
    (ZoneState.ACTIVE, Visit.BACK): ZoneState.TESTED,
    (ZoneState.TESTED, Visit.BACK): ZoneState.TESTED,
    (ZoneState.ACTIVE, Visit.THROUGH): ZoneState.BROKEN,
    (ZoneState.TESTED, Visit.THROUGH): ZoneState.BROKEN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneRule:
    """What makes a zone, and whether it outlives its day."""

    imbalance: ImbalanceRule
    persist: bool

    @classmethod
    def of(cls, settings: ImbalanceSettings, own: Instrument) -> "ZoneRule":
        """Return the rule of `settings`."""
        return cls(imbalance=ImbalanceRule.of(settings, own), persist=settings.zones_persist)


class Zones:
    """The imbalances of one contract and series, bar by bar, and the zones of their stacks."""

    def __init__(self, rule: ZoneRule) -> None:
        self.rule = rule
        self.marks = Marks(
            LIFE, traded_inside, closed_beyond, {Pattern.STACKED_SELL}, ZONES_MAX, rule.persist
        )

    def add(self, bar: BarClosed) -> list[SignalRaised | ZoneChanged]:
        """Return what `bar` did to the zones that stood, then its own imbalances.

        A zone crowded out by the new ones is told last.
        """
        found: list[SignalRaised | ZoneChanged] = [*self.marks.meet(bar)]
        signals = imbalances(bar, self.rule.imbalance)
        found += signals
        stacks = [signal for signal in signals if signal.pattern in STACKS]
        if stacks:
            found += self.marks.place(stacks, bar)
        return found


def traded_inside(zone: Mark, bar: BarClosed) -> bool:
    """Whether any contract traded at a price of the zone, sides known or not."""
    low = max(zone.signal.zone_low, bar.low)
    high = min(zone.signal.zone_high, bar.high)
    if low > high:
        return False
    levels = slice(low - bar.low, high - bar.low + 1)
    return any(bar.sells[levels]) or any(bar.buys[levels]) or any(bar.unknowns[levels])


def closed_beyond(zone: Mark, bar: BarClosed) -> bool:
    """Whether the bar closed under a zone of buying, or over a zone of selling."""
    if zone.signal.pattern is Pattern.STACKED_BUY:
        return bar.close < zone.signal.zone_low
    return bar.close > zone.signal.zone_high
