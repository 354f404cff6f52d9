"""Point of control and value area of a volume profile (domain 1.5, 1.6).

A profile is dense: entry `i` is the volume `i` ticks above the lowest price. Its first and last
entry are the low and the high of the range; between them entries may be 0.
"""

from collections.abc import Sequence

from protocol.signals import PPM


def point_of_control(volumes: Sequence[int]) -> int | None:
    """Return the level with the most volume; None if nothing was traded.

    Of equal levels the one nearest to the middle of the range wins, then the one on the side of
    the middle that holds more volume, then the lower.
    """
    most = max(volumes, default=0)
    if most <= 0:
        return None
    low = volumes.index(most)
    if volumes.count(most) == 1:
        return low
    span = len(volumes) - 1  # Twice the distance to the middle, to stay in whole numbers.
    ties = [level for level, volume in enumerate(volumes) if volume == most]
    nearest = min(abs(2 * level - span) for level in ties)
    ties = [level for level in ties if abs(2 * level - span) == nearest]
    if len(ties) == 1:
        return ties[0]
    below = sum(volumes[: (span + 1) // 2])
    above = sum(volumes[span // 2 + 1 :])
    return ties[1] if above > below else ties[0]


def value_area(volumes: Sequence[int], poc: int, share_ppm: int) -> tuple[int, int]:
    """Return the lowest and highest level of the value area, by the two-row method.

    From the point of control outwards the larger of the next two rows above and the next two rows
    below is added whole, the upper pair on a tie, until `share_ppm` of the volume is reached.
    """
    top = len(volumes) - 1
    padded = (0, 0, *volumes, 0, 0)  # Level i stands at i + 2: no edge needs a slice.
    wanted = -(-sum(volumes) * share_ppm // PPM)
    inside = volumes[poc]
    lowest = highest = poc
    while inside < wanted and (lowest > 0 or highest < top):
        above = padded[highest + 3] + padded[highest + 4] if highest < top else -1
        below = padded[lowest + 1] + padded[lowest] if lowest > 0 else -1
        if above >= below:
            inside += above
            highest = min(highest + 2, top)
        else:
            inside += below
            lowest = max(lowest - 2, 0)
    return lowest, highest
