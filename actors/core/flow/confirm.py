"""Whether the price already moves the way the metrics point (domain 3).

The last eight mids, one a second, are the evidence. Sampled per record instead, eight records in
the same millisecond would confirm anything. A mid is twice itself, the sum of bid and ask in
ticks, and every comparison is of whole numbers: what lies exactly on a threshold is known to.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import assert_never

from actors.core.orders.money import SIGN
from protocol.patterns import Direction

SAMPLES = 8
TEN_THOUSAND = 10_000  # A hundredth of a percent is one part of it.
NET_CHANGE_MIN = 3  # Ten-thousandths.
TICK_SHARE_PERCENT_MIN = 60
CONFIRMATIONS_MIN = 2


class Confirmation(StrEnum):
    """What the price must show."""

    OFF = "off"
    NET_CHANGE = "net_change"  # At least 0.03 % from the first to the last mid.
    TICK_SHARE = "tick_share"  # At least 60 % of the changes.
    EMA = "ema"  # More than 0.01 % beyond the average of five.
    SLOPE = "slope"  # At least 0.01 % a sample.
    TWO_OF_THREE = "two_of_three"  # Two of share, average and slope.


def confirmed(mids: Sequence[int], direction: Direction, confirmation: Confirmation) -> bool:
    """Return whether the last mids, in half ticks, oldest first, confirm the direction.

    Fewer mids than eight confirm nothing, and neither does a price at or below zero, of which no
    percentage can be taken.
    """
    sign = SIGN.get(direction)
    if sign is None:
        raise ValueError(f"a confirmation of direction {direction}, wanted long or short")
    if confirmation is Confirmation.OFF:
        return True
    last = mids[-SAMPLES:]
    if len(last) < SAMPLES or min(last) <= 0:
        return False
    match confirmation:
        case Confirmation.NET_CHANGE:
            return net_change(last, sign)
        case Confirmation.TICK_SHARE:
            return tick_share(last, sign)
        case Confirmation.EMA:
            return beyond_average(last, sign)
        case Confirmation.SLOPE:
            return sloped(last, sign)
        case Confirmation.TWO_OF_THREE:
            shown = (tick_share(last, sign), beyond_average(last, sign), sloped(last, sign))
            return sum(shown) >= CONFIRMATIONS_MIN
        case _:
            assert_never(confirmation)


def net_change(mids: Sequence[int], sign: int) -> bool:
    """Return whether the mid moved at least 0.03 % of the first one towards `sign`."""
    return sign * (mids[-1] - mids[0]) * TEN_THOUSAND >= NET_CHANGE_MIN * mids[0]


def tick_share(mids: Sequence[int], sign: int) -> bool:
    """Return whether at least 60 % of the changes go towards `sign`; a still price shows none."""
    steps = [sign * (after - before) for before, after in zip(mids, mids[1:], strict=False)]
    towards, away = sum(step > 0 for step in steps), sum(step < 0 for step in steps)
    return towards > 0 and towards * 100 >= TICK_SHARE_PERCENT_MIN * (towards + away)


def beyond_average(mids: Sequence[int], sign: int) -> bool:
    """Return whether the last mid lies more than 0.01 % beyond its exponential average of five.

    The average starts at the first mid and moves a third of the way, 2 / (5 + 1), each sample.
    """
    average, scale = mids[0], 1
    for mid in mids[1:]:
        scale *= 3
        average = 2 * average + mid * (scale // 3)
    return sign * (mids[-1] * scale - average) * TEN_THOUSAND > average


def sloped(mids: Sequence[int], sign: int) -> bool:
    """Return whether the line of least squares rises at least 0.01 % of the mean a sample."""
    count = len(mids)
    total, places = sum(mids), count * (count - 1) // 2
    squares = (count - 1) * count * (2 * count - 1) // 6
    rise = count * sum(place * mid for place, mid in enumerate(mids)) - places * total
    run = count * squares - places * places
    return sign * rise * count * TEN_THOUSAND >= run * total
