"""The book among trades and cuts: in its place, told once, and whole again after every loss."""

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.market import live_book as limits
from actors.core.market.live_book import TOLD_NS, LiveBook
from actors.core.market.live_tape import LiveTape, end_of
from actors.core.market.months import Months
from actors.core.market.records import runs_of
from actors.core.market.rules import live_book
from protocol.databento_settings import DatabentoSettings
from protocol.market import Cut, DepthBatch, FeedLost, TradeBatch
from protocol.pattern_settings import FlowSettings
from protocol.settings import FeedSettings, Settings
from tests.actors.adapters.feeds.recordings import trades_from
from tests.actors.core.market.test_live_tape import FROM, S, rule_of
from tests.venues.databento.depth import QUARTER, book, book_in, depth_times, ten, told_book
from tests.venues.databento.records import ESH4, made

MONTHS = Months("ES")
MONTHS.add(ESH4, "ES.FUT", "ESH4")
SLICE = 5 * S


class Stream:
    """A stream laid as a feed does it: what comes is heard, then trades are laid among it."""

    def __init__(self, wanted: bool = True) -> None:
        self.tape = LiveTape(rule_of())
        self.book = LiveBook(wanted, SLICE, QUARTER)
        self.told: list = []
        self.now_ns = 0

    def come(self, *sent, trades=()) -> None:
        """Take in records, and trades at these instants that came with them."""
        for records in runs_of(b"".join(one.raw for one in sent)):
            self.book.add(records, MONTHS, "ESH4")
        laid = self.tape.add(trades_from(list(trades), 19_200, 1), "ESH4")
        self.told += self.book.among(laid)

    def clock(self, ts_ns: int) -> None:
        self.told += self.book.among(self.tape.clock(ts_ns))

    def look(self, later_ns: int = TOLD_NS) -> None:
        self.now_ns += later_ns
        self.told += self.book.due(self.now_ns, self.tape)

    def lose(self) -> None:
        self.told.append(FeedLost(contract="ESH4", reason="away"))
        self.book.begin_anew()

    def shape(self) -> list[tuple]:
        kinds = {TradeBatch: "T", DepthBatch: "D"}
        return [
            ("C", m.ts_ns - FROM) if isinstance(m, Cut)
            else (kinds[type(m)], *dict.fromkeys((times(m) - FROM).tolist()))
            for m in self.told
        ]  # fmt: skip


def times(message):
    return np.frombuffer(message.ts_event, "<i8")


def state(ts: int, number: int):
    return ten(FROM + ts, *book(19_200, 1 + number))


def test_a_change_waits_no_longer_than_it_must_and_stands_behind_the_trades_of_its_slice():
    stream = Stream()
    stream.come(state(1, 1), trades=[FROM + 1])
    stream.look(TOLD_NS - 1)
    assert stream.shape() == [("T", 1)]
    stream.look(1)
    stream.look()
    assert stream.shape() == [("T", 1), ("D", 1)]


def test_all_of_a_slice_stands_before_the_first_trade_of_the_next():
    stream = Stream()
    sent = [state(ts, n) for n, ts in enumerate((1, SLICE - 1, SLICE, SLICE + 2))]
    stream.come(*sent, trades=[FROM + 1, FROM + SLICE, FROM + SLICE + 1])
    stream.look()
    assert stream.shape() == [
        ("T", 1), ("D", 1, SLICE - 1), ("T", SLICE, SLICE + 1), ("D", SLICE, SLICE + 2),
    ]  # fmt: skip


@pytest.mark.parametrize(("ts", "waits"), [(300 * S - 1, False), (300 * S, True)])
def test_a_change_at_the_end_of_the_open_bar_waits_and_a_nanosecond_earlier_does_not(ts, waits):
    stream = Stream()
    stream.come(trades=[FROM + 1])
    stream.come(state(ts, 1))
    stream.look()
    assert (stream.book.waiting > 0) == waits
    stream.clock(FROM + 300 * S + S // 2 - 1)
    assert (stream.book.waiting > 0) == waits
    stream.clock(FROM + 300 * S + S // 2)
    stream.look()
    order = [("C", 300 * S), ("D", ts)] if waits else [("D", ts), ("C", 300 * S)]
    assert stream.shape() == [("T", 1), *order]


def test_a_trade_behind_the_end_of_a_bar_brings_what_is_before_it_with_the_cut():
    stream = Stream()
    stream.come(trades=[FROM + 1])
    sent = [state(ts * S, ts) for ts in (299, 300, 301)]
    stream.come(*sent, trades=[FROM + 302 * S])
    stream.look()
    assert stream.shape() == [
        ("T", 1), ("D", 299 * S), ("C", 300 * S), ("T", 302 * S), ("D", 300 * S, 301 * S),
    ]  # fmt: skip


def test_where_too_much_waits_no_cut_is_waited_for(monkeypatch):
    stream = Stream()
    stream.come(trades=[FROM + 1])
    monkeypatch.setattr(limits, "WAITING_MAX", 20)
    stream.come(state(300 * S, 1))
    stream.look()
    assert stream.book.waiting == 20
    stream.come(state(300 * S + 1, 2))
    stream.look()
    assert stream.book.waiting == 0


def test_what_is_older_than_what_was_told_is_told_as_one_book_as_of_then():
    stream = Stream()
    stream.come(*(state(n, n) for n in range(1, 9)), trades=[FROM + 1])
    stream.look()
    stream.lose()
    stream.come(*(state(n, n) for n in range(3, 12)))
    stream.look()
    (again,) = stream.told[-1:]
    assert sorted(set(times(again) - FROM)) == [8, 9, 10, 11]
    assert (times(again) == FROM + 8).sum() == 2 * 20  # That before it as of then, and its own.
    assert told_book(stream.told) == book(19_200, 12)


def test_what_waits_is_dropped_with_the_loss():
    stream = Stream()
    stream.come(state(1, 1), trades=[FROM + 1])
    stream.lose()
    stream.look()
    assert (stream.book.waiting, told_book(stream.told)) == (0, ([], []))


def test_a_new_life_goes_on_behind_the_last_change_of_the_stream():
    stream = Stream()
    stream.come(state(5, 1), trades=[FROM + 1])
    stream.look()
    again = Stream()
    again.book.resume(end_of(reversed(stream.told), rule_of()))
    assert again.book.told_ns == FROM + 5
    again.come(state(3, 2))
    again.look()
    assert set(depth_times(again.told)) == {FROM + 5}
    fresh = Stream()
    fresh.book.resume([])
    assert fresh.book.told_ns == 0


def test_records_of_other_kinds_and_of_nobody_bring_nothing():
    stream = Stream()
    trades = next(runs_of(made(1)[0].raw))
    stream.book.add(trades, MONTHS, "ESH4")
    stream.book.add(None, MONTHS, "ESH4")
    stream.come(ten(FROM, *book(5), instrument_id=9))
    stream.look()
    assert (stream.told, stream.book.waiting) == ([], 0)
    silent = Stream(wanted=False)
    silent.come(state(1, 1), trades=[FROM + 1])
    silent.look()
    assert silent.shape() == [("T", 1)]


def test_a_burst_is_looked_at_before_it_grows_without_limit(monkeypatch):
    monkeypatch.setattr(limits, "ROWS_MAX", 3)
    stream = Stream()
    stream.come(*(state(n, n) for n in range(8)))
    assert stream.book.shown()["events"] == 8
    stream.look()
    assert told_book(stream.told) == book(19_200, 8)


def test_what_is_wrong_is_counted_over_all_books():
    stream = Stream()
    bids, asks = book(19_200)
    for _ in range(2):
        stream.come(ten(FROM, bids[::-1], asks))
        stream.look()
        stream.lose()
    assert stream.book.shown()["malformed"] == 2


@pytest.mark.parametrize(("schema", "depth", "wanted"), [
    ("mbp-10", "ten", True), ("mbp-10", "none", False), ("mbo", "ten", False),
    ("trades", "ten", False),
])  # fmt: skip
def test_the_settings_say_whether_there_is_a_book(schema, depth, wanted):
    made_book = live_book(Settings(
        databento=DatabentoSettings(schema=schema),
        feed=FeedSettings(depth=depth, symbol="NQ"), flow=FlowSettings(step_s=3),
    ))  # fmt: skip
    assert (made_book.wanted, made_book.slice_ns) == (wanted, 3 * S)
    assert made_book.tick_billionths == QUARTER


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(("book", "book", "trade", "look", "clock", "lose", "again")),
        st.sampled_from((0, 1, S, 40 * S, 299 * S)),
        st.integers(0, 3),
    ),
    max_size=30,
)


@given(EVENTS, st.integers(1, 4))
@settings(deadline=None)
def test_whatever_comes_the_stream_ends_with_the_last_book_and_all_stands_in_its_place(
    events, together
):
    """A slow look at the whole stream: `together` records come in one piece."""
    stream, ts, sent, pieces = Stream(), FROM + 1, [], []
    stream.come(trades=[ts])
    last: list = []
    for kind, step, number in events:
        ts += step
        if kind in ("book", "trade"):
            one = ten(ts, *book(19_200 + number, 1 + number))
            sent.append(one)
            pieces.append((one, [ts] if kind == "trade" else []))
        if kind not in ("book", "trade") or len(pieces) == together:
            last = come(stream, pieces) or last
            pieces = []
        if kind == "look":
            stream.look()
        elif kind == "clock":
            stream.clock(ts)
        elif kind == "lose":
            stream.lose()
            last = []
        elif kind == "again" and not last:  # After a loss some of it is sent again.
            stream.come(*sent[-5:])
            last = sent[-1:]
    last = come(stream, pieces) or last
    stream.clock(ts + 3_600 * S)
    stream.look()
    assert told_book(stream.told) == book_in(last)
    assert depth_times(stream.told) == sorted(depth_times(stream.told))
    check_places(stream.told)


def come(stream: Stream, pieces: list) -> list:
    """Let records come together; return the last of them."""
    stream.come(*(one for one, _ in pieces), trades=[ts for _, at in pieces for ts in at])
    return [one for one, _ in pieces][-1:]


def check_places(told: list) -> None:
    """Around every cut, and slice by slice, each change stands on its side."""
    laid = [m for m in told if not isinstance(m, FeedLost)]
    for place, message in enumerate(laid):
        if isinstance(message, Cut):
            before = [int(times(m).max()) for m in laid[:place] if not isinstance(m, Cut)]
            behind = [int(times(m).min()) for m in laid[place:] if not isinstance(m, Cut)]
            assert max(before, default=0) < message.ts_ns <= min(behind, default=2**62)
    parts = [times(m) // SLICE for m in laid if not isinstance(m, Cut)]
    numbers = [number for part in parts for number in part.tolist()]
    assert numbers == sorted(numbers)


def test_a_slice_that_the_property_looks_at_can_fail():
    stream = Stream()
    stream.come(state(1, 1), trades=[FROM + 1])
    stream.look()
    check_places(stream.told)
    stream.come(trades=[FROM + SLICE])
    stream.come(state(2, 2))  # Too late, by more than the order of one session allows.
    stream.look()
    with pytest.raises(AssertionError):
        check_places(stream.told)
    assert [kind for kind, _ in groupby(stream.shape(), lambda one: one[0])] == [*"TDTD"]


@pytest.mark.parametrize("laid", [(300 * S, ("C", 300 * S)), (SLICE, ("T", SLICE))])
def test_what_is_sent_again_from_before_the_last_cut_or_slice_is_told_as_of_that(laid):
    ns, told = laid
    stream = Stream()
    stream.come(state(1, 1), trades=[FROM + 1])
    stream.look()
    if told[0] == "C":
        stream.clock(FROM + ns + S)
    else:
        stream.come(trades=[FROM + ns])
    stream.lose()
    stream.come(state(2, 2), state(ns - 1, 3), state(ns + 1, 4))
    stream.told = [m for m in stream.told if not isinstance(m, FeedLost)]
    stream.look()
    assert stream.shape() == [("T", 1), ("D", 1), told, ("D", ns, ns + 1)]
