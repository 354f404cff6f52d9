"""The book on a tape: changes behind the trades of their slot, never across a cut, told once."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.adapters.feeds.depth import Depths, with_depth
from actors.adapters.feeds.tape import TapeRule, tape
from actors.core.book import changes
from actors.core.book.changes import CHANGES_MAX, LevelBook, changes_in
from actors.core.book.records import LAST, LEVELS, NO_PRICE, TenLevels
from protocol.market import BarWarm, Cut, DepthBatch, TradeBatch
from protocol.pattern_settings import FlowSettings
from protocol.series import BarKind, Series
from protocol.settings import BarSettings, FeedSettings
from protocol.units import NANOS_PER_MS, NANOS_PER_S
from tests.actors.adapters.feeds.recordings import Chunks, all_trades, trades_from
from tests.makers import at, make_bar

START = at("10:04:58")
RULE = TapeRule(series=(Series(BarKind.TIME, 300),), split=True, batch_trades_max=1_000)
PATH = Path("book.dbn")


def levels(*rows, flags=LAST):
    """Rows of (instant, contracts at the best bid, 0 for no level), each a whole book."""
    price = np.full((len(rows), 2, LEVELS), NO_PRICE, np.int64)
    size, orders = np.zeros_like(price), np.zeros_like(price)
    for number, (_, contracts) in enumerate(rows):
        price[number, :, 0] = (100, 101)
        size[number, :, 0] = (contracts, 7)
        orders[number, :, 0] = (1, 1)
    return TenLevels(
        ts_event=np.array([ts for ts, _ in rows], np.int64),
        flags=np.full(len(rows), flags, np.uint8),
        sequence=np.zeros(len(rows), np.int64),
        price=price,
        size=size,
        orders=orders,
    )


def laid(trades, *files, rule=RULE, contract="ESU3"):
    """Return the tape of trades beside files of (first instant, rows ...)."""
    told = {Path(str(number)): rows for number, (_, *rows) in enumerate(files)}
    depths = Depths(lambda path, _contract, _at_ns: iter(told[path]))
    for number, (from_ns, *_) in enumerate(files):
        depths.add(Path(str(number)), contract, False, from_ns)
    source = Chunks(*trades, contract=contract)
    return list(with_depth(tape(source, rule), depths, rule))


def shape(messages):
    """Trades and changes by their instants since the start, a cut by its own alone."""
    told = {TradeBatch: "T", DepthBatch: "D"}
    return [
        ("C", message.ts_ns - START) if isinstance(message, Cut)
        else (told[type(message)], *(np.frombuffer(message.ts_event, "<i8") - START).tolist())
        for message in messages
    ]  # fmt: skip


def bids(messages):
    """The changes of the bid as (instant since the start, contracts)."""
    parts = [changes_in(message) for message in messages if isinstance(message, DepthBatch)]
    return [
        (int(part.ts_event[row]) - START, int(part.size[row]))
        for part in parts
        for row in np.flatnonzero(part.side == 1).tolist()
    ]


def test_a_change_at_the_instant_of_a_trade_stands_behind_it_and_before_the_next_slot():
    trades = trades_from([START, START + NANOS_PER_S], 100)
    rows = levels((START, 5), (START + NANOS_PER_S - 1, 6), (START + NANOS_PER_S, 7))
    assert shape(laid([trades], (START, rows))) == [
        ("T", 0),
        ("D", 0, 0, NANOS_PER_S - 1),
        ("T", NANOS_PER_S),
        ("D", NANOS_PER_S),
        ("C", NANOS_PER_S + 1),
    ]


def test_a_cut_has_before_it_what_is_a_nanosecond_earlier_and_nothing_of_its_own_instant():
    cut = at("10:05") - START  # The end of a bar; within a slot of three seconds.
    rule = dataclasses.replace(RULE, slice_ns=7 * NANOS_PER_S)
    trades = trades_from([START, START + cut], 100)
    rows = levels((START, 5), (START + cut - 1, 6), (START + cut, 7), (START + cut + 1, 8))
    assert shape(laid([trades], (START, rows), rule=rule)) == [
        ("T", 0),
        ("D", 0, 0, cut - 1),
        ("C", cut),
        ("T", cut),
        ("D", cut),  # A nanosecond later there is no trade any more.
        ("C", cut + 1),
    ]


def test_what_is_before_the_first_trade_is_summed_up_to_the_book_at_it():
    trades = trades_from([START, START + 9], 100)
    rows = levels((START - 9, 3), (START - 2, 4), (START - 1, 5), (START, 6), (START + 9, 7))
    messages = laid([trades], (START, rows))
    assert shape(messages)[0] == ("T", 0, 9)  # A tape begins with trades.
    assert bids(messages) == [(0, 5), (0, 6), (9, 7)]


def test_an_event_that_is_not_over_before_the_first_trade_is_no_book():
    rows = levels((START - 2, 4), (START - 1, 5), (START + 1, 6))
    flags = rows.flags.copy()
    flags[1] = 0
    messages = laid([trades_from([START, START + 1], 100)],
                    (START, dataclasses.replace(rows, flags=flags)))  # fmt: skip
    assert bids(messages) == [(0, 4), (1, 6)]


def test_what_is_behind_the_last_trade_is_left_out():
    messages = laid([trades_from([START], 100)], (START, levels((START, 5), (START + 1, 6))))
    assert shape(messages) == [("T", 0), ("D", 0, 0), ("C", 1)]


def test_changes_between_trades_far_apart_come_slot_by_slot():
    trades = trades_from([START, START + 4 * NANOS_PER_S - 1], 100)
    late = [START + NANOS_PER_S, START + NANOS_PER_S + 1, START + 3 * NANOS_PER_S - 1]
    rows = levels((START, 5), *((ts, 6 + n) for n, ts in enumerate(late)))
    rule = dataclasses.replace(RULE, series=(Series(BarKind.TICK, 900),))
    found = shape(laid([trades], (START, rows), rule=rule))
    assert found[:4] == [
        ("T", 0),
        ("D", 0, 0),
        ("D", NANOS_PER_S, NANOS_PER_S + 1),
        ("D", 3 * NANOS_PER_S - 1),
    ]
    assert [kind for kind, *_ in found[4:]] == ["T", "C"]


def test_with_a_clock_a_slot_is_no_longer_than_a_batch_and_ends_with_its_slice():
    rule = dataclasses.replace(RULE, batch_ns=600 * NANOS_PER_MS)
    steps = [0, 599, 600, 999, 1_000]
    trades = trades_from([START + step * NANOS_PER_MS for step in steps], 100)
    found = shape(laid([trades], (START, levels((START, 5))), rule=rule))
    assert [message[1:] for message in found if message[0] == "T"] == [
        (0, 599 * NANOS_PER_MS),
        (600 * NANOS_PER_MS, 999 * NANOS_PER_MS),
        (1_000 * NANOS_PER_MS,),
    ]


def test_a_file_that_follows_tells_what_is_different_at_its_first_trade():
    trades = trades_from([START, START + 5, START + 6], 100)
    first = levels((START, 5), (START + 3, 6), (START + 6, 9))  # Its last is of the second's time.
    second = levels((START - 8, 1), (START + 4, 6), (START + 5, 8))
    messages = laid([trades], (START, first), (START + 5, second))
    assert bids(messages)[:2] == [(0, 5), (3, 6)]
    assert bids(messages)[-1] == (6, 8)
    ask = [changes_in(found).side.tolist() for found in messages if isinstance(found, DepthBatch)]
    assert sum(side.count(2) for side in ask) == 1  # It never changed, so it is told once.


def test_another_contract_has_a_book_of_its_own_and_the_end_of_the_first_is_told():
    chunks = [
        *Chunks(trades_from([START], 100), contract="ESU3"),
        *Chunks(trades_from([START + 9], 100), contract="ESZ3"),
    ]
    books = {"ESU3": levels((START, 5), (START + 1, 6)), "ESZ3": levels((START + 2, 5))}
    depths = Depths(lambda _path, contract, _at_ns: iter([books[contract]]))
    depths.add(PATH, "ESU3", False, START)
    depths.add(PATH, "ESZ3", False, START + 9)
    messages = list(with_depth(tape(chunks, RULE), depths, RULE))
    batches = [message for message in messages if isinstance(message, DepthBatch)]
    assert [batch.contract for batch in batches] == ["ESU3", "ESZ3"]
    assert bids(messages) == [(0, 5), (9, 5)]


@pytest.mark.parametrize("begun", [False, True])
def test_trades_without_a_book_travel_as_they_are(begun):
    messages = list(tape(Chunks(trades_from([START, START + NANOS_PER_S], 100)), RULE))
    depths = Depths(lambda *_: None)
    if begun:
        depths.add(PATH, "ESU3", False, START)
    told = list(with_depth(iter(messages), depths, RULE))
    assert all(one is other for one, other in zip(told, messages, strict=True))


def test_trades_that_no_file_began_do_not_take_the_book_from_those_that_follow():
    depths = Depths(lambda *_: iter([levels((START, 5))]))
    depths.add(PATH, "ESZ3", False, START)
    assert depths.of("ESU3", False) is None
    assert depths.of("ESZ3", True) is None
    assert depths.of("ESZ3", False) is not None


def test_bars_of_the_past_stay_in_front():
    warm = BarWarm(bar=make_bar())
    depths = Depths(lambda *_: iter([levels((START, 5))]))
    depths.add(PATH, "ESU3", False, START)
    messages = [warm, *tape(Chunks(trades_from([START], 100)), RULE)]
    assert next(with_depth(iter(messages), depths, RULE)) is warm


@pytest.mark.parametrize(("more", "counts"), [(-3, [-1]), (-2, [0]), (-1, [0, 1])])
def test_a_batch_holds_so_many_changes_and_no_more(more, counts):
    # The first row tells two levels, each other one.
    rows = levels(*((START + n, 5 + n % 2) for n in range(CHANGES_MAX + more + 1)))
    trades = trades_from([START, START + NANOS_PER_MS], 100)
    messages = laid([trades], (START, rows))
    found = [len(message) for message in messages if isinstance(message, DepthBatch)]
    assert found == [CHANGES_MAX + counts[0], *counts[1:]]


@pytest.mark.parametrize(("limit", "counts"), [(1, [2, 1, 1]), (2, [2, 2]), (3, [3, 1])])
def test_an_event_of_more_than_fits_stays_whole(monkeypatch, limit, counts):
    monkeypatch.setattr(changes, "CHANGES_MAX", limit)
    rows = levels((START, 5), (START + 1, 6), (START + 2, 7))
    messages = laid([trades_from([START, START + 2], 100)], (START, rows))
    assert [len(found) for found in messages if isinstance(found, DepthBatch)] == counts


def test_slices_are_those_of_the_metrics_also_where_these_are_off():
    rule = TapeRule.of(FeedSettings(), BarSettings(), FlowSettings(step_s=3))
    assert (rule.slice_ns, rule.step_ns) == (3 * NANOS_PER_S, 0)


MOMENTS = st.lists(st.integers(0, 700).map(lambda n: START + n * 10 * NANOS_PER_MS), min_size=1)


@given(MOMENTS, MOMENTS, st.integers(1, 50), st.sampled_from((0, 3, 7)), st.integers(1, 5))
def test_however_cut_all_is_told_in_order_of_its_slot(traded, changed, chunk, tenths, most):
    traded, changed = sorted(traded), sorted(changed)
    rule = dataclasses.replace(
        RULE, batch_ns=tenths * 100 * NANOS_PER_MS, batch_trades_max=most
    )
    rows = [(ts, 1 + n % 3) for n, ts in enumerate(changed)]
    parts = [levels(*rows[n : n + chunk]) for n in range(0, len(rows), chunk)]
    messages = laid([trades_from(traded, 100)], (traded[0], *parts), rule=rule)
    assert all_trades(messages).ts_event.tolist() == traded
    told, wanted = bids(messages), plain(rows, traded[0], traded[-1])
    assert [one for one in told if one[0] > traded[0] - START] == [
        one for one in wanted if one[0] > traded[0] - START
    ]
    book = LevelBook()
    for message in messages:
        if isinstance(message, DepthBatch):
            book.apply(changes_in(message))
    assert [size for _, size, _ in book.bids.best(1)] == [size for _, size in wanted[-1:]]
    ordered(messages, rule)


def plain(rows, from_ns, until_ns):
    """The slow way: the bid wherever it differs, from the first trade to the last."""
    found, last = [], None
    early = [(from_ns, size) for ts, size in rows if ts < from_ns][-1:]
    for ts, size in early + [row for row in rows if from_ns <= row[0] <= until_ns]:
        if size != last:
            found.append((ts - START, size))
        last = size
    return found


def ordered(messages, rule):
    """No slot begins before all of the one before is told; cuts stand where they say."""
    slot_ns = min(rule.batch_ns or rule.slice_ns, rule.slice_ns)
    done = (0, 0, "T")
    cut_ns = latest = 0
    for message in messages:
        if isinstance(message, Cut):
            assert latest < message.ts_ns
            cut_ns, done = message.ts_ns, (done[0], done[1], "")
            continue
        instants = np.frombuffer(message.ts_event, "<i8").tolist()
        assert cut_ns <= instants[0] and instants == sorted(instants)
        slots = {(ts // rule.slice_ns, ts % rule.slice_ns // slot_ns) for ts in instants}
        assert len(slots) == 1
        kind = "T" if isinstance(message, TradeBatch) else "U"  # Trades before changes.
        assert (*slots.copy().pop(), kind) >= done
        done, latest = (*slots.pop(), kind), instants[-1]
