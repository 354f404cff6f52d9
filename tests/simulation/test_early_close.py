"""The floor on a day that closes early: what is held is left five minutes before that close."""

import dataclasses

from actors.adapters.books import MemoryBooks
from actors.adapters.feeds.port import Chunk
from actors.adapters.feeds.tape import TapeRule, tape
from ops.replay import local_floor
from protocol.market import Cut
from protocol.orders import BracketApproved, ExitReason, FlattenOrdered, PositionClosed
from protocol.units import NANOS_PER_S
from tests.makers import at, make_trades
from tests.simulation.flow_tape import (
    CONTRACTS,
    END,
    OPEN,
    PRESS,
    PRICE,
    flow_settings,
    morning,
    with_depth,
)

DAY = "2025-11-28"  # The day after Thanksgiving: 13:15 New York.
SHIFT = at("12:35", DAY) - PRESS


def early_settings():
    """Settings of bars of three minutes, which end at 13:09 and 13:12 and not at 13:10."""
    base = flow_settings(exits=False)
    return dataclasses.replace(
        base,
        bars=dataclasses.replace(base.bars, series=("time:180",)),
        calendar=dataclasses.replace(base.calendar, early=(f"{DAY} 13:15",)),
    )


def quiet(start, stop):
    times = range(start, stop, 13 * NANOS_PER_S)
    return [(ts, PRICE + n % 2, "BS"[n % 2], 3) for n, ts in enumerate(times)]


def early_tape(settings, calendar):
    """Return times of trades and the tape: the metrics' morning at noon, quiet before and after.

    The regime wants its bars before; after it there is a trade every 13 seconds up to 13:14.
    """
    rows, changes = morning()
    trades = quiet(at("10:30", DAY), OPEN + SHIFT)
    trades += [(ts + SHIFT, price, side, size) for ts, price, side, size in rows]
    trades += quiet(END + SHIFT, at("13:14", DAY))
    source = [Chunk(make_trades(trades), CONTRACTS["ES"], False)]
    rule = TapeRule.of(settings.feed, settings.bars, settings.flow, settings.risk, calendar)
    shifted = [(ts + SHIFT, *rest) for ts, *rest in changes]
    return [ts for ts, *_ in trades], [*with_depth(tape(source, rule), shifted, "ESZ5", 1_024)]


def played(settings, messages, directory):
    books = MemoryBooks()
    local_floor(settings, books, str(directory)).run(iter(messages))
    return books


def found(books, stream, kind):
    return [message for message in books.entries(stream) if type(message) is kind]


def test_a_position_is_left_five_minutes_before_an_early_close(tmp_path):
    settings = early_settings()
    times, messages = early_tape(settings, settings.calendar)
    books = played(settings, messages, tmp_path)
    assert len(found(books, "risk", BracketApproved)) == 1
    (order,) = found(books, "risk", FlattenOrdered)
    assert (order.reason, order.ts_ns) == (ExitReason.AUTO_FLATTEN, at("13:10", DAY))
    (closed,) = found(books, "desk", PositionClosed)
    assert closed.reason is ExitReason.AUTO_FLATTEN
    assert closed.ts_ns == min(ts for ts in times if ts >= order.ts_ns + 50_000_000)


def test_cuts_that_risk_alone_needs_change_neither_bars_nor_signals(tmp_path):
    settings = early_settings()
    regular = dataclasses.replace(settings.calendar, early=())
    tapes = [early_tape(settings, calendar)[1] for calendar in (settings.calendar, regular)]
    cuts = [{m.ts_ns for m in messages if isinstance(m, Cut)} for messages in tapes]
    assert cuts[0] - cuts[1] == {at("13:10", DAY)}  # A bar ends at 13:00.
    kept = [played(settings, messages, tmp_path) for messages in tapes]
    for stream in ("bars", "detector", "regime", "router"):
        one, other = (
            [m for m in books.entries(stream) if not isinstance(m, Cut)] for books in kept
        )
        assert one == other != [], stream
    late = found(kept[1], "risk", FlattenOrdered)
    assert late[0].ts_ns > at("13:10", DAY)  # Which is why there are such cuts.
