"""Round trips tick by tick: the same functions as the floor, so the same trades (domain 7.4)."""

import dataclasses

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.orders.tick_fills import FillModel, tick_trips, trips_of
from protocol.orders import ExitReason, Leg
from protocol.patterns import Direction
from tests.actors.core.orders.paper_market import PARTIAL, RULE, T0, cancel, limit, modify, ms
from tests.actors.paper_floor import PaperFloor
from tests.makers import make_flatten, make_submitted, make_trades


def tape(*rows: tuple[float, int]):
    return make_trades([(ms(at_ms), price, "B", 1) for at_ms, price in rows])


def test_a_round_trip_says_how_it_was_filled():
    (trip,) = tick_trips(tape((100, 1000), (200, 900)), [make_submitted()], RULE)
    assert (trip.fill_model, trip.ambiguous) == (FillModel.TICK, False)
    assert (trip.entry_sum, trip.exit_sum, trip.reason) == (1001, 899, ExitReason.STOP)
    assert (trip.entry_ns, trip.exit_ns) == (ms(100), ms(200))
    assert trip.commission_cents == 124


def test_each_way_out_has_its_reason():
    trail = make_submitted(trail_start_ticks=2, trail_ticks=1)
    even = make_submitted(breakeven_ticks=2, breakeven_offset_ticks=1)
    flatten = make_flatten(ts_ns=ms(150), reason=ExitReason.HALT_FLATTEN)
    cases = [
        ([make_submitted()], ((200, 1026),), ExitReason.TARGET),
        ([even], ((200, 1003), (300, 1002)), ExitReason.BREAKEVEN),
        ([trail], ((200, 1010), (300, 1009)), ExitReason.TRAIL),
        ([make_submitted(), modify(101, 999)], ((200, 1000), (300, 999)), ExitReason.STOP),
        ([make_submitted(), flatten], ((200, 1000),), ExitReason.HALT_FLATTEN),
    ]
    for orders, rows, reason in cases:
        (trip,) = tick_trips(tape((100, 1000), *rows), orders, RULE)
        assert trip.reason is reason


def test_what_is_open_in_the_end_or_was_never_filled_is_no_trip():
    assert tick_trips(tape((100, 1000), (200, 1000)), [make_submitted()], RULE) == []
    orders = [limit(900), cancel(150)]
    assert tick_trips(tape((100, 1000), (200, 1000), (300, 800)), orders, RULE) == []


def test_parts_make_one_trip_and_a_fill_that_comes_twice_counts_once():
    rows = tape((100, 1000), (110, 1002), (200, 900), (210, 899))
    orders = [make_submitted(quantity=2)]
    (trip,) = tick_trips(rows, orders, PARTIAL)
    assert (trip.quantity, trip.entry_sum, trip.exit_sum) == (2, 1001 + 1003, 899 + 898)
    facts = PaperFloor(PARTIAL).play(rows, orders)
    assert trips_of(facts) == trips_of([fact for fact in facts for _ in range(2)])


@given(
    seed=st.integers(0, 2**32),
    batch=st.integers(1, 50),
    deaths=st.sets(st.integers(0, 30), max_size=4),
    partial=st.booleans(),
    mode=st.sampled_from(["through", "touch", "queue"]),
)
@settings(max_examples=60, deadline=None)
def test_the_same_ticks_give_the_live_engine_and_research_the_same_trades(
    seed, batch, deaths, partial, mode
):
    random = np.random.default_rng(seed)
    rule = dataclasses.replace(RULE, partial=partial, target_fill=mode)
    prices = 1000 + np.cumsum(random.integers(-3, 4, 300))
    sizes = random.integers(1, 5, 300)
    trades = make_trades(
        [(ms(20 * n), int(p), "B", int(q)) for n, (p, q) in enumerate(zip(prices, sizes,
                                                                            strict=True))]
    )  # fmt: skip
    orders = []
    for number in range(8):
        at_ms = 20 * int(random.integers(0, 280))
        fields = {"client_id": f"client-{number}", "ts_ns": ms(at_ms), "quantity": 3}
        fields |= {"stop_ticks": 5, "target_ticks": 6, "trail_start_ticks": number % 3}
        fields |= {"trail_ticks": 2, "direction": [Direction.LONG, Direction.SHORT][number % 2]}
        wished = int(prices[at_ms // 20])
        orders.append(limit(wished, **fields) if number % 3 else make_submitted(**fields))
        orders.append(cancel(at_ms + 500, request_id=f"r{number}", client_id=f"client-{number}"))
    orders.append(make_flatten(ts_ns=ms(4_000)))
    facts = PaperFloor(rule).play(trades, orders, batch, deaths)
    assert trips_of(facts) == tick_trips(trades, orders, rule)
    assert any(fact.leg is Leg.ENTRY for fact in facts)
    assert facts[0].ts_ns >= T0
