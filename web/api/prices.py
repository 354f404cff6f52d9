"""Ticks as prices, for a screen: the only place of the API where a price becomes a float."""

from functools import lru_cache

from protocol.instruments import UnknownSymbol, instrument_of, root_of
from protocol.units import NANOS_PER_MS


@lru_cache(maxsize=32)
def tick_of(contract: str) -> float:
    """Return the tick of a contract; of an unknown one 1, so that prices stay ticks."""
    try:
        return instrument_of(contract).tick_size
    except UnknownSymbol:
        return 1.0


@lru_cache(maxsize=32)
def symbol_of(contract: str) -> str:
    """Return the root of a contract; an unknown one stands for itself."""
    try:
        return root_of(contract)
    except UnknownSymbol:
        return contract


def price(ticks: float, contract: str) -> float:
    """Return a price of `ticks`, without the noise of floats."""
    return round(ticks * tick_of(contract), 9)


def plain(value: float) -> float:
    """Return a value without the noise of floats, a whole one as an integer."""
    rounded = round(value, 6)
    return int(rounded) if rounded == int(rounded) else rounded


def ms(ts_ns: int) -> int:
    """Return an instant in milliseconds."""
    return ts_ns // NANOS_PER_MS
