"""Records that a gateway sends, made by the official encoder, and the market they come from."""

from dataclasses import dataclass, field
from functools import cache

import numpy as np
from databento_dbn import (
    Action,
    ErrorCode,
    ErrorMsg,
    InstrumentDefMsg,
    Metadata,
    Side,
    SType,
    SymbolMappingMsg,
    SystemCode,
    SystemMsg,
    TradeMsg,
)

from actors.core.columns import Trades
from tests.actors.adapters.feeds.recordings import real

GLBX = 1
ESH4, ESM4, SPREAD = 17077, 5602, 99
NOBODY = 2**64 - 1
START_NS = 1_703_545_200_000_000_000  # 2023-12-25 23:00 UTC, in the session of the 26th.
RECORDING = "es-mbo-20231225/esh4-glbx-mdp3-20231225.mbo.dbn.zst"


@dataclass(frozen=True)
class Sent:
    """A data record, and what a gateway must know of it."""

    ts_event: int
    ts_recv: int
    instrument_id: int
    raw: bytes


@dataclass
class Market:
    """All that there is to be sent of one schema, in order, and what its symbols stand for."""

    sent: list[Sent]
    symbols: dict[str, dict[int, str]] = field(default_factory=lambda: {
        "ES.FUT": {ESM4: "ESM4", SPREAD: "ESH4-ESM4", ESH4: "ESH4"},
        "ES.v.0": {ESH4: "ESH4"},
        "ES.c.0": {ESH4: "ESH4"},
        "ESH4": {ESH4: "ESH4"},
        "ESM4": {ESM4: "ESM4"},
    })  # fmt: skip
    schema: str = "trades"


def header(dataset: str = "GLBX.MDP3", start: int = START_NS) -> bytes:
    return Metadata(
        dataset=dataset, start=start, stype_in=None, stype_out=SType.INSTRUMENT_ID, schema=None,
        symbols=[], partial=[], not_found=[], mappings=[], ts_out=False, version=3,
    ).encode()  # fmt: skip


def trade(
    ts: int, price: int, size: int = 1, side: Side = Side.BID, instrument_id: int = ESH4,
    sequence: int = 0, recv: int | None = None,
) -> Sent:  # fmt: skip
    recv = ts + 20_000 if recv is None else recv
    record = TradeMsg(
        GLBX, instrument_id, ts, price, size, Action.TRADE, side, 0, recv, 0, 0, sequence
    )
    return Sent(ts, recv, instrument_id, bytes(record))


def made(count: int, instrument_id: int = ESH4, step_ns: int = 1_000_000) -> list[Sent]:
    """Trades a step apart, in pairs that look the same."""
    return [
        trade(
            START_NS + number // 2 * step_ns,
            4_800_000_000_000 + number // 2 % 7 * 250_000_000,
            1 + number // 2 % 3,
            (Side.BID, Side.ASK, Side.NONE)[number // 2 % 3],
            instrument_id,
            number,
        )
        for number in range(count)
    ]


def mapping(instrument_id: int, asked: str, name: str) -> bytes:
    return bytes(SymbolMappingMsg(
        GLBX, instrument_id, START_NS, SType.PARENT, asked, SType.RAW_SYMBOL, name,
        NOBODY, NOBODY,
    ))  # fmt: skip


def definition(instrument_id: int, name: str, tick: int, kind: str = "F") -> bytes:
    row = np.zeros(1, InstrumentDefMsg._dtypes)
    row["length"], row["rtype"] = row.itemsize // 4, 19
    row["publisher_id"], row["instrument_id"] = GLBX, instrument_id
    row["ts_event"] = row["ts_recv"] = START_NS
    row["raw_symbol"], row["instrument_class"], row["min_price_increment"] = name, kind, tick
    return row.tobytes()


def system(code: int, text: str, ts: int) -> bytes:
    return bytes(SystemMsg(ts, text, SystemCode.from_int(code)))


def error(code: int, text: str, ts: int) -> bytes:
    return bytes(ErrorMsg(ts, text, True, ErrorCode.from_int(code)))


@cache
def recorded_trades() -> tuple[Sent, ...]:
    """The 2,973 trades of the recording as records of the schema trades."""
    from databento import DBNStore

    rows = DBNStore.from_bytes(real(RECORDING).read_bytes()).to_ndarray()
    rows = rows[rows["action"] == b"T"]
    out = np.zeros(len(rows), TradeMsg._dtypes)
    for name in ("publisher_id", "instrument_id", "ts_event", "price", "size", "action", "side",
                 "flags", "ts_recv", "ts_in_delta", "sequence"):  # fmt: skip
        out[name] = rows[name]
    out["length"], out["rtype"] = out.itemsize // 4, 0
    return tuple(
        Sent(int(row["ts_event"]), int(row["ts_recv"]), int(row["instrument_id"]), row.tobytes())
        for row in out
    )


def columns(trades: Trades) -> list[tuple[int, int, int, int]]:
    """Time, price, size and the side as the feed gave it, trade by trade."""
    side = np.where(trades.source == 1, trades.aggressor, 0)
    parts = (trades.ts_event, trades.price, trades.size, side)
    return list(zip(*(part.tolist() for part in parts), strict=True))


def as_trades(sent: list[Sent] | tuple[Sent, ...]) -> Trades:
    """Records as the columns of the floor, sides as the feed gave them."""
    ts, price, size, side = (np.array(column) for column in zip(*wanted(sent), strict=True))
    return Trades(
        ts.astype(np.int64), price.astype(np.int32), size.astype(np.int32),
        side.astype(np.uint8), (side > 0).astype(np.uint8), np.zeros(len(ts), np.uint8),
    )  # fmt: skip


def wanted(sent: list[Sent] | tuple[Sent, ...]) -> list[tuple[int, int, int, int]]:
    """The same of records, in ticks of a quarter."""
    rows = np.frombuffer(b"".join(one.raw for one in sent), TradeMsg._dtypes)
    side = np.select([rows["side"] == b"B", rows["side"] == b"A"], [1, 2], 0)
    price = rows["price"] // 250_000_000
    parts = (rows["ts_event"], price, rows["size"], side)
    return list(zip(*(part.tolist() for part in parts), strict=True))
