"""What every reading of a footprint's levels asks first: is this a footprint at all?

The columns of a bar come from the aggregator and are sound; research calls the same functions on
columns of its own making. A negative volume there is a mistake, and would pass every comparison
that looks for a weak side, so it is refused, not judged.
"""

from collections.abc import Sequence


def refuse_unsound(sells: Sequence[int], buys: Sequence[int]) -> None:
    """Refuse columns of unequal length and volumes below 0; contracts per level, upwards."""
    if len(sells) != len(buys):
        raise ValueError(f"{len(sells)} sell and {len(buys)} buy levels, wanted as many of each")
    if len(sells):
        refuse_negative(sells)
        refuse_negative(buys)


def refuse_negative(volumes: Sequence[int]) -> None:
    """Refuse a column that holds a volume below 0 contracts."""
    least = min(volumes, default=0)
    if least < 0:
        level = list(volumes).index(least)
        raise ValueError(f"a volume of {least} contracts at level {level}, wanted none below 0")
