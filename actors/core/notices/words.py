"""The words for amounts, prices, times and shares: the edge at which numbers become text."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from actors.core.session.calendar import NEW_YORK
from protocol.instruments import instrument_of
from protocol.units import NANOS_PER_S

SHOWN = Decimal("0.01")


def dollars(cents: int, signed: bool = False) -> str:
    """Return an amount: "-$1,234.50"; `signed` shows a gain as "+$12.00", too."""
    sign = "-" if cents < 0 else "+" if signed and cents > 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02}"


def price(contract: str, ticks: int) -> str:
    """Return a price of a contract as the exchange writes it: 20,003 ticks of ES are 5000.75."""
    return f"{instrument_of(contract).tick * ticks:f}"


def average(contract: str, tick_sum: int, quantity: int) -> str:
    """Return the average price behind a sum of ticks times contracts, a bit finer than a tick."""
    if quantity < 1:
        raise ValueError(f"{quantity} contracts, wanted at least 1")
    tick = instrument_of(contract).tick
    exact = tick * tick_sum / quantity
    return f"{exact.quantize(tick * SHOWN, ROUND_HALF_UP).normalize():f}"


def clock(ts_ns: int) -> str:
    """Return the New York time of an instant: "2025-12-02 10:05:01 ET"."""
    instant = datetime.fromtimestamp(ts_ns // NANOS_PER_S, UTC).astimezone(NEW_YORK)
    return f"{instant:%Y-%m-%d %H:%M:%S} ET"


def percent(ppm: int) -> str:
    """Return a share: 625,000 ppm are "62.5 %"."""
    return f"{ppm / 10_000:.1f} %"


def span(nanos: int) -> str:
    """Return how long something took: "3 h 05 min", "14 min 59 s", "8 s"."""
    seconds = max(nanos, 0) // NANOS_PER_S
    if seconds >= 3600:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02} min"
    return f"{seconds // 60} min {seconds % 60:02} s" if seconds >= 60 else f"{seconds} s"
