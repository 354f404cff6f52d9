"""DBN files made for a test, byte by byte, with the metadata of the official encoder."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import zstandard
from databento_dbn import Metadata, Schema, SType

ES_H4, ES_M4, SPREAD = 17077, 5602, 99
START = 1_703_545_200_000_000_000  # 2023-12-25 23:00 UTC, a Tuesday's session.
RTYPES = {"trades": 0, "tbbo": 1, "mbp-1": 1, "mbp-10": 10, "mbo": 160}
STRIDES = {0: 48, 1: 80, 10: 368, 160: 56}


class Trade(NamedTuple):
    ts: int
    price: int  # In 1e-9.
    size: int = 1
    side: str = "B"
    action: str = "T"
    instrument_id: int = ES_H4
    bid: int = 2**63 - 1
    ask: int = 2**63 - 1
    flags: int = 0


@dataclass
class Interval:
    start_date: date
    end_date: date
    symbol: str


@dataclass
class Mapping:
    raw_symbol: str
    intervals: list[Interval]


def mapping(raw, instrument_id, start=date(2023, 12, 20), end=date(2024, 1, 10)):
    return Mapping(raw, [Interval(start, end, str(instrument_id))])


MAPPINGS = (mapping("ESH4", ES_H4), mapping("ESM4", ES_M4), mapping("ESH4-ESM4", SPREAD))


def made_trades(count):
    return [
        Trade(START + number * 1_000_000, 4_800_250_000_000 + number % 3 * 250_000_000)
        for number in range(count)
    ]


def header_bytes(schema="trades", version=3, mappings=MAPPINGS, ts_out=False):
    return Metadata(
        dataset="GLBX.MDP3",
        start=START,
        stype_in=SType.RAW_SYMBOL if schema else None,
        stype_out=SType.INSTRUMENT_ID,
        schema=Schema.from_str(schema) if schema else None,
        symbols=[found.raw_symbol for found in mappings],
        partial=[],
        not_found=[],
        mappings=list(mappings),
        ts_out=ts_out,
        version=version,
    ).encode()


def record(trade, rtype, extra=0):
    row = np.zeros(STRIDES[rtype] + extra, np.uint8)
    shift = 8 if rtype == 160 else 0

    def put(place, kind, value):
        raw = np.array([value], kind).view(np.uint8)
        row[place : place + len(raw)] = raw

    put(0, "u1", len(row) // 4)
    put(1, "u1", rtype)
    put(2, "<u2", 1)
    put(4, "<u4", trade.instrument_id)
    put(8, "<u8", trade.ts)
    put(16 + shift, "<i8", trade.price)
    put(24 + shift, "<u4", trade.size)
    put(38 if shift else 28, "u1", ord(trade.action))
    put(39 if shift else 29, "u1", ord(trade.side))
    put(36 if shift else 30, "u1", trade.flags)
    if rtype in (1, 10):
        put(48, "<i8", trade.bid)
        put(56, "<i8", trade.ask)
    return row.tobytes()


def mapping_record(instrument_id, raw, version=3):
    """The record of a live gateway: what was asked for, here all of ES, then what it stands for."""
    asked, found = b"ES.FUT", raw.encode()
    if version == 1:
        body = asked.ljust(22, b"\0") + found.ljust(22, b"\0") + b"\0" * 4
    else:
        body = b"\xff" + asked.ljust(71, b"\0") + b"\xff" + found.ljust(71, b"\0")
    head = np.array([instrument_id], "<u4").tobytes() + np.array([START], "<u8").tobytes()
    whole = b"\0\x16\1\0" + head + body + b"\0" * 16
    return bytes([len(whole) // 4]) + whole[1:]


def dbn_bytes(trades, schema="trades", version=3, mappings=MAPPINGS, ts_out=False):
    extra = 8 if ts_out else 0
    records = b"".join(record(trade, RTYPES[schema], extra) for trade in trades)
    return header_bytes(schema, version, mappings, ts_out) + records


def packed(plain):
    return zstandard.ZstdCompressor().compress(plain)
