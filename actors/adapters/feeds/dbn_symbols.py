"""Which instrument ids of a DBN file belong to the contract that is wanted.

The same id may mean another contract on a later day; where a file says so, rows are matched by id
and day. A file asked for by continuous symbol ("ES.v.0") names no contract month; there the month
is the front one of the first trade's day.
"""

import contextlib
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actors.core.session.calendar import trading_date
from protocol.instruments import Contract, UnknownSymbol, front_month, parse_contract, root_of
from protocol.units import NANOS_PER_S

_FOREVER = (-(2**63), 2**63 - 1)
_CONTINUOUS = ("c.0", "v.0", "n.0")  # Lead month by calendar, volume, open interest.


class Instruments:
    """The ids of a file by the symbol they stand for, and the instants between which they do."""

    def __init__(self, mappings: dict[str, Any]) -> None:
        self.spans: dict[str, list[tuple[int, tuple[int, int]]]] = {}
        for symbol, intervals in mappings.items():
            for interval in intervals:
                if interval["symbol"].isdecimal():
                    span = (_midnight(interval["start_date"]), _midnight(interval["end_date"]))
                    self.spans.setdefault(symbol, []).append((int(interval["symbol"]), span))

    def add(self, instrument_id: int, symbol: str) -> None:
        """Note a mapping record of a live recording; it stands until another for the same id."""
        for spans in self.spans.values():
            spans[:] = [span for span in spans if span[0] != instrument_id]
        self.spans.setdefault(symbol, []).append((instrument_id, _FOREVER))

    def chosen(self, symbol: str, ts: int) -> tuple[str, str] | None:
        """Return the contract that `symbol` means at `ts` and what it is called here, or None.

        Of a root the front month is taken; if it is not here, the next later one that is.
        """
        day = trading_date(ts)
        root = root_of(symbol)
        wanted = parse_contract(front_month(root, day) if symbol == root else symbol, day)
        found = self._contracts(root, day)
        if wanted not in found and symbol == root:
            wanted = min((c for c in found if c > wanted), default=max(found, default=wanted))
        return (wanted.raw_symbol, found[wanted]) if wanted in found else None

    def matches(
        self, name: str, ids: NDArray[np.uint32], ts: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Tell which rows belong to what is called `name` here."""
        matching = np.zeros(len(ids), np.bool_)
        for instrument_id, (start, end) in self.spans[name]:
            same = ids == instrument_id
            if len(self._names_of(instrument_id)) > 1:
                same &= (ts >= start) & (ts < end)
            matching |= same
        return matching

    def name_of(self, instrument_id: int) -> str:
        """Return what `instrument_id` stands for, for a report."""
        return "/".join(sorted(self._names_of(instrument_id))) or f"id {instrument_id}"

    def _names_of(self, instrument_id: int) -> set[str]:
        return {
            name
            for name, spans in self.spans.items()
            if any(found == instrument_id for found, _ in spans)
        }

    def _contracts(self, root: str, day: date) -> dict[Contract, str]:
        found = {}
        for name, spans in self.spans.items():
            base, _, rule = name.partition(".")
            raw = front_month(root, day) if base == root and rule in _CONTINUOUS else name
            with contextlib.suppress(UnknownSymbol):  # Spreads, options, other products.
                contract = parse_contract(raw, day)
                if contract.root == root and spans:
                    found[contract] = name
        return found


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * NANOS_PER_S
