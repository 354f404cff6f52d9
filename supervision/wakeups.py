"""When to ask Thespian for the next wake-up, which cannot be taken back once it is asked for.

A worker may want to be woken sooner than it said before. Asking anew each time would pile up
timers without end; so a new one is asked for only if none of those on their way comes early
enough. One that comes too early is a harmless extra wake.
"""

from protocol.units import NANOS_PER_MS

DELAY_MIN_NS = NANOS_PER_MS  # An overdue timer that is re-armed at once starves the mailbox.
OVERDUE_NS = 200 * NANOS_PER_MS  # After this a timer is taken for lost and asked for again.


class Wakeups:
    """The timers of one process that are on their way, each known by its deadline."""

    def __init__(self) -> None:
        self._coming: list[int] = []

    def plan(self, now_ns: int, wanted_ns: int) -> int | None:
        """Return the delay to ask for so as to wake at `wanted_ns`, None if nothing is needed."""
        self._coming = [due for due in self._coming if due > now_ns - OVERDUE_NS]
        wanted_ns = max(wanted_ns, now_ns + DELAY_MIN_NS)
        if any(due <= wanted_ns for due in self._coming):
            return None
        self._coming.append(wanted_ns)
        return wanted_ns - now_ns

    @property
    def newest(self) -> int:
        """Return the deadline planned last, which the timer carries."""
        return self._coming[-1]

    def fired(self, due_ns: int) -> None:
        """Note that the timer with this deadline has come; an unknown one changes nothing."""
        if due_ns in self._coming:
            self._coming.remove(due_ns)
