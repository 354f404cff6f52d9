"""The engine against one that looks at every event on its own and remembers them all."""

import random
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.flow.book import NO_MID, NOTHING, Book, Touch
from actors.core.flow.confirm import confirmed
from actors.core.flow.cooldown import Cooldown
from actors.core.flow.engine import FlowEngine
from actors.core.flow.exits import flow_exit
from actors.core.flow.night import is_night
from actors.core.flow.rules import FlowRule
from actors.core.flow.score import Metrics, score
from actors.core.flow.windows import NEVER
from actors.core.session.calendar import last_rth_open
from protocol.instruments import instrument
from protocol.market import SideSource
from protocol.pattern_settings import FlowSettings
from protocol.patterns import Direction, Pattern
from protocol.signals import FlowTurned, SignalRaised
from protocol.units import NANOS_PER_S
from tests.actors.core.flow.books import ASK, BID, make_depth, make_rule
from tests.makers import CONTRACT, at, make_trades

SECOND = NANOS_PER_S
START = at("10:00")
Trade = tuple[int, int, str, int]  # Time, price, side "B", "S" or "U", size.
Change = tuple[int, int, int, int]  # Time, side, price, size.


def engine_of(rule: FlowRule | None = None, simulated: bool = False) -> FlowEngine:
    return FlowEngine(rule or make_rule(), CONTRACT, simulated)


def bullish(start: int = START) -> tuple[list[Change], list[Trade]]:
    """A book of nine to one and a minute of buying, two trades a second."""
    book = [(start, BID, 400, 90), (start, ASK, 401, 10)]
    return book, [(start + 1 + i * SECOND // 2, 401, "B", 10) for i in range(122)]


def test_without_events_there_are_no_signals():
    engine = engine_of()
    assert engine.add_trades(make_trades()) == []
    assert engine.add_depth(make_depth()) == []
    assert engine.metrics is None


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


def gold(**settings: object) -> FlowEngine:
    rule = FlowRule.of(FlowSettings(exits=False, **settings), instrument("GC"))
    return FlowEngine(rule, "GCZ5", False)


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


# The slow reference.


@dataclass
class SlowEngine:
    """Takes one event at a time and answers every question from all of them."""

    rule: FlowRule
    trades: list[Trade] = field(default_factory=list)
    states: list[tuple[int, Touch]] = field(default_factory=list)
    found: list[tuple] = field(default_factory=list)  # Signals and metrics, in order.
    late: int = 0
    refused: int = 0
    end: int | None = None  # Of the open slice.
    floor: int | None = None  # What is earlier is late.

    def __post_init__(self) -> None:
        self.book, self.cooldown = Book(), Cooldown(self.rule.cooldown_ns)

    def trade(self, trade: Trade) -> None:
        if trade[3] < 1:
            self.refused += 1
        elif self.floor is not None and trade[0] < self.floor:
            self.late += 1
        else:
            self.advance(trade[0])
            self.trades.append(trade)

    def change(self, change: Change) -> None:
        floor = self.states[-1][0] if self.states else change[0]
        floor = floor if self.floor is None else max(floor, self.floor)
        ts = max(change[0], floor)
        self.late += ts != change[0]
        self.advance(ts)
        self.book.change(*change[1:])
        self.states.append((ts, self.book.touch))

    def advance(self, ts: int) -> None:
        step = self.rule.step_ns
        if self.end is not None and ts >= self.end:
            self.judge(self.end)
        if self.end is None or ts >= self.end:
            self.end = (ts // step + 1) * step
            self.floor = self.end - step

    def until(self, ts: int) -> None:
        if self.end is not None and ts >= self.end:
            self.judge(self.end)
            self.floor, self.end = self.end, None

    def judge(self, end: int) -> None:
        metrics, rule = self.measure(end), self.rule
        self.found.append(metrics)
        for held in (Direction.LONG, Direction.SHORT) * rule.exits:
            if (reason := flow_exit(metrics, held, rule)) is not None:
                self.found.append((end, held, reason))
        verdict = score(metrics, rule)
        mids = [self.mid(end - second * SECOND) for second in range(7, -1, -1)]
        if (
            verdict.direction is not Direction.NONE
            and verdict.confidence_ppm >= rule.confidence_min_ppm
            and self.price(end) is not None
            and (is_night(end) or not rule.night_only)
            and confirmed([m for m in mids if m is not None], verdict.direction, rule.confirmation)
            and self.cooldown.allows(end)
        ):
            self.cooldown.signalled(end)
            self.found.append((end, verdict, self.price(end), metrics.low_quality))

    def measure(self, end: int) -> Metrics:
        session = last_rth_open(end - 1)
        seen = [trade for trade in self.trades if end - self.rule.window_ns <= trade[0] < end]
        volume = {side: sum(size for *_, found, size in seen if found == side) for side in "BSU"}
        both = volume["B"] + volume["S"]
        return Metrics(
            imbalance_ppm=self.mean(end, 0),
            delta=sum(
                size * (side == "B") - size * (side == "S")
                for ts, _, side, size in self.trades
                if session <= ts < end
            ),
            aggressive_ppm=nearest(Fraction(volume["B"] - volume["S"], both or 1) * 1_000_000),
            depth_ppm=self.mean(end, 2) if self.rule.levels_known else None,
            intensity=len(seen) * 60 / (self.rule.window_ns / SECOND),
            buy_volume=volume["B"],
            sell_volume=volume["S"],
            low_quality=volume["U"] * 5 > both + volume["U"],
        )

    def mean(self, end: int, first: int) -> int:
        area = 0
        ends = [ts for ts, _ in self.states[1:]] + [end]
        for (ts, touch), until in zip(self.states, ends, strict=False):
            bid, ask = touch[first], touch[first + 1]
            length = min(until, end) - max(ts, end - self.rule.window_ns)
            if bid + ask and length > 0:
                area += nearest(Fraction((bid - ask) * 1_000_000, bid + ask)) * length
        return nearest(Fraction(area, self.rule.window_ns))

    def price(self, ts: int) -> int | None:
        before = [trade for trade in self.trades if trade[0] < ts]
        return max(enumerate(before), key=lambda at: (at[1][0], at[0]))[1][1] if before else None

    def mid(self, ts: int) -> int | None:
        touch = next((found for when, found in reversed(self.states) if when < ts), NOTHING)
        price = self.price(ts)
        if touch.twice_mid == NO_MID:
            return None if price is None else 2 * price
        return touch.twice_mid


def nearest(exact: Fraction) -> int:
    size = int(abs(exact) + Fraction(1, 2))
    return size if exact >= 0 else -size


def feed(engine: FlowEngine, changes: list[Change], trades: list[Trade]) -> list:
    """Feed both streams in order of time, one event at a time."""
    events = sorted([*((c[0], 0, c) for c in changes), *((t[0], 1, t) for t in trades)],
                    key=lambda event: event[:2])  # fmt: skip
    return [signal for _, _, event in events for signal in add(engine, [event])]


def batched(events: list, cuts: random.Random) -> list[list]:
    """Cut events into batches of one kind, at random."""
    batches: list[list] = []
    for event in events:
        same = batches and type(batches[-1][-1][2]) is type(event[2])
        if same and event[2] is not None and cuts.random() < 0.8:
            batches[-1].append(event)
        else:
            batches.append([event])
    return batches


def add(engine: FlowEngine, batch: list, contract: str = CONTRACT) -> list:
    if batch[0][2] is None:
        return engine.until(batch[0][0])
    if isinstance(batch[0][2], str):
        return engine.add_trades(make_trades(batch))
    return engine.add_depth(make_depth(batch, contract=contract))


def facts(found: list) -> list[tuple]:
    return [
        (m.ts_ns, m.against, m.reason)
        if isinstance(m, FlowTurned)
        else (m.ts_ns, m.direction, m.strength_ppm, m.detail, m.last_price, m.low_quality)
        for m in found
    ]


def slow_facts(slow: SlowEngine) -> list[tuple]:
    found = []
    for end, what, *more in (f for f in slow.found if isinstance(f, tuple)):
        if isinstance(what, Direction):
            found.append((end, what, *more))
        else:
            told = f"{what.reason}, 500.00 dollars at risk"
            found.append((end, what.direction, what.strength_ppm, told, *more))
    return found


TIMES = st.integers(0, 40_000).map(lambda ms: at("09:29:40") + ms * 1_000_000)
TRADE_EVENTS = st.tuples(
    TIMES, st.integers(398, 402), st.sampled_from("BBSU"), st.sampled_from([0, 1, 2, 3, 9])
)
CHANGE_EVENTS = st.tuples(
    TIMES, st.sampled_from([BID, ASK]), st.integers(396, 404), st.sampled_from([-1, 0, 0, 3, 9, 30])
)
CUT_EVENTS = st.tuples(TIMES, st.just(0), st.none())
EVENTS = st.lists(
    st.one_of(TRADE_EVENTS, CHANGE_EVENTS, TRADE_EVENTS, CHANGE_EVENTS, CUT_EVENTS),
    min_size=1,
    max_size=60,
)
RULES = st.builds(
    make_rule,
    window_s=st.sampled_from([3, 10]),
    step_s=st.sampled_from([1, 5, 7]),
    imbalance_min=st.sampled_from([0.1, 0.3]),
    confidence_min=st.just(0.3),
    cooldown_s=st.sampled_from([1, 12]),
    delta_min=st.just(3),
    intensity_min=st.just(5),
    depth=st.sampled_from(["touch", "levels"]),
    require_primary=st.booleans(),
    confirm=st.sampled_from(["off", "off", "tick_share", "two_of_three"]),
    night_only=st.just(False),
    exits=st.booleans(),
)


def check(events: list, rule: FlowRule, cuts: random.Random) -> list:
    slow, engine = SlowEngine(rule), engine_of(rule)
    signals = []
    for batch in batched(events, cuts):
        signals += add(engine, batch)
        for event in batch:
            if event[2] is None:
                slow.until(event[0])
            else:
                (slow.trade if isinstance(event[2], str) else slow.change)(event)
        judged = [found for found in slow.found if isinstance(found, Metrics)]
        assert engine.metrics == (judged[-1] if judged else None)
    assert facts(signals) == slow_facts(slow)
    assert (engine.late, engine.refused) == (slow.late, slow.refused)
    return signals


@settings(max_examples=150, deadline=None)
@given(EVENTS, RULES, st.randoms(use_true_random=False))
def test_events_in_order_equal_the_slow_engine_however_they_are_cut(events, rule, cuts):
    check(sorted(events, key=lambda event: event[0]), rule, cuts)


@settings(max_examples=150, deadline=None)
@given(EVENTS, RULES, st.randoms(use_true_random=False))
def test_events_out_of_order_equal_the_slow_engine_however_they_are_cut(events, rule, cuts):
    check(events, rule, cuts)


@settings(max_examples=60, deadline=None)
@given(EVENTS, RULES)
def test_within_a_slice_it_does_not_matter_which_stream_comes_first(events, rule):
    def in_slices(event, kind_first):
        is_trade = isinstance(event[2], str)
        return event[0] // rule.step_ns, is_trade is kind_first, event[0]

    ordered = sorted(events, key=lambda event: event[0])
    seen = []
    for order in (
        ordered,
        sorted(ordered, key=lambda event: in_slices(event, True)),
        sorted(ordered, key=lambda event: in_slices(event, False)),
    ):
        engine = engine_of(rule)
        signals = [s for batch in batched(order, random.Random(1)) for s in add(engine, batch)]
        seen.append((signals, engine.metrics))
    assert seen[0] == seen[1] == seen[2]


@settings(max_examples=100, deadline=None)
@given(EVENTS, RULES)
def test_cuts_change_nothing_of_what_is_found(events, rule):
    ordered = sorted(events, key=lambda event: event[0])
    seen = []
    for kept in (ordered, [event for event in ordered if event[2] is not None]):
        engine = engine_of(rule)
        found = [m for event in kept for m in add(engine, [event])]
        found += engine.until(ordered[-1][0] + 60 * SECOND)
        seen.append((found, engine.metrics))
    assert seen[0] == seen[1]


@settings(max_examples=80, deadline=None)
@given(EVENTS, st.sampled_from([1, 5, 7]), st.randoms(use_true_random=False))
def test_the_zones_see_the_same_prices_however_events_are_cut(events, step_s, cuts):
    ordered = sorted(events, key=lambda event: event[0])
    end, seen = ordered[-1][0] + 60 * SECOND, []
    for batches in (batched(ordered, cuts), [[e] for e in ordered if e[2] is not None]):
        engine = gold(liquidity=True, step_s=step_s, window_s=3)
        for batch in batches:
            add(engine, batch, "GCZ5")
        engine.until(end)
        seen.append((engine.zones.zones, engine.zones.visits, engine.zones.last))
    assert seen[0] == seen[1]


def test_a_price_that_stands_eight_seconds_at_a_level_is_a_stay_though_nothing_happens():
    # Five seconds of the first slice, all of a short silence; of a long one eight and a slice.
    for quiet_s, wanted in ((6, 10), (13, 15), (20, 18), (3_600, 18)):
        engine = gold(liquidity=True)
        engine.add_trades(make_trades([(START, 400, "B", 1)]))
        engine.add_trades(make_trades([(START + quiet_s * SECOND, 400, "B", 1)]))
        engine.until(START + 7_200 * SECOND)
        assert engine.zones.visits[400].near == wanted


def test_the_random_events_do_raise_signals():
    # The tests above would mean little if these rules never found anything.
    dice, found = random.Random(3), 0
    for _ in range(40):
        rows = [
            (at("09:29:40") + dice.randrange(40_000) * 1_000_000, 400, dice.choice("BBSU"), 9)
            for _ in range(40)
        ]
        rows += [
            (at("09:29:40") + dice.randrange(40_000) * 1_000_000, side, 401 - side, 30)
            for side in (BID, ASK)
        ]
        rule = make_rule(window_s=10, imbalance_min=0.1, confidence_min=0.3, cooldown_s=1,
                         delta_min=3, require_primary=False)  # fmt: skip
        found += len(check(sorted(rows, key=lambda row: row[0]), rule, dice))
    assert found > 40


@given(EVENTS, RULES, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_a_loss_is_the_removal_of_every_level_but_for_the_level_2_imbalance(events, rule, cuts):
    rule = replace(rule, levels_known=False)
    lost, emptied, levels = engine_of(rule), engine_of(rule), set[tuple[int, int]]()
    for batch in batched(events, cuts):
        assert facts(add(lost, batch)) == facts(add(emptied, batch))
        assert lost.metrics == emptied.metrics
        levels |= {event[1:3] for event in batch if isinstance(event[2], int)}
        if cuts.random() < 0.3 and lost.depth_ns != NEVER:
            lost.lose_book()
            emptied.depth_ns = max(emptied.depth_ns, emptied.frontier_ns)
            gone = make_depth([(0, side, price, 0) for side, price in levels])
            emptied.book.add(gone, np.full(len(gone), emptied.depth_ns))
