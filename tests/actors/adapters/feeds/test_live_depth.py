"""The ten levels of a live feed on its stream: whatever breaks, the book is that of the last."""

import os
import signal
from collections.abc import Callable, Iterator
from time import monotonic_ns, time_ns

import numpy as np
import pytest

from actors.core.market import live_book
from protocol.market import Cut, DepthBatch, FeedLost, FeedRestored, TradeBatch
from tests.actors.adapters.feeds.live_floor import ROLLED_NS, Floor, S, full_disk
from tests.actors.adapters.feeds.test_depth_dbn import esh4, told_after
from tests.venues.databento.depth import (
    book,
    book_in,
    depth_times,
    made_ten,
    recorded_ten,
    ten,
    told_book,
    trades_in,
)
from tests.venues.databento.gateway import Gateway, gateway
from tests.venues.databento.records import (
    ESH4,
    ESM4,
    SPREAD,
    START_NS,
    Market,
    Sent,
    columns,
    error,
    wanted,
)

MS = 1_000_000


@pytest.fixture
def venue() -> Iterator[Gateway]:
    with gateway(Market(made_ten(100), schema="mbp-10")) as one:
        yield one


@pytest.fixture
def floor_of(tmp_path, connection, venue) -> Iterator[Callable[..., Floor]]:
    floors: list[Floor] = []

    def one(**chosen) -> Floor:
        floor = Floor(tmp_path, connection, venue.port, **{"schema": "mbp-10", **chosen})
        floors.append(floor)
        return floor

    yield one
    for floor in floors:
        floor.feed.close()


def until_told(floor: Floor, sent: list[Sent], instrument_id: int = ESH4, contract="ESH4") -> None:
    """Wait until the stream tells the book of the last record, and says nothing more."""
    told = book_in(sent, instrument_id)
    floor.until(lambda: told_book(floor.stream(), contract) == told)
    assert floor.feed.inspect()["book"]["waiting"] == 0


def sound(floor: Floor, sent: list[Sent]) -> None:
    """Check what holds of every stream that is sent in time, cuts and slices included."""
    assert columns(floor.trades()) == wanted(trades_in(sent))
    told_ns = slice_ns = 0
    for message in floor.of(Cut, DepthBatch, TradeBatch):
        if isinstance(message, Cut):
            assert told_ns < message.ts_ns
            told_ns = message.ts_ns
            continue
        times = np.frombuffer(message.ts_event, "<i8").tolist()
        assert times == sorted(times)
        assert slice_ns <= times[0]
        slice_ns = max(slice_ns, times[-1] // (5 * S) * 5 * S)
        if isinstance(message, DepthBatch):
            assert told_ns <= times[0]
            told_ns = times[-1]


def test_the_stream_tells_every_event_of_the_ten_levels_and_each_trade_before_its_own(
    venue, floor_of
):
    floor = floor_of()
    floor.until_live()
    venue.release()
    until_told(floor, venue.market.sent)
    sound(floor, venue.market.sent)
    assert sorted(set(depth_times(floor.stream()))) == [START_NS + n * MS for n in range(100)]
    assert isinstance(floor.of(TradeBatch, DepthBatch)[0], TradeBatch)
    assert {batch.contract for batch in floor.of(DepthBatch)} == {"ESH4"}
    shown = floor.feed.inspect()["book"]
    assert (shown["records"], shown["events"], shown["malformed"], shown["crossed"]) == (
        200, 100, 0, 0,
    )  # fmt: skip


@pytest.mark.parametrize("chosen", [{"depth": "none"}, {"schema": "trades"}])
def test_a_feed_that_is_not_to_tell_the_book_has_its_trades_alone(
    tmp_path, connection, chosen
):
    sent = made_ten(10)
    schema = chosen.get("schema", "mbp-10")
    sold = sent if schema == "mbp-10" else trades_in(sent)
    with gateway(Market(sold, schema=schema)) as venue:
        floor = Floor(tmp_path, connection, venue.port, **{"schema": schema, **chosen})
        floor.until_live()
        venue.release()
        floor.until_trades(10)
        assert (floor.of(DepthBatch), columns(floor.trades())) == ([], wanted(trades_in(sent)))
        floor.feed.close()


@pytest.mark.parametrize(
    "kind", ["fin", "rst", "error:6", "torn", "garbage", "error:7", "child", "life"]
)
def test_whatever_the_end_the_book_is_that_of_the_last_record_and_of_the_gap_nothing_is_missing(
    venue, floor_of, connection, kind
):
    floor = floor_of()
    floor.until_live()
    venue.release(101)  # The last of these is a trade, whose book is still to come.
    until_told(floor, venue.market.sent[:101])
    if kind == "child":
        os.kill(connection._child.pid, signal.SIGKILL)
    elif kind == "life":
        floor = floor_of()
    else:
        venue.hang_up(kind)
    venue.release(59)
    floor.until_live(1 if kind == "life" else 2)
    venue.release(40)
    until_told(floor, venue.market.sent)
    sound(floor, venue.market.sent)
    lost, *_ = (n for n, m in enumerate(floor.stream()) if isinstance(m, FeedLost))
    assert told_book(floor.stream()[: lost + 1]) == ([], [])
    # Of every instant of the gap there is a change: the one told last comes again whole.
    times = depth_times(floor.stream()[lost:])
    assert sorted(set(times)) == [START_NS + n * MS for n in range(49, 100)]


def test_of_what_is_sent_again_only_the_last_book_is_told_and_nothing_twice(venue, floor_of):
    floor = floor_of(overlap_ms=40)
    floor.until_live()
    venue.release(160)
    until_told(floor, venue.market.sent[:160])
    before = len(floor.of(DepthBatch))
    venue.hang_up("fin")
    floor.until_live(2)
    until_told(floor, venue.market.sent[:160])
    again = floor.of(DepthBatch)[before:]
    assert set(depth_times(again)) == {START_NS + 79 * MS}
    assert told_book(again) == book_in(venue.market.sent[:160])


def test_a_loss_without_a_break_begins_a_new_book_too(venue, floor_of):
    now_ns = time_ns()
    late = [ten(now_ns - 60 * S, traded=(19_200, 1, 0), flags=0),
            ten(now_ns - 60 * S + 1, *book(19_200))]  # fmt: skip
    fresh = [ten(now_ns, traded=(19_200, 1, 0), flags=0), ten(now_ns + 1, *book(19_200))]
    venue.market.sent = late + fresh
    venue.habits.clock_ns = now_ns
    floor = floor_of(lag_max_s=10, symbol="ESH4")
    floor.until_live()
    venue.release(2)
    floor.until(lambda: floor.of(FeedLost))
    assert told_book(floor.stream()) == ([], [])
    venue.release()
    floor.until(lambda: floor.of(FeedRestored))
    until_told(floor, venue.market.sent)  # It is the same book, and told whole.


def test_what_waits_when_the_feed_is_lost_is_dropped_and_sent_again(venue, floor_of, monkeypatch):
    floor = floor_of()
    floor.until_live()
    venue.release(100)
    until_told(floor, venue.market.sent[:100])
    monkeypatch.setattr(live_book, "TOLD_NS", 3_600 * S)
    venue.release(3)
    floor.until(lambda: floor.feed.book.waiting)
    venue.hang_up("fin")
    floor.until(lambda: floor.of(FeedLost))
    assert floor.feed.book.waiting == 0
    monkeypatch.undo()
    floor.until_live(2)
    until_told(floor, venue.market.sent[:103])
    sound(floor, venue.market.sent[:103])


@pytest.mark.parametrize("kind", ["fin", "life"])
def test_what_waited_since_the_begin_of_its_slice_is_not_missing_either(
    venue, floor_of, monkeypatch, kind
):
    times = [START_NS + n * S for n in range(5)]
    prints = [ten(ts, traded=(19_200, 1, 0), flags=0) for ts in (times[0], times[-1])]
    books = [ten(ts, *book(19_200, 1 + n)) for n, ts in enumerate(times)]
    venue.market.sent = [prints[0], *books[:-1], prints[1], books[-1]]
    monkeypatch.setattr(live_book, "TOLD_NS", 3_600 * S)
    floor = floor_of(overlap_ms=0)
    floor.until_live()
    floor.feed.book._looked_ns = monotonic_ns()
    venue.release()
    floor.until_trades(2)
    assert floor.of(DepthBatch) == []
    monkeypatch.undo()
    if kind == "life":
        floor = floor_of(overlap_ms=0)
    else:
        venue.hang_up(kind)
    floor.until_live(1 if kind == "life" else 2)
    until_told(floor, venue.market.sent)
    assert sorted(set(depth_times(floor.stream()))) == times
    sound(floor, venue.market.sent)


def test_while_the_disk_is_full_nothing_is_told_and_afterwards_the_book_is_whole(venue, floor_of):
    floor = floor_of()
    floor.until_live()
    venue.release(100)
    until_told(floor, venue.market.sent[:100])
    with full_disk(floor):
        venue.release(50)
        floor.until(lambda: "the stream cannot be written" in floor.feed.link.why)
    floor.until_live(2)
    venue.release(50)
    until_told(floor, venue.market.sent)
    sound(floor, venue.market.sent)


# ---- cuts and slices ------------------------------------------------------------------------


def test_a_change_behind_the_end_of_a_bar_waits_until_the_clock_has_closed_it(venue, floor_of):
    end_ns = START_NS + 300 * S
    venue.market.sent = [
        ten(START_NS, traded=(19_200, 1, 0), flags=0),
        ten(end_ns - 1, *book(19_200, 1)), ten(end_ns, *book(19_200, 2)),
        ten(end_ns + 600 * MS, *book(19_200, 3)),
    ]  # fmt: skip
    floor = floor_of()
    floor.until_live()
    venue.release(3)
    floor.until(lambda: told_book(floor.stream()) == book(19_200, 1))
    for _ in range(100):
        floor.turn()
    assert floor.of(Cut) == [] and floor.feed.book.waiting > 0
    venue.release()
    until_told(floor, venue.market.sent)
    kinds = [type(m) for m in floor.of(DepthBatch, Cut)]
    assert kinds == [DepthBatch, Cut, DepthBatch]
    sound(floor, venue.market.sent)


def test_a_change_later_than_the_clock_allowed_for_stands_behind_its_cut_with_its_own_time(
    venue, floor_of
):
    end_ns = START_NS + 300 * S
    venue.market.sent = [
        ten(START_NS, traded=(19_200, 1, 0), flags=0), ten(START_NS + 1, *book(19_200, 1)),
        ten(end_ns - 1, *book(19_200, 2), recv=end_ns + 2 * S),
    ]  # fmt: skip
    floor = floor_of()
    floor.until_live()
    venue.release(2)
    venue.habits.clock_ns = end_ns + S
    floor.until(lambda: floor.of(Cut))
    venue.release()
    until_told(floor, venue.market.sent)
    assert depth_times(floor.of(DepthBatch)[-1:])[-1] == end_ns - 1
    assert isinstance(floor.of(DepthBatch, Cut)[-1], DepthBatch)


# ---- instruments and records ----------------------------------------------------------------


def test_other_months_and_spreads_leave_our_book_alone(venue, floor_of):
    venue.market.sent = [
        ten(START_NS, traded=(19_200, 1, 0), flags=0), ten(START_NS + 1, *book(19_200)),
        ten(START_NS + 2, *book(55), instrument_id=SPREAD),
        ten(START_NS + 3, *book(19_400), instrument_id=ESM4),
    ]  # fmt: skip
    floor = floor_of()
    floor.until_live()
    venue.release()
    until_told(floor, venue.market.sent)
    floor.until(lambda: floor.feed.figures.records >= 4 + 4)
    assert told_book(floor.stream()) == book(19_200)


def test_before_the_first_trade_nothing_is_told_and_with_it_the_book_is(venue, floor_of):
    venue.market.sent = [
        ten(START_NS, *book(19_200)), ten(START_NS + 1, traded=(19_200, 1, 0), flags=0),
        ten(START_NS + 2, *book(19_210)),
    ]  # fmt: skip
    floor = floor_of()
    floor.until_live()
    venue.release(1)
    floor.until(lambda: floor.feed.figures.records >= 5)
    for _ in range(60):
        floor.turn()
    assert floor.stream() == []
    venue.release()
    until_told(floor, venue.market.sent)
    assert isinstance(floor.of(TradeBatch, DepthBatch)[0], TradeBatch)


def test_levels_that_are_none_are_counted_and_the_next_record_mends_it(venue, floor_of):
    bids, asks = book(19_200)
    off_grid = bytearray(ten(START_NS + 2, bids, asks).raw)
    off_grid[48:56] = (19_200 * 250_000_000 + 1).to_bytes(8, "little")
    venue.market.sent = [
        ten(START_NS, traded=(19_200, 1, 0), flags=0), ten(START_NS + 1, bids, asks),
        Sent(START_NS + 2, START_NS + 20_002, ESH4, bytes(off_grid)),
        ten(START_NS + 3, bids[::-1], asks),
        ten(START_NS + 4, bids[:3], asks[:1]),  # The rest is undefined.
    ]  # fmt: skip
    floor = floor_of()
    floor.until_live()
    venue.release(4)
    floor.until(lambda: floor.feed.inspect()["book"]["malformed"] == 2)
    assert told_book(floor.stream()) == (bids, asks)
    venue.release()
    until_told(floor, venue.market.sent)


def test_a_time_far_ahead_of_its_capture_does_not_hold_up_what_follows(venue, floor_of):
    wrong = ten(START_NS + 10**18, *book(19_200, 2), recv=START_NS + 2)
    venue.market.sent = [
        ten(START_NS, traded=(19_200, 1, 0), flags=0), ten(START_NS + 1, *book(19_200)),
        wrong, ten(START_NS + 3, *book(19_200, 3)),
    ]  # fmt: skip
    floor = floor_of()
    floor.until_live()
    venue.release()
    until_told(floor, venue.market.sent)
    assert max(depth_times(floor.stream())) == START_NS + 3


def test_with_another_month_another_book_is_told(venue, floor_of):
    days = (ROLLED_NS - 86_400 * S, ROLLED_NS)
    venue.market.sent = [
        record
        for number, at_ns in enumerate(days)
        for id, middle in ((ESH4, 100), (ESM4, 300))
        for record in (ten(at_ns, traded=(middle + number, 1, 0), flags=0, instrument_id=id),
                       ten(at_ns + 1, *book(middle, 1 + number), instrument_id=id))
    ]  # fmt: skip
    venue.habits.clock_ns = ROLLED_NS - 86_400 * S
    floor = floor_of()
    floor.until_live()
    venue.release(4)
    until_told(floor, venue.market.sent[:4])
    venue.habits.clock_ns = ROLLED_NS - 1_800 * S
    floor.until_live(2)
    venue.release()
    until_told(floor, venue.market.sent, ESM4, "ESM4")
    contracts = [batch.contract for batch in floor.of(DepthBatch)]
    assert contracts == sorted(contracts)
    assert book(100, 2) != told_book(floor.stream(), "ESM4") == book(300, 2)


def test_an_error_that_is_not_fatal_leaves_the_book_as_it_is(venue, floor_of):
    floor = floor_of()
    floor.until_live()
    venue.release(10)
    until_told(floor, venue.market.sent[:10])
    venue.say(error(4, "Failed to resolve symbol: XX", START_NS))
    floor.until(lambda: floor.feed.figures.said)
    venue.release(10)
    until_told(floor, venue.market.sent[:20])
    assert floor.of(FeedLost) == []


def test_a_recorded_hour_is_on_the_stream_event_by_event_as_it_is_on_a_tape(
    tmp_path, connection
):
    sent = list(recorded_ten())
    prints = trades_in(sent)
    with gateway(Market(sent, schema="mbp-10")) as venue:
        floor = Floor(tmp_path, connection, venue.port, schema="mbp-10")
        floor.until_live()
        venue.pour()
        floor.until_trades(len(prints))
        until_told(floor, sent)
        sound(floor, sent)
        stream = floor.stream()
        floor.feed.close()
    first_ns, last_ns = prints[0].ts_event, prints[-1].ts_event
    found = [row for row in told_after(stream, first_ns) if row[0] <= last_ns]
    assert found == told_after(esh4(tmp_path, "ten"), first_ns)
    assert len(found) > 40_000
