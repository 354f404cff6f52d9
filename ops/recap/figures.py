"""Numbers as they stand in the document.

Money is a JSON number of dollars with two decimals, as the domain writes it. Inside it is whole
cents; a float of cents / 100 prints as exactly that decimal up to ten trillion dollars, so a
reader that takes the decimals has the very sum again. Means and ratios have more decimals and
are marked by nothing else. Instants are New York's time with its offset, to the microsecond.
"""

from datetime import UTC, datetime
from fractions import Fraction

from actors.core.session.calendar import NEW_YORK
from protocol.instruments import instrument_of
from protocol.units import NANOS_PER_S

DECIMALS = 6
NANOS_PER_US = 1_000


def dollars(cents: int) -> float:
    """Return whole cents in dollars."""
    return cents / 100


def mean_dollars(cents: float | None) -> float | None:
    """Return a mean in dollars."""
    return None if cents is None else round(cents / 100, DECIMALS)


def ratio(value: float | None) -> float | None:
    """Return a ratio or a mean with the decimals of the document."""
    return None if value is None else round(value, DECIMALS)


def price(ticks: int, contract: str, size: int = 1) -> float:
    """Return a price of ticks, or the average of a sum of ticks over `size` contracts."""
    exact = Fraction(ticks, max(1, size)) * Fraction(instrument_of(contract).tick)
    return round(float(exact), DECIMALS)


def instant(ts_ns: int) -> str:
    """Return an instant in New York, "2025-12-02T10:05:00.000000-05:00"."""
    seconds, rest = divmod(ts_ns, NANOS_PER_S)
    local = datetime.fromtimestamp(seconds, UTC).astimezone(NEW_YORK)
    return local.replace(microsecond=rest // NANOS_PER_US).isoformat(timespec="microseconds")


def instant_or_none(ts_ns: int | None) -> str | None:
    """Return an instant in New York; None for one that never was, 0 too."""
    return instant(ts_ns) if ts_ns else None
