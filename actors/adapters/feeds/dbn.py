"""Trades from Databento files: schemas trades, tbbo, mbp-1, mbp-10 and mbo, plain or zstd.

A trade is a record of action T; F (the resting side of the same fill) and all others are not.
Side B is a buying aggressor and A a selling one, N leaves it to inference. A trade record does
not change the book: the level it carries in tbbo, mbp-1 and mbp-10 is the book as it stood before
the trade, and the change follows in a record of its own. So its quote goes into bid and ask as it
is. (Documented for tbbo; for mbp-1 a test checks it on a real recording.)

A live recording may hold the same trades in several schemas. Only the kind of record that brings
the first trade is used, as each of them brings all trades.
"""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actors.adapters.feeds.dbn_records import MAPPING, TRADE_KINDS, DbnFile, Run, mapping_of
from actors.adapters.feeds.dbn_symbols import Instruments
from actors.adapters.feeds.port import REASON_CODES, FeedError, Reason, Refusals, Rows
from actors.adapters.feeds.unpack import ZSTD, Damaged, Unpacker, blocks_of, unpacked
from protocol.instruments import instrument, root_of
from protocol.market import Aggressor, SideSource

SCHEMAS = ("trades", "tbbo", "mbp-1", "mbp-10", "mbo")
UNDEF_PRICE = 2**63 - 1
_INT64_MAX = 2**63 - 1
_INT32_MAX = 2**31 - 1
_TRADE = ord("T")
_BLOCK_BYTES = 1024 * 1024


class DbnReader:
    """One DBN file; of several instruments in it one contract is kept and the others counted."""

    simulated = False

    def __init__(self, path: Path, symbol: str, refusals: Refusals) -> None:
        self.path = path
        self.symbol = symbol
        self.refusals = refusals
        self.tick_billionths = instrument(root_of(symbol)).tick_billionths
        self._contract = ""
        self._name = ""  # What the contract is called in the file.
        self._others: Counter[int] = Counter()
        self._others_at: dict[int, int] = {}

    def rows(self) -> Iterator[Rows]:
        """Yield the trades; damage ends them and is reported, what came before it is kept."""
        file = opened(self.path)
        schema = file.metadata.schema
        if schema is not None and str(schema) not in SCHEMAS:
            raise FeedError(f"{self.path} holds {schema}, wanted one of {', '.join(SCHEMAS)}")
        instruments = Instruments(file.metadata.mappings)
        kind: int | None = None
        try:
            for run in file.runs():
                if run.rtype == MAPPING:
                    for instrument_id, symbol in mapping_of(run):
                        instruments.add(instrument_id, symbol)
                elif run.rtype in TRADE_KINDS and kind in (None, run.rtype):
                    rows = self._rows(run, instruments)
                    if rows is not None:
                        kind = run.rtype
                        yield rows
        except Damaged as error:
            self.refusals.add(self.path, error.offset, Reason.DAMAGED, str(error))
        for instrument_id, count in self._others.items():
            self.refusals.add(
                self.path,
                self._others_at[instrument_id],
                Reason.SYMBOL_MISMATCH,
                f"{count} trades of {instruments.name_of(instrument_id)}, the first one here",
                count,
            )

    def _rows(self, run: Run, instruments: Instruments) -> Rows | None:
        places = np.flatnonzero(run.data["action"] == _TRADE)
        if len(places) == 0:
            return None
        data = run.data[places]
        ts = data["ts_event"].astype(np.int64)
        if not self._name:
            self._choose(instruments, int(ts[0]))
        mine = instruments.matches(self._name, data["instrument_id"], ts)
        if not mine.all():
            self._count_others(run, places[~mine])
            places, data, ts = places[mine], data[mine], ts[mine]
        return _rows_of(self._contract, run, places, data, self.tick_billionths)

    def _choose(self, instruments: Instruments, ts: int) -> None:
        chosen = instruments.chosen(self.symbol, ts)
        if chosen is None:
            held = ", ".join(sorted(instruments.spans)[:20]) or "no symbol at all"
            raise FeedError(f"{self.path} holds {held}; wanted a contract of {self.symbol}")
        self._contract, self._name = chosen

    def _count_others(self, run: Run, places: NDArray[np.intp]) -> None:
        ids = run.data["instrument_id"][places]
        found, first, counts = np.unique(ids, return_index=True, return_counts=True)
        for instrument_id, index, count in zip(
            found.tolist(), first.tolist(), counts.tolist(), strict=True
        ):
            self._others[instrument_id] += count
            self._others_at.setdefault(
                instrument_id, run.offset + int(places[index]) * run.stride
            )


def opened(path: Path) -> DbnFile:
    """Return a DBN file, plain or zstd, of whatever schema, or raise `FeedError`."""
    return DbnFile(path, _blocks(path), partial(_decoded, path))


def _rows_of(
    contract: str,
    run: Run,
    places: NDArray[np.intp],
    data: NDArray[np.void],
    tick: int,
) -> Rows:
    side = data["side"]
    aggressor = np.zeros(len(data), np.uint8)
    aggressor[side == ord("B")] = Aggressor.BUY
    aggressor[side == ord("A")] = Aggressor.SELL
    ticks, rest = np.divmod(data["price"], tick)
    refused = np.zeros(len(data), np.uint8)
    refused[rest != 0] = REASON_CODES[Reason.OFF_GRID]
    refused[data["price"] == UNDEF_PRICE] = REASON_CODES[Reason.NOT_A_NUMBER]
    refused[data["ts_event"] > _INT64_MAX] = REASON_CODES[Reason.MALFORMED]  # Undefined time.
    bid, ask = _quotes(data, tick) if "bid" in (data.dtype.names or ()) else (None, None)
    return Rows(
        contract=contract,
        ts=data["ts_event"].astype(np.int64),
        ticks=ticks,
        size=data["size"].astype(np.int64),
        aggressor=aggressor,
        source=np.where(aggressor, np.uint8(SideSource.FEED), np.uint8(SideSource.NONE)),
        flags=data["flags"],
        bid=bid,
        ask=ask,
        refused=refused,
        where=lambda index: (run.offset + int(places[index]) * run.stride, _text(data[index])),
    )


def _quotes(data: NDArray[np.void], tick: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the quotes in ticks; 0 and 0, which is no valid quote, where a side is missing."""
    bid, bid_rest = np.divmod(data["bid"], tick)
    ask, ask_rest = np.divmod(data["ask"], tick)
    # An undefined price is 2^63 - 1 and falls out here with all that fits no column.
    whole = (bid_rest == 0) & (ask_rest == 0)
    whole &= (np.abs(bid) <= _INT32_MAX) & (np.abs(ask) <= _INT32_MAX)
    return (
        np.where(whole, bid, 0).astype(np.int32),
        np.where(whole, ask, 0).astype(np.int32),
    )


def _text(row: np.void) -> str:
    return (
        f"id={row['instrument_id']} ts_event={row['ts_event']} price={row['price']}"
        f" size={row['size']} side={chr(row['side'])!r}"
    )


def _decoded(path: Path, header: bytes) -> Any:
    from databento_dbn import DBNError, Metadata  # The decoder alone: a tenth of the whole SDK.

    try:
        return Metadata.decode(header)
    except (DBNError, ValueError) as error:
        raise FeedError(f"{path}: a DBN header that cannot be read: {error}") from None


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        packed = stream.read(len(ZSTD)) == ZSTD
    if not packed:
        return blocks_of(path, _BLOCK_BYTES)
    import zstandard

    def unpacker() -> Unpacker:
        return zstandard.ZstdDecompressor().decompressobj()

    return unpacked(path, unpacker, zstandard.ZstdError, _BLOCK_BYTES)
