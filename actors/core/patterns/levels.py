"""What every reading of a footprint's levels asks first: is this a footprint at all?

A negative volume is a mistake, and would pass every comparison that looks for a weak side, so it
is refused, not judged. Functions of columns ask it themselves, since research calls them with
columns of its own making. Functions of bars do not: a bar comes from the aggregator and is read by
many, so whoever brings them together asks it once.
"""

from collections.abc import Sequence


def refuse_unsound(sells: Sequence[int], buys: Sequence[int]) -> None:
    """Refuse columns of unequal length and volumes below 0; contracts per level, upwards."""
    if len(sells) != len(buys):
        raise ValueError(f"{len(sells)} sell and {len(buys)} buy levels, wanted as many of each")
    if len(sells) and (min(sells) < 0 or min(buys) < 0):
        refuse_negative(sells)
        refuse_negative(buys)


def refuse_negative(volumes: Sequence[int]) -> None:
    """Refuse a column that holds a volume below 0 contracts."""
    if len(volumes) and (least := min(volumes)) < 0:
        level = list(volumes).index(least)
        raise ValueError(f"a volume of {least} contracts at level {level}, wanted none below 0")
