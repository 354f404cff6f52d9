"""Green, yellow or red from how long a child has been silent, and whose silence it was.

A supervisor that was itself stopped (a suspended machine, a debugger, swap) sees old beats from
everybody. It must not kill its healthy children for that, so it forgives the time it was away.
"""

from protocol.system import Health
from protocol.units import NANOS_PER_S
from supervision.spec import HUNG_BEATS

LATE_BEATS = 2
AWAY_NS = NANOS_PER_S  # A supervisor wakes every half a second or sooner.


def health(silent_ns: int, beat_s: float) -> Health:
    """Return the health of a child that was last heard `silent_ns` ago and beats every `beat_s`."""
    beat_ns = beat_s * NANOS_PER_S
    if silent_ns >= beat_ns * HUNG_BEATS:
        return Health.RED
    return Health.YELLOW if silent_ns >= beat_ns * LATE_BEATS else Health.GREEN


def away_ns(last_ns: int, now_ns: int) -> int:
    """Return how long the supervisor itself did not run, if longer than it ever sleeps, else 0."""
    gap_ns = now_ns - last_ns
    return gap_ns if gap_ns > AWAY_NS else 0
