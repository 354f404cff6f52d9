"""Records of ten levels that a gateway sends, and the book that they and a stream tell, slowly."""

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
from databento_dbn import Action, BidAskPair, MBP10Msg, Side

from actors.adapters.feeds.depth_dbn import dbn_depth
from actors.core.book.changes import changes_in
from actors.core.book.records import LAST, NO_PRICE
from protocol.market import DepthBatch, FeedLost
from protocol.message import Message
from tests.actors.adapters.feeds.recordings import real
from tests.venues.databento.records import (
    ESH4,
    GLBX,
    RECORDING,
    START_NS,
    Sent,
    recorded_trades,
)

QUARTER = 250_000_000
UNDEF = 2**63 - 1
TRADE_BYTES = 48
Level = tuple[int, int, int]  # Ticks, contracts, orders.
Sides = tuple[list[Level], list[Level]]
_LEVEL = np.dtype([("price", "<i8", 2), ("size", "<u4", 2), ("orders", "<u4", 2)])
ROW = np.dtype([("head", "u1", TRADE_BYTES), ("levels", _LEVEL, 10)])


def ten(
    ts: int, bids: Sequence[Level] = (), asks: Sequence[Level] = (), *, flags: int = LAST,
    traded: Level | None = None, side: Side = Side.NONE, instrument_id: int = ESH4,
    recv: int | None = None,
) -> Sent:  # fmt: skip
    """Return a record of these levels by the official encoder; `traded` makes it a trade."""
    recv = ts + 20_000 if recv is None else recv
    price, size, _ = traded or (UNDEF // QUARTER, 0, 0)
    none: Level = (0, 0, 0)
    pairs = []
    for level in range(10):
        bid = bids[level] if level < len(bids) else none
        ask = asks[level] if level < len(asks) else none
        prices = [one[0] * QUARTER if one[1] else UNDEF for one in (bid, ask)]
        pairs.append(BidAskPair(*prices, bid[1], ask[1], bid[2], ask[2]))
    record = MBP10Msg(
        GLBX, instrument_id, ts, price * QUARTER, size, Action.TRADE if traded else Action.ADD,
        side, 0, recv, flags=flags, levels=pairs,
    )  # fmt: skip
    return Sent(ts, recv, instrument_id, bytes(record))


def book(middle: int, size: int = 5) -> Sides:
    """Return ten levels of each side around `middle` ticks, each of other contracts."""
    return (
        [(middle - n, size + n, 1 + n) for n in range(10)],
        [(middle + 1 + n, size + 2 * n, 2 + n) for n in range(10)],
    )


def made_ten(count: int, step_ns: int = 1_000_000) -> list[Sent]:
    """Trades and behind each of them a book, a step apart; prices wander, so levels come and go."""
    found = []
    for number in range(count):
        ts, middle = START_NS + number * step_ns, 19_200 + (number * 7) % 23
        side = (Side.BID, Side.ASK, Side.NONE)[number % 3]
        price = middle + (number % 3 == 0)
        found.append(ten(ts, *book(middle - 1), flags=0, traded=(price, 1 + number % 3, 0),
                         side=side))  # fmt: skip
        found.append(ten(ts, *book(middle, 1 + number % 4)))
    return found


@cache
def recorded_ten() -> tuple[Sent, ...]:
    """The recorded hour of ESH4 as ten levels: its trades, and behind them what they did."""
    parts = list(dbn_depth(real(RECORDING), "ESH4", START_NS))  # type: ignore[arg-type]
    times = np.concatenate([part.ts_event for part in parts])
    price = np.concatenate([part.price for part in parts])
    trades = recorded_trades()
    keep = times >= trades[0].ts_event
    times, price = times[keep], price[keep]
    rows = np.zeros(len(times), ROW)
    empty = ten(0, recv=0).raw
    rows["head"] = np.frombuffer(empty[:TRADE_BYTES], np.uint8)
    rows["head"][:, 8:16] = times.astype("<u8").view(np.uint8).reshape(-1, 8)
    rows["head"][:, 32:40] = (times + 20_000).astype("<u8").view(np.uint8).reshape(-1, 8)
    rows["levels"]["price"] = np.where(price == NO_PRICE, UNDEF, price * QUARTER).transpose(0, 2, 1)
    for name in ("size", "orders"):
        column = np.concatenate([getattr(part, name) for part in parts])[keep]
        rows["levels"][name] = column.transpose(0, 2, 1)
    sent = [
        Sent(ts, ts + 20_000, ESH4, row.tobytes())
        for ts, row in zip(times.tolist(), rows, strict=True)
    ]
    prints = [
        Sent(one.ts_event, one.ts_recv, ESH4, _widened(one.raw) + empty[TRADE_BYTES:])
        for one in trades
    ]
    return tuple(sorted([*prints, *sent], key=lambda one: one.ts_event))


def _widened(raw: bytes) -> bytes:
    """Return the head of a trade as that of a record of ten levels, whose event goes on."""
    head = bytearray(raw[:TRADE_BYTES])
    head[0], head[1] = 368 // 4, 10
    head[30] &= ~LAST & 0xFF
    return bytes(head)


def trades_in(sent: Iterable[Sent]) -> list[Sent]:
    """Return the trades among records of ten levels, as records of schema trades."""
    found = []
    for one in sent:
        if one.raw[28] == ord("T"):
            head = bytearray(one.raw[:TRADE_BYTES])
            head[0], head[1] = TRADE_BYTES // 4, 0
            found.append(Sent(one.ts_event, one.ts_recv, one.instrument_id, bytes(head)))
    return found


def book_in(sent: Sequence[Sent], instrument_id: int = ESH4) -> Sides:
    """Return the levels of the last event that is over."""
    for one in reversed(sent):
        if one.instrument_id == instrument_id and one.raw[30] & LAST:
            (row,) = np.frombuffer(one.raw, ROW)
            told = [
                [(int(level["price"][side]) // QUARTER, int(level["size"][side]),
                  int(level["orders"][side])) for level in row["levels"] if level["size"][side]]
                for side in (0, 1)
            ]  # fmt: skip
            return told[0], told[1]
    return [], []


def told_book(messages: Iterable[Message], contract: str = "ESH4") -> Sides:
    """Return the book that a stream tells, change by change; a lost feed has none."""
    sides: dict[int, dict[int, tuple[int, int]]] = {1: {}, 2: {}}
    for message in messages:
        if isinstance(message, FeedLost):
            sides = {1: {}, 2: {}}
        elif isinstance(message, DepthBatch) and message.contract == contract:
            part = changes_in(message)
            columns = (part.side, part.price, part.size, part.orders)
            for side, price, size, orders in zip(*(c.tolist() for c in columns), strict=True):
                if size:
                    sides[side][price] = size, orders
                else:
                    del sides[side][price]  # Only what was told can go.
    bids = sorted(sides[1].items(), reverse=True)
    return [(p, *told) for p, told in bids], [(p, *told) for p, told in sorted(sides[2].items())]


def depth_times(messages: Iterable[Message]) -> list[int]:
    """Return the times of all changes on a stream, in its order."""
    parts = [changes_in(message) for message in messages if isinstance(message, DepthBatch)]
    return [ts for part in parts for ts in part.ts_event.tolist()]
