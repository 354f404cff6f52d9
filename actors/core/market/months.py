"""Which instrument of a session is the one that the floor trades.

Of a root the gateway may send all months, and the spreads between them, or the month that its own
continuous symbol stands for. All months: ours is the front one of the trading date, by the same
rule as everywhere. Continuous: the gateway says which, once for each subscription, so a roll needs
a new one; the subscription is renewed with every trading date.

Never under an open position: as long as something is held, its contract is the one, whatever the
date or the gateway say.
"""

import contextlib
from datetime import date

from protocol.instruments import (
    INSTRUMENTS,
    UnknownSymbol,
    front_month,
    parse_contract,
    root_of,
)

FUTURE = "F"
_ANY_DAY = date(2000, 1, 1)  # Of a contract only the name is used, not its year.


def asked_symbol(symbol: str, symbology: str, rank: str, held: str) -> tuple[str, str]:
    """Return what to subscribe to and the name of its symbology.

    `held` is the contract of an open position, "" for none: a continuous symbol could already
    stand for the next month, so then that very contract is asked for.
    """
    if symbol not in INSTRUMENTS:
        return symbol, "raw_symbol"
    if symbology == "continuous":
        return (held, "raw_symbol") if held else (f"{symbol}.{rank}.0", "continuous")
    return f"{symbol}.FUT", "parent"


class Months:
    """The instruments of one session by their ids, and the contract among them that is ours."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.root = root_of(symbol)
        self.names: dict[int, str] = {}
        self._others: set[int] = set()
        self._continuous = ""  # What the gateway's continuous symbol stands for.

    def add(self, instrument_id: int, asked: str, name: str) -> None:
        """Note what an id stands for; a spread, an option or another product is only counted."""
        contract = None
        with contextlib.suppress(UnknownSymbol):
            contract = parse_contract(name, _ANY_DAY)
        if contract is None or contract.root != self.root:
            self._leave_out(instrument_id)
            return
        self._others.discard(instrument_id)
        self.names[instrument_id] = name
        if asked != name and asked.split(".")[-1].isdecimal():
            self._continuous = name

    def define(self, instrument_id: int, kind: str) -> None:
        """Note what kind of instrument an id is by its definition: only a future can be ours."""
        if kind != FUTURE:
            self._leave_out(instrument_id)

    def _leave_out(self, instrument_id: int) -> None:
        self.names.pop(instrument_id, None)
        self._others.add(instrument_id)

    @property
    def spreads(self) -> int:
        """How many instruments are none of the months."""
        return len(self._others)

    def contract(self, on: date, held: str) -> str:
        """Return the contract of the trading date `on`, or the one that is held."""
        if held:
            return held
        if self.symbol != self.root:
            return self.symbol
        return self._continuous or front_month(self.root, on)

    def holder(self, held: str) -> str:
        """Return our contract of the month of `held`, which may be of the micro or the full one."""
        return self.root + held[len(root_of(held)) :] if held else ""

    def knows(self, instrument_id: int) -> bool:
        """Return whether a mapping of the id has come, ours or not."""
        return instrument_id in self.names or instrument_id in self._others

    def ids(self, contract: str) -> tuple[int, ...]:
        """Return the ids that stand for a contract; none before its mapping has come."""
        return tuple(id for id, name in self.names.items() if name == contract)
