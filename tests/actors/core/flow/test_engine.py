"""What the engine counts to a slice, to its book and to its session, and what it refuses."""

import pytest

from actors.core.flow.book import Touch
from tests.actors.core.flow.books import ASK, BID, make_depth, make_rule
from tests.actors.core.flow.engines import SECOND, START, bullish, engine_of, gold
from tests.makers import at, make_trades


def test_without_events_there_are_no_signals():
    engine = engine_of()
    assert engine.add_trades(make_trades()) == []
    assert engine.add_depth(make_depth()) == []
    assert engine.metrics is None


def test_a_slice_is_judged_by_the_first_event_at_its_end_and_not_before():
    book, trades = bullish()
    end = START + 50 * SECOND
    engine = engine_of()
    engine.add_depth(make_depth(book))
    early = [trade for trade in trades if trade[0] < end]
    assert engine.add_trades(make_trades(early)) == []
    assert engine.add_trades(make_trades([(end - 1, 401, "B", 10)])) == []
    (signal,) = engine.add_depth(make_depth([(end, BID, 300, 1)]))
    assert signal.ts_ns == end


def test_what_arrives_at_the_end_of_a_slice_is_not_part_of_it():
    engine = engine_of()
    engine.add_trades(make_trades([(START, 400, "B", 7), (START + 5 * SECOND, 400, "S", 9)]))
    assert (engine.metrics.buy_volume, engine.metrics.sell_volume) == (7, 0)
    assert engine.metrics.delta == 7


def test_changes_of_the_book_are_no_delta():
    engine = engine_of()
    changes = [(START + i, BID, 400, 1 + i % 2) for i in range(5_000)]
    engine.add_depth(make_depth([*changes, (START + 5 * SECOND, ASK, 402, 1)]))
    assert engine.metrics.delta == 0


def test_touch_and_depth_are_two_metrics():
    book = [(START, BID, 400, 90), (START, ASK, 401, 10), (START, ASK, 402, 80)]
    minutes = make_trades([(START + i * 60 * SECOND, 400, "B", 1) for i in range(3)])
    engine, touch = engine_of(), engine_of(make_rule(depth="touch"))
    for each in (engine, touch):
        each.add_depth(make_depth(book))
        each.add_trades(minutes)
    assert (engine.metrics.imbalance_ppm, engine.metrics.depth_ppm) == (800_000, 0)
    assert (touch.metrics.imbalance_ppm, touch.metrics.depth_ppm) == (800_000, None)


def test_a_quiet_weekend_is_one_slice_and_not_forty_thousand():
    friday, sunday = at("16:59:58", "2025-12-05"), at("18:00", "2025-12-07")
    engine = engine_of()
    engine.add_trades(make_trades([(friday, 400, "B", 5)]))
    engine.add_trades(make_trades([(sunday, 400, "S", 3)]))
    assert engine.slice_end_ns == sunday + 5 * SECOND
    assert (engine.metrics.delta, engine.metrics.intensity) == (5, 1.0)
    engine.add_trades(make_trades([(sunday + 5 * SECOND, 400, "S", 3)]))
    assert (engine.metrics.delta, engine.metrics.intensity) == (2, 1.0)


def test_the_delta_outlives_the_window_and_ends_with_the_session():
    engine = engine_of()
    morning = [(at("09:00") + i * 60 * SECOND, 400, "B", 10) for i in range(30)]
    engine.add_trades(make_trades([*morning, (at("09:30"), 400, "S", 1)]))
    assert engine.metrics.delta == 300
    engine.add_trades(make_trades([(at("09:30:05"), 400, "S", 1)]))
    assert engine.metrics.delta == -1
    engine.add_trades(make_trades([(at("11:00"), 400, "S", 1)]))
    engine.add_trades(make_trades([(at("12:00"), 400, "S", 1)]))
    assert engine.metrics.delta == -3


def test_late_trades_are_left_out_and_counted():
    engine = engine_of()
    engine.add_trades(make_trades([(START + 6 * SECOND, 400, "B", 1)]))
    engine.add_trades(make_trades([(START + 5 * SECOND - 1, 400, "B", 50)]))
    assert engine.late == 1
    engine.add_trades(make_trades([(START + 5 * SECOND, 399, "B", 2)]))
    engine.add_trades(make_trades([(START + 10 * SECOND, 400, "B", 1)]))
    assert (engine.late, engine.metrics.buy_volume) == (1, 3)


def test_a_late_change_of_the_book_is_made_and_counted():
    engine = engine_of()
    engine.add_trades(make_trades([(START + 6 * SECOND, 400, "B", 1)]))
    engine.add_depth(make_depth([(START, BID, 400, 5), (START + 8 * SECOND, BID, 400, 0)]))
    assert engine.late == 1
    engine.add_trades(make_trades([(START + 10 * SECOND, 400, "B", 1)]))
    # From the start of the open slice, 3 s of 60.
    assert engine.metrics.imbalance_ppm == 50_000


def test_while_the_book_is_lost_there_is_no_level_2_imbalance_and_with_its_first_change_there_is():
    book, trades = bullish()
    engine = engine_of()
    engine.add_depth(make_depth(book))
    engine.add_trades(make_trades(trades[:11]))
    assert engine.metrics.depth_ppm == 66_667  # 0.8 for 5 of the 60 seconds.
    engine.lose_book()
    engine.add_trades(make_trades(trades[11:21]))
    assert engine.metrics.depth_ppm is None
    again = START + 11 * SECOND
    engine.add_depth(make_depth([(again, BID, 390, 10), (again, ASK, 391, 30)]))
    engine.add_trades(make_trades(trades[21:31]))
    assert engine.metrics.depth_ppm == 33_333  # Less a half for 4 seconds, nothing in between.
    assert engine.book.book.touch == Touch(10, 30, 10, 30, 781)  # Nothing of the old one.


def test_a_book_that_nobody_knew_cannot_be_lost():
    engine = engine_of()
    engine.lose_book()
    assert engine.add_trades(make_trades(bullish()[1])) == []
    assert engine.metrics.depth_ppm == 0


def test_a_change_from_before_the_loss_and_the_slice_is_made_and_counted():
    book, trades = bullish()
    engine = engine_of()
    engine.add_depth(make_depth(book))
    engine.add_trades(make_trades(trades))
    engine.lose_book()
    engine.until(START + 70 * SECOND)
    assert engine.add_depth(make_depth([(START - SECOND, BID, 300, 7)])) == []
    assert (engine.late, engine.book.book.touch.bid_size) == (1, 7)
    engine.lose_book()
    assert engine.until(START + 80 * SECOND) == []
    assert engine.metrics.depth_ppm is None


def test_trades_without_a_size_are_refused_and_counted():
    engine = engine_of()
    rows = [(START, 400, "B", 0), (START + 1, 400, "B", 3), (START + 2, 400, "S", -4)]
    engine.add_trades(make_trades([*rows, (START + 5 * SECOND, 400, "B", 1)]))
    assert (engine.refused, engine.metrics.buy_volume, engine.metrics.sell_volume) == (2, 3, 0)


def test_a_change_of_contract_or_of_truth_needs_a_new_engine():
    engine = engine_of()
    with pytest.raises(ValueError, match="depth of ESH6"):
        engine.add_depth(make_depth([(START, BID, 400, 1)], contract="ESH6"))
    with pytest.raises(ValueError, match="simulated True"):
        engine.add_depth(make_depth([(START, BID, 400, 1)], simulated=True))


def test_a_cut_judges_the_slice_that_is_over_and_no_other():
    book, trades = bullish()
    end = START + 50 * SECOND
    engine = engine_of()
    engine.add_depth(make_depth(book))
    engine.add_trades(make_trades([trade for trade in trades if trade[0] < end]))
    assert engine.until(end - 1) == []
    (signal,) = engine.until(end)
    assert signal.ts_ns == end
    assert engine.until(end) == engine.until(end + 60 * SECOND) == []  # No slice is open.
    assert engine.add_trades(make_trades([(end - 1, 401, "B", 1)])) == []
    assert engine.late == 1  # The cut had promised that there was none.
    engine.add_trades(make_trades([(end, 401, "B", 1)]))
    assert engine.late == 1


def test_an_engine_without_events_has_no_slice_for_a_cut():
    assert engine_of().until(START) == []


def test_a_price_that_stands_eight_seconds_at_a_level_is_a_stay_though_nothing_happens():
    # Five seconds of the first slice, all of a short silence; of a long one eight and a slice.
    for quiet_s, wanted in ((6, 10), (13, 15), (20, 18), (3_600, 18)):
        engine = gold(liquidity=True)
        engine.add_trades(make_trades([(START, 400, "B", 1)]))
        engine.add_trades(make_trades([(START + quiet_s * SECOND, 400, "B", 1)]))
        engine.until(START + 7_200 * SECOND)
        assert engine.zones.visits[400].near == wanted
