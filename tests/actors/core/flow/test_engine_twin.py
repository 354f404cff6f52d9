"""The engine against one that looks at every event on its own and remembers them all."""

import random
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.flow.rules import FlowRule
from actors.core.flow.score import Metrics
from actors.core.flow.windows import NEVER
from protocol.patterns import Direction
from protocol.signals import FlowTurned
from tests.actors.core.flow.books import ASK, BID, make_depth, make_rule
from tests.actors.core.flow.engines import SECOND, add, engine_of, gold
from tests.actors.core.flow.slow_engine import SlowEngine
from tests.makers import at


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
