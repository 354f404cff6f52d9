"""The round trips of a replay: corrected ones once, and how far the market went in each."""

import io

import pytest
from rich.console import Console

from actors.adapters.books import MemoryBooks
from actors.core.columns import batch_of
from actors.core.orders.excursions import Extremes
from ops.report import price_text, show_trips
from ops.round_trips import ExcursionShell, RoundTrip, extremes_over, trips_of
from protocol.instruments import instrument
from protocol.market import Cut, CutReason
from protocol.orders import ExitReason
from protocol.patterns import Direction
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


def test_without_round_trips_nothing_is_printed():
    assert printed() == ""


@pytest.mark.parametrize(
    ("symbol", "total", "size", "text"),
    [("ES", 23_061, 1, "5765.25"), ("ES", 46_123, 2, "5765.3750"), ("YM", 3, 2, "1.50"),
     ("6E", 3, 1, "0.00015"), ("ES", 0, 1, "0.00")],
)  # fmt: skip
def test_a_price_has_the_decimals_of_its_tick_and_an_average_two_more(symbol, total, size, text):
    assert price_text(total, size, instrument(symbol).tick) == text
