"""The round trips of a replay: corrected ones once, and how far the market went in each."""

import io

import pytest
from rich.console import Console

from actors.adapters.books import MemoryBooks
from actors.core.columns import batch_of
from actors.core.orders.excursions import Extremes
from ops.report import price_text, show_trips
from ops.round_trips import (
    ExcursionShell,
    Reach,
    RoundTrip,
    extremes_over,
    open_trips,
    reach_over,
    trips_of,
)
from protocol.instruments import instrument
from protocol.market import Cut, CutReason
from protocol.orders import BracketEnded, ExitReason
from protocol.patterns import Direction
from tests.actors.core.risk.accounts import make_changed
from tests.makers import CONTRACT, at, make_closed, make_opened, make_trades


def batch(*rows):
    """Return a batch of (clock, price)."""
    trades = make_trades([(at(clock), price, "B", 1) for clock, price in rows])
    return batch_of(trades, CONTRACT, simulated=False)


def cut(number, clock):
    return Cut(number=number, ts_ns=at(clock), reason=CutReason.BAR)


TAPE = [
    batch(("10:04", 10), ("10:05:01", 20_000), ("10:06", 19_997)),
    cut(1, "10:10"),
    batch(("10:12", 20_009)),
    cut(2, "10:15"),
    batch(("10:16", 20_003), ("10:20", 20_024), ("10:21", 30_000)),
    cut(3, "10:25"),
]
TRIP = make_closed()
WENT = Extremes(19_997, 20_024)


def test_the_extremes_of_a_trip_are_those_of_the_tape_between_its_fills():
    other = make_closed(bracket_id="b", opened_ns=at("10:12"), ts_ns=at("10:16"))
    assert extremes_over(TAPE, [TRIP, other]) == {
        "bracket-1": WENT, "b": Extremes(20_003, 20_009),
    }  # fmt: skip


def test_a_shell_that_looks_on_finds_the_same():
    watch = ExcursionShell()
    told = {0: [make_opened()], 4: [TRIP]}
    for number, message in enumerate(TAPE):
        (watch.on_feed_cut if isinstance(message, Cut) else watch.on_trades)(message)
        for fact in told.get(number, ()):
            (watch.on_closed if fact is TRIP else watch.on_opened)(fact)
    assert watch.watched.done == {"bracket-1": WENT}


def test_a_trip_that_was_corrected_is_one_trip_with_its_last_figures():
    books = MemoryBooks()
    second = make_closed(bracket_id="b")
    corrected = make_closed(pnl_cents=1)
    for seq, trip in enumerate((TRIP, second, corrected), 1):
        books.add("desk", seq, trip)
    books.commit()
    assert trips_of(books) == [corrected, second]


def kept(*facts):
    """Return books of a desk that told `facts`."""
    books = MemoryBooks()
    for seq, fact in enumerate(facts, 1):
        books.add("desk", seq, fact)
    books.commit()
    return books


END = TAPE[:4]  # The last trade is at 20,009.
SHORT = {"direction": Direction.SHORT}


@pytest.mark.parametrize(("side", "cents"), [({}, 9 * 1_250), (SHORT, -9 * 1_250)])
def test_a_position_held_at_the_end_is_marked_at_the_last_price_and_is_no_round_trip(side, cents):
    books = kept(make_opened(**side))
    (trip,) = open_trips(books, reach_over(END, books))
    assert (trip.mark, trip.opened_ns) == (20_009, at("10:05:01"))
    assert (trip.unrealised_cents, trip.net_cents) == (cents, cents - 225)
    assert trip.extremes == Extremes(19_997, 20_009)
    far = (trip.extremes.mae_ticks(trip.held), trip.extremes.mfe_ticks(trip.held))
    assert far == ((-9, 3) if side else (-3, 9))
    assert trips_of(books) == []


def test_what_is_over_is_not_open_and_the_other_way_round():
    books = kept(make_opened(), TRIP, make_opened(bracket_id="b", ts_ns=at("10:16")))
    assert trips_of(books) == [TRIP]
    reach = reach_over(TAPE, books)
    assert [trip.held.bracket_id for trip in open_trips(books, reach)] == ["b"]
    assert (dict(reach.done), dict(reach.going)) == (
        {"bracket-1": WENT}, {"b": Extremes(20_003, 30_000)},
    )  # fmt: skip


def test_of_a_part_that_is_still_held_the_rest_has_earned_what_it_has():
    part = make_changed(quantity=1, entry_sum=20_000, realised_cents=5_000)
    books = kept(make_opened(quantity=2, entry_sum=40_000), part)
    (trip,) = open_trips(books, reach_over(END, books))
    assert (trip.held, trip.opened_ns) == (part, at("10:05:01"))
    assert (trip.unrealised_cents, trip.net_cents) == (11_250, 16_250)


def test_a_round_trip_that_a_correction_opens_again_is_open():
    books = kept(make_opened(), TRIP, make_changed(quantity=1, entry_sum=20_000))
    assert trips_of(books) == []
    assert len(open_trips(books, Reach())) == 1


def test_what_a_person_gave_up_or_what_came_to_nothing_is_not_held():
    ended = BracketEnded(
        bracket_id="bracket-1", contract=CONTRACT, ts_ns=at("10:06"), reason="", rejected=False
    )
    assert open_trips(kept(make_opened(), ended), Reach()) == []
    assert open_trips(kept(make_opened(), make_changed(quantity=0, entry_sum=0)), Reach()) == []


@pytest.mark.parametrize(
    ("contract", "mark", "cents"),
    [("ESZ5", 20_009, 11_250), ("MESZ5", 20_009, 1_125), ("ESH6", None, None)],
)
def test_the_mark_is_of_the_contract_or_of_its_full_sized_one_and_of_no_other(
    contract, mark, cents
):
    books = kept(make_opened(contract=contract))
    (trip,) = open_trips(books, reach_over(END, books))
    assert (trip.mark, trip.unrealised_cents) == (mark, cents)
    assert (trip.net_cents is None) == (cents is None)


def test_where_both_sizes_are_traded_the_later_price_is_the_mark():
    other = batch_of(make_trades([(at("10:13"), 20_003, "B", 1)]), "MESZ5", simulated=False)
    books = kept(make_opened())
    for tape, mark in (([*END, other], 20_003), ([*END, other, batch(("10:14", 20_007))], 20_007)):
        assert [trip.mark for trip in open_trips(books, reach_over(tape, books))] == [mark]


def test_a_shell_that_looks_on_knows_what_is_open_too():
    watch = ExcursionShell()
    watch.on_trades(END[0])
    watch.on_opened(make_opened())
    watch.on_feed_cut(END[1])
    watch.on_trades(END[2])
    books = kept(make_opened())
    assert open_trips(books, watch.reach) == open_trips(books, reach_over(END, books))


def printed(*trips):
    out = io.StringIO()
    show_trips(trips, Console(file=out, width=60))
    return out.getvalue()


def test_a_round_trip_is_printed_with_its_fills_its_reach_its_fees_and_its_result():
    row = printed(RoundTrip(TRIP, WENT)).splitlines()[-1].split()
    assert row == [
        "2025-12-02", "10:05:01", "long", "1", "5000.00", "5006.00", "10:20:00", "target",
        "-3", "24", "4.50", "295.50",
    ]  # fmt: skip


def test_a_trip_at_two_prices_is_printed_with_its_average_and_never_cut_off():
    trip = make_closed(
        direction=Direction.SHORT, quantity=2, entry_sum=40_001, exit_sum=40_048,
        reason=ExitReason.HALT_FLATTEN, pnl_cents=-123_456_789,
    )  # fmt: skip
    (row,) = printed(RoundTrip(trip, None)).splitlines()[-1:]
    assert row.split() == [
        "2025-12-02", "10:05:01", "short", "2", "5000.1250", "5006.00", "10:20:00",
        "halt_flatten", "4.50", "-1,234,567.89",
    ]  # fmt: skip


def test_an_open_position_is_printed_without_an_exit_and_with_what_it_is_worth():
    books = kept(make_opened())
    (trip,) = open_trips(books, reach_over(END, books))
    assert printed(trip).splitlines()[-1].split() == [
        "2025-12-02", "10:05:01", "long", "1", "5000.00", "5002.25", "open", "-3", "9", "2.25",
        "110.25",
    ]  # fmt: skip
    (bare,) = open_trips(books, Reach())
    assert printed(bare).splitlines()[-1].split() == [
        "2025-12-02", "10:05:01", "long", "1", "5000.00", "open", "2.25",
    ]  # fmt: skip


def test_without_round_trips_nothing_is_printed():
    assert printed() == ""


@pytest.mark.parametrize(
    ("symbol", "total", "size", "text"),
    [("ES", 23_061, 1, "5765.25"), ("ES", 46_123, 2, "5765.3750"), ("YM", 3, 2, "1.50"),
     ("6E", 3, 1, "0.00015"), ("ES", 0, 1, "0.00")],
)  # fmt: skip
def test_a_price_has_the_decimals_of_its_tick_and_an_average_two_more(symbol, total, size, text):
    assert price_text(total, size, instrument(symbol).tick) == text
