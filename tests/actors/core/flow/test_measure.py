"""A whole session judged in one call, against the engine that lived through it."""

import random

import numpy as np

from actors.core.flow.engine import FlowEngine
from actors.core.flow.measure import measure
from actors.core.flow.score import Metrics
from actors.core.flow.windows import BookWindow, tape_of
from protocol.units import NANOS_PER_S
from tests.actors.core.flow.books import ASK, BID, make_depth, make_rule
from tests.makers import CONTRACT, at, make_trades

STEP = 5 * NANOS_PER_S
RULE = make_rule()


def test_nothing_at_all_measures_as_balance():
    nothing, empty = BookWindow().join(), tape_of(make_trades())
    assert measure(empty, nothing, [], RULE) == []
    (found,) = measure(empty, nothing, [at("10:00")], RULE)
    assert found == Metrics(
        imbalance_ppm=0, delta=0, aggressive_ppm=0, depth_ppm=0, intensity=0.0, buy_volume=0,
        sell_volume=0, low_quality=False,
    )  # fmt: skip


def test_every_slice_of_a_session_at_once_is_what_the_engine_saw_one_by_one():
    dice, start = random.Random(2), at("09:28")
    trades, changes = [], []
    for second in range(0, 300):
        ts = start + second * NANOS_PER_S + dice.randrange(NANOS_PER_S)
        trades.append((ts, 400 + dice.randrange(3), dice.choice("BSU"), dice.randint(1, 20)))
        changes.append((ts, *dice.choice([(BID, 399), (BID, 398), (ASK, 403), (ASK, 404)]),
                        dice.randrange(50)))  # fmt: skip
    engine, lived = FlowEngine(RULE, CONTRACT, False), {}
    for trade, change in zip(trades, changes, strict=True):
        engine.add_depth(make_depth([change]))
        engine.add_trades(make_trades([trade]))
        lived[engine.slice_end_ns - STEP] = engine.metrics
    ends = [end for end, metrics in lived.items() if metrics is not None]
    assert len(ends) == 59
    book = BookWindow()
    book.add(make_depth(changes), np.array([row[0] for row in changes], np.int64))
    found = measure(tape_of(make_trades(trades)), book.join(), ends, RULE)
    assert found == [lived[end] for end in ends]
    assert len({metrics.imbalance_ppm for metrics in found}) > 50
