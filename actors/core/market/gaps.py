"""Whether trades can be missing in a stretch: only where the market was open in it.

A feed that is started on Monday asks for what came since Friday, and may be told that this is too
old. If it had seen Friday to its end, nothing is missing. Days on which the exchange was closed
are not asked for: one alarm too many after a holiday does no harm, one too few hides a loss.
"""

from datetime import timedelta

from actors.core.session.calendar import day_of, trading_date
from protocol.units import NANOS_PER_S

QUIET_NS = 5 * NANOS_PER_S  # Of open market without a trade: seen around every close and open.
DAYS_MAX = 14  # Beyond them something is missing without counting.


def is_gap(from_ns: int, to_ns: int) -> bool:
    """Return whether the market was open for longer than `QUIET_NS` between two instants."""
    first, last = trading_date(from_ns), trading_date(to_ns)
    if (last - first).days > DAYS_MAX:
        return True
    open_ns, day = 0, first
    while day <= last:
        if day.weekday() < 5:
            hours = day_of(day)
            open_ns += max(0, min(to_ns, hours.end_ns) - max(from_ns, hours.open_ns))
        day += timedelta(days=1)
    return open_ns > QUIET_NS
