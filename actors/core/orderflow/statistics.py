"""What a closed bar says of itself beyond its columns (domain 1.3).

All of it follows from the columns, so nothing here is stored or sent.
"""

from protocol.market import BarClosed
from protocol.signals import PPM


def delta_ppm(bar: BarClosed) -> int:
    """Return the delta in ppm of the volume with a known side, -1_000_000 to 1_000_000.

    Rounded towards zero, so that only a bar of one side reaches the whole; 0 without a side.
    """
    known = bar.buy_volume + bar.sell_volume
    if known == 0:
        return 0
    share = abs(bar.delta) * PPM // known
    return share if bar.delta >= 0 else -share


def level_deltas(bar: BarClosed) -> list[int]:
    """Return bought less sold per level from the low on, contracts."""
    return [buys - sells for buys, sells in zip(bar.buys, bar.sells, strict=True)]


def max_level_delta(bar: BarClosed) -> int:
    """Return the largest delta of a level, which is not the largest the running delta reached."""
    return max(level_deltas(bar))


def min_level_delta(bar: BarClosed) -> int:
    """Return the smallest delta of a level."""
    return min(level_deltas(bar))


def delta_at_high(bar: BarClosed) -> int:
    """Return bought less sold at the highest price, contracts."""
    return bar.buys[-1] - bar.sells[-1]


def delta_at_low(bar: BarClosed) -> int:
    """Return bought less sold at the lowest price, contracts."""
    return bar.buys[0] - bar.sells[0]


def vwap(bar: BarClosed) -> float | None:
    """Return the volume-weighted price in ticks, unknown sides included; None without volume."""
    return bar.price_volume / bar.volume if bar.volume else None


def duration_ns(bar: BarClosed) -> int:
    """Return how long the bar lasted: a bar of time its period, others up to what ended them."""
    return bar.end_ns - bar.start_ns
