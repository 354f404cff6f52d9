"""May we restart once more, or give up and leave it to the supervisor above? And how soon?

Restarting is the cure for a fault that passes. A fault that comes back at once is not one, and a
supervisor that keeps trying only hides it: after too many restarts within the period it gives up.
The pause before a restart doubles with every recent death of the same child, so a child that
fails while a neighbour is away does not use up its chances in a blink. Its random part keeps
children that died of one cause from coming back in one moment.
"""

from collections.abc import Sequence

from protocol.units import NANOS_PER_MS, NANOS_PER_S
from supervision.spec import Intensity

PAUSE_FIRST_NS = 50 * NANOS_PER_MS
PAUSE_MAX_NS = 5 * NANOS_PER_S
PAUSE_SHARE_MIN = 0.4  # A pause is drawn between this share of its full length and the whole.


def within(stamps_ns: Sequence[int], period_s: float, now_ns: int) -> tuple[int, ...]:
    """Return the stamps that lie in the period before now; one exactly its length ago does."""
    first_ns = now_ns - round(period_s * NANOS_PER_S)
    return tuple(stamp for stamp in stamps_ns if stamp >= first_ns)


def may_restart(intensity: Intensity, stamps_ns: Sequence[int], now_ns: int) -> bool:
    """Return whether one more restart, now, is still allowed."""
    return len(within(stamps_ns, intensity.period_s, now_ns)) < intensity.restarts_max


def pause_ns(deaths: int, random: float) -> int:
    """Return how long to wait after the `deaths`-th recent death; `random` is from [0, 1)."""
    full_ns = min(PAUSE_MAX_NS, PAUSE_FIRST_NS << min(max(deaths, 1) - 1, 32))
    return round(full_ns * (PAUSE_SHARE_MIN + (1 - PAUSE_SHARE_MIN) * random))
