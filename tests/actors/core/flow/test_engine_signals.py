"""What the engine says at the end of a slice, and what keeps it from saying so."""

import pytest

from actors.core.flow.exits import flow_exit
from actors.core.flow.score import score
from protocol.market import SideSource
from protocol.patterns import Direction, Pattern
from protocol.signals import FlowTurned, SignalRaised
from tests.actors.core.flow.books import ASK, BID, make_depth, make_rule
from tests.actors.core.flow.engines import SECOND, START, bullish, engine_of, feed, gold
from tests.makers import CONTRACT, at, make_trades


def test_buying_into_a_heavy_bid_raises_flow_buying_at_the_end_of_a_slice():
    book, trades = bullish()
    engine = engine_of()
    assert engine.add_depth(make_depth(book)) == []
    (signal,) = engine.add_trades(make_trades(trades))
    assert (signal.pattern, signal.direction) == (Pattern.FLOW_BUYING, Direction.LONG)
    # A ratio of 0.8 needs 45 of the 60 seconds for a mean of 0.60, which does not count yet.
    assert signal.ts_ns == START + 50 * SECOND
    assert (signal.strength_ppm, signal.confidence_ppm) == (666_667, 750_000)
    assert signal.detail == (
        "imbalance ratio +0.67, aggressive ratio +1.00, level-2 imbalance +0.67,"
        " intensity 100 a minute, 500.00 dollars at risk"
    )
    assert (signal.stop_ticks, signal.target_ticks) == (40, 80)  # Of ES.
    assert (signal.series, signal.contract, signal.last_price) == ("trades", CONTRACT, 401)
    assert (signal.ref_price, signal.zone_low, signal.zone_high) == (401, 401, 401)
    assert not signal.synthetic and not signal.low_quality


def test_selling_into_a_heavy_ask_is_the_same_upside_down():
    book, trades = bullish()
    mirrored_book = [(ts, BID + ASK - side, 801 - price, size) for ts, side, price, size in book]
    mirrored = [(ts, 801 - price, "S", size) for ts, price, _, size in trades]
    long, short = engine_of(), engine_of()
    long.add_depth(make_depth(book))
    short.add_depth(make_depth(mirrored_book))
    (up,), (down,) = long.add_trades(make_trades(trades)), short.add_trades(make_trades(mirrored))
    assert (down.pattern, down.direction) == (Pattern.FLOW_SELLING, Direction.SHORT)
    assert (down.ts_ns, down.strength_ppm, down.confidence_ppm) == (
        up.ts_ns, up.strength_ppm, up.confidence_ppm,
    )  # fmt: skip
    assert up.id != down.id


def test_without_a_trade_there_is_no_price_and_no_signal():
    rule = make_rule(confidence_min=0.4)
    book, _ = bullish()
    engine = engine_of(rule)
    last = (START + 70 * SECOND, BID, 300, 1)
    assert engine.add_depth(make_depth([*book, last])) == []
    assert engine.add_depth(make_depth([(START + 75 * SECOND, BID, 300, 2)])) == []
    assert score(engine.metrics, rule).confidence_ppm == 450_000


@pytest.mark.parametrize(("unknown", "low"), [(249, False), (250, False), (251, True)])
def test_more_than_a_fifth_of_unknown_sides_is_low_quality(unknown, low):
    book, trades = bullish()
    engine = engine_of()
    engine.add_depth(make_depth(book))
    # A hundred buys of ten contracts until second 50.
    nobody = make_trades([(START, 401, "U", unknown)], source=SideSource.NONE)
    assert engine.add_trades(nobody) == []
    (signal,) = engine.add_trades(make_trades(trades))
    assert signal.low_quality is low
    assert "aggressive ratio +1.00" in signal.detail


@pytest.mark.parametrize(("source", "low"), [
    (SideSource.FEED, False), (SideSource.QUOTE, False), (SideSource.TICKRULE, True),
])  # fmt: skip
def test_sides_from_the_tick_rule_are_low_quality(source, low):
    book, trades = bullish()
    engine = engine_of(simulated=True)
    engine.add_depth(make_depth(book, simulated=True))
    (signal,) = engine.add_trades(make_trades(trades, source=source))
    assert (signal.low_quality, signal.synthetic) == (low, True)


def test_the_night_filter_lets_nothing_through_by_day():
    for start, count in ((START, 0), (at("20:00"), 1)):
        book, trades = bullish(start)
        engine = engine_of(make_rule(night_only=True))
        engine.add_depth(make_depth(book))
        assert len(engine.add_trades(make_trades(trades))) == count


def test_the_confirmation_asks_the_mids_of_the_book():
    for steps, count in ((0, 0), (1, 1)):
        book, trades = bullish()
        # From second 40 on the book rises a tick a second, 0.25 % of 400, or stands.
        rising = [
            change
            for i in range(20 * steps)
            for ts in (START + (40 + i) * SECOND,)
            for change in (
                (ts, ASK, 401 + i, 0), (ts, ASK, 402 + i, 10),
                (ts, BID, 401 + i, 90), (ts, BID, 400 + i, 0),
            )
        ]  # fmt: skip
        engine = engine_of(make_rule(confirm="two_of_three"))
        signals = feed(engine, [*book, *rising], trades)
        assert len(signals) == count


@pytest.mark.parametrize(("rise_ns", "wanted"), [(SECOND - 1, False), (SECOND, True)])
def test_a_confirmation_looks_back_eight_seconds_over_a_window_of_three(rise_ns, wanted):
    # The only rise comes just before the first of the eight mids, or just too late for it. The
    # slices of a second let the window forget all the while.
    rise = START + rise_ns
    book = [(START, BID, 400, 90), (START, ASK, 401, 10),
            (rise, ASK, 401, 0), (rise, ASK, 402, 10), (rise, BID, 401, 90)]  # fmt: skip
    trades = [(START + i * SECOND // 4, 401, "B", 1) for i in range(37)]
    rule = make_rule(window_s=3, step_s=1, cooldown_s=1, confirm="net_change")
    stamps = [signal.ts_ns for signal in feed(engine_of(rule), book, trades)]
    assert (START + 8 * SECOND in stamps) is wanted


def test_signals_wait_for_the_cooldown():
    book, trades = bullish()
    more = [(ts + 60 * SECOND * i, price, side, size) for i in range(12)
            for ts, price, side, size in trades[:120]]  # fmt: skip
    engine = engine_of()
    engine.add_depth(make_depth(book))
    stamps = [signal.ts_ns for signal in engine.add_trades(make_trades(more))]
    assert stamps == [START + (50 + 300 * i) * SECOND for i in range(3)]


def test_every_slice_that_opposes_a_position_says_so_and_names_its_direction():
    book, trades = bullish()
    engine = engine_of(make_rule(exits=True))
    engine.add_depth(make_depth(book))
    found = engine.add_trades(make_trades(trades))
    # Only buying from the first slice on, and the book beyond one half from 40 seconds on.
    turned = [message for message in found if isinstance(message, FlowTurned)]
    assert turned[0] == FlowTurned(
        contract=CONTRACT, ts_ns=START + 40 * SECOND, against=Direction.SHORT,
        reason="imbalance ratio +0.53, aggressive volume 800 against 0",
    )  # fmt: skip
    assert [said.ts_ns for said in turned] == [START + s * SECOND for s in range(40, 61, 5)]
    assert {said.against for said in turned} == {Direction.SHORT}
    assert [type(message) for message in found[2:4]] == [FlowTurned, SignalRaised]


def test_the_stop_of_gold_is_capped_and_the_target_keeps_the_ratio():
    for ratio, target in ((2.0, 50), (1.5, 38)):
        engine, (book, trades) = gold(reward_ratio=ratio), bullish()
        engine.add_depth(make_depth(book, contract="GCZ5"))
        (signal,) = engine.add_trades(make_trades(trades))
        assert (signal.stop_ticks, signal.target_ticks) == (25, target)


def test_zones_move_the_stop_behind_the_round_number_that_rejected():
    # Gold at 400 ticks, a level; two visits from above in the minute before, and one below it.
    settings = {"liquidity": True, "window_s": 10}
    path = [*range(425, 402, -4), *range(402, 426, 4)] * 4
    early = [(START - (len(path) - i) * SECOND, price, "U", 1) for i, price in enumerate(path)]
    for switched, stop in ((True, 406 - 395), (False, 25)):
        engine = gold(**(settings | {"liquidity": switched}))
        book = [(START, BID, 406, 90), (START, ASK, 407, 10)]
        engine.add_trades(make_trades(early))
        engine.add_depth(make_depth(book, contract="GCZ5"))
        rows = [(START + 1 + i * SECOND // 2, 406, "B", 10) for i in range(40)]
        (signal,) = engine.add_trades(make_trades(rows))
        assert signal.stop_ticks == stop


def test_asking_for_an_exit_changes_nothing():
    book, trades = bullish()
    asked, alone = engine_of(), engine_of()
    for engine in (asked, alone):
        engine.add_depth(make_depth(book))
    for row, trade in enumerate(trades):
        seen = [engine.add_trades(make_trades([trade])) for engine in (asked, alone)]
        for direction in (Direction.LONG, Direction.SHORT) * (row % 3):
            if asked.metrics is not None:
                flow_exit(asked.metrics, direction, asked.rule)
        assert seen[0] == seen[1] and asked.metrics == alone.metrics
    assert flow_exit(asked.metrics, Direction.SHORT, asked.rule) is not None
    assert flow_exit(asked.metrics, Direction.LONG, asked.rule) is None
