"""The records of a live session, whole DBN records of version 3 one behind the other, as columns.

Consecutive records of one kind are one numpy view of their bytes; nothing is decoded one by one.
A trade is a record of action T in whatever schema; F, the resting side of the same trade, is none.
Side B is a buying aggressor and A a selling one, N leaves it to inference (domain 1.1). The level
that tbbo, mbp-1 and mbp-10 carry beside a trade is the book just before it.

Layouts are those of the official decoder, which brings older versions to this one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actors.core.book.records import TenLevels, ten_levels
from protocol.market import Aggressor

TRADES, MBP_1, MBP_10, MBO = 0, 1, 10, 160
STATUS, DEFINITION, ERROR, MAPPING, SYSTEM, STATISTICS = 18, 19, 21, 22, 23, 24
TRADE_KINDS = {"trades": TRADES, "tbbo": MBP_1, "mbp-1": MBP_1, "mbp-10": MBP_10, "mbo": MBO}
HEAD_BYTES = 16
UNDEF_PRICE = 2**63 - 1
UNDEF_TIME = 2**64 - 1

_Fields = dict[str, tuple[Any, int]]
_HEAD: _Fields = {
    "length": ("u1", 0), "rtype": ("u1", 1), "instrument_id": ("<u4", 4), "ts_event": ("<u8", 8),
}  # fmt: skip
_TRADE = _HEAD | {
    "price": ("<i8", 16), "size": ("<u4", 24), "action": ("u1", 28), "side": ("u1", 29),
    "flags": ("u1", 30), "ts_recv": ("<u8", 32),
}  # fmt: skip
_QUOTED = _TRADE | {"bid": ("<i8", 48), "ask": ("<i8", 56)}
# Each level is a bid and an ask; so is each of these columns.
_LEVEL = np.dtype([("price", "<i8", 2), ("size", "<u4", 2), ("orders", "<u4", 2)])
_TEN = _QUOTED | {"sequence": ("<u4", 44), "levels": ((_LEVEL, 10), 48)}
_MBO = _HEAD | {
    "price": ("<i8", 24), "size": ("<u4", 32), "flags": ("u1", 36), "action": ("u1", 38),
    "side": ("u1", 39), "ts_recv": ("<u8", 40),
}  # fmt: skip
_DEFINITION = _HEAD | {
    "ts_recv": ("<u8", 16), "tick": ("<i8", 24), "symbol": ("S71", 238), "class": ("S1", 487),
}  # fmt: skip
_STATUS = _HEAD | {"ts_recv": ("<u8", 16), "action": ("<u2", 24), "trading": ("S1", 30)}
_STATISTICS = _HEAD | {
    "ts_recv": ("<u8", 16), "price": ("<i8", 32), "quantity": ("<i8", 40), "kind": ("<u2", 56),
}  # fmt: skip
_MAPPING = _HEAD | {"asked": ("S71", 17), "symbol": ("S71", 89)}
_ERROR = _HEAD | {"text": ("S302", 16), "code": ("u1", 318)}
_SYSTEM = _HEAD | {"text": ("S303", 16), "code": ("u1", 319)}
_LAYOUTS: dict[int, tuple[_Fields, int]] = {
    TRADES: (_TRADE, 48), MBP_1: (_QUOTED, 80), MBP_10: (_TEN, 368), MBO: (_MBO, 56),
    STATUS: (_STATUS, 40), DEFINITION: (_DEFINITION, 520), ERROR: (_ERROR, 320),
    MAPPING: (_MAPPING, 176), SYSTEM: (_SYSTEM, 320), STATISTICS: (_STATISTICS, 80),
}  # fmt: skip


def _dtype(fields: _Fields, stride: int) -> "np.dtype[np.void]":
    return np.dtype(
        {
            "names": list(fields),
            "formats": [kind for kind, _ in fields.values()],
            "offsets": [place for _, place in fields.values()],
            "itemsize": stride,
        }
    )


_DTYPES = {rtype: _dtype(*layout) for rtype, layout in _LAYOUTS.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """Consecutive records of one kind; fields by name where the kind is one of those above."""

    rtype: int
    rows: NDArray[np.void]  # Shape (n,), n at least 1.


@dataclass(frozen=True, slots=True, eq=False)
class Prints:
    """Consecutive trades of whatever instruments; every column has shape (n,)."""

    instrument_id: NDArray[np.uint32]
    ts_event: NDArray[np.uint64]  # UTC nanoseconds of the exchange, or `UNDEF_TIME`.
    price: NDArray[np.int64]  # Units of 1e-9, or `UNDEF_PRICE`.
    size: NDArray[np.uint32]
    aggressor: NDArray[np.uint8]  # `Aggressor`.
    flags: NDArray[np.uint8]
    bid: NDArray[np.int64] | None  # Units of 1e-9.
    ask: NDArray[np.int64] | None

    def __len__(self) -> int:
        return len(self.ts_event)

    def where(self, keep: NDArray[np.bool_]) -> "Prints":
        """Return the rows where `keep` is true."""
        return Prints(
            self.instrument_id[keep],
            self.ts_event[keep],
            self.price[keep],
            self.size[keep],
            self.aggressor[keep],
            self.flags[keep],
            None if self.bid is None else self.bid[keep],
            None if self.ask is None else self.ask[keep],
        )


def runs_of(raw: bytes) -> Iterator[Records]:
    """Yield the runs of records of one kind in `raw`; refuse what is no whole record."""
    start = 0
    while start < len(raw):
        stride = raw[start] * 4
        rtype = raw[start + 1] if start + 1 < len(raw) else -1
        fields, wanted = _LAYOUTS.get(rtype, (_HEAD, stride))
        if stride < HEAD_BYTES or stride != wanted or start + stride > len(raw):
            raise ValueError(
                f"record at {start} of kind {rtype} with {stride} of {len(raw) - start} bytes,"
                f" wanted {max(wanted, HEAD_BYTES)}"
            )
        kind = _DTYPES.get(rtype) or _dtype(fields, stride)
        rows = np.frombuffer(raw, kind, (len(raw) - start) // stride, start)
        other = (rows["length"] != raw[start]) | (rows["rtype"] != rtype)
        if other.any():
            rows = rows[: int(np.argmax(other))]
        yield Records(rtype, rows)
        start += stride * len(rows)


def prints_of(records: Records) -> Prints | None:
    """Return the trades among records of a kind that has trades; None where there are none."""
    rows = records.rows[records.rows["action"] == ord("T")]
    if len(rows) == 0:
        return None
    aggressor = np.zeros(len(rows), np.uint8)
    aggressor[rows["side"] == ord("B")] = Aggressor.BUY
    aggressor[rows["side"] == ord("A")] = Aggressor.SELL
    quoted = records.rtype in (MBP_1, MBP_10)
    return Prints(
        instrument_id=rows["instrument_id"],
        ts_event=rows["ts_event"],
        price=rows["price"],
        size=rows["size"],
        aggressor=aggressor,
        flags=rows["flags"],
        bid=rows["bid"] if quoted else None,
        ask=rows["ask"] if quoted else None,
    )


def levels_of(records: Records, ids: tuple[int, ...], tick: int) -> TenLevels | None:
    """Return the ten levels of our instrument in records of mbp-10; None where there are none.

    `tick` is in 1e-9. An event is no later than its capture: a time that is, is none of this
    market, and what comes behind it would be held to it.
    """
    rows = records.rows
    mine = np.isin(rows["instrument_id"], ids)
    if not mine.any():
        return None
    rows = rows if mine.all() else rows[mine]
    times = np.minimum(rows["ts_event"], rows["ts_recv"]).astype(np.int64)
    return replace(ten_levels(rows, tick), ts_event=times)


def clock_of(records: Records) -> int:
    """Return the gateway's time as the newest of the records tells it, UTC ns; 0 for none.

    Market data tell when they were captured, the gateway's own words when they were sent. Both
    say that all that was captured before has been sent, which an exchange's time does not.
    Mapping records come with a session, whatever the time, and say nothing.
    """
    if records.rtype in (SYSTEM, ERROR):
        times = records.rows["ts_event"]
    elif records.rtype != MAPPING and "ts_recv" in (records.rows.dtype.names or ()):
        times = records.rows["ts_recv"]
    else:
        return 0
    known = times[times < np.uint64(UNDEF_PRICE)]
    return int(known.max()) if len(known) else 0


def text_of(field: Any) -> str:
    """Return the text of a field of characters, up to its first zero."""
    return bytes(field).partition(b"\0")[0].decode("utf-8", "replace")
