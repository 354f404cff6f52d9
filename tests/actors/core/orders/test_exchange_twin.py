"""The paper exchange against a slow twin, and what no event of the tape may do."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.columns import Trades
from actors.core.orders.answers import answer
from actors.core.orders.book import ExchangeState, apply
from actors.core.orders.exchange import elapse, execute, seen
from actors.core.orders.fills import PaperRule
from actors.core.orders.money import SIGN
from protocol.orders import EntryKind, Leg
from protocol.patterns import Direction
from protocol.reports import (
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderModified,
    OrderRejected,
)
from protocol.units import NANOS_PER_MS
from tests.actors.core.orders.paper_market import (
    RULE,
    T0,
    brief,
    cancel,
    held,
    limit,
    modify,
    ms,
    order,
    run,
)
from tests.actors.core.orders.slow_exchange import SlowExchange
from tests.makers import make_flatten, make_submitted


def test_orders_of_another_contract_see_nothing_of_the_trades():
    state = held()
    other = dataclasses.replace(RULE, contract="ESH6")
    assert run(state, [(200, 1), (300, 99_999)], rule=other) == []
    assert brief(run(state, [(400, 23_045)])) == [(Leg.STOP, 23_044, 400)]
    order(state, make_submitted(client_id="client-2", ts_ns=ms(500)))
    order(state, make_flatten(ts_ns=ms(500)))
    assert run(state, [(600, 1)], rule=other) == []
    assert isinstance(
        order(state, make_submitted(client_id="n", contract="ESH6", ts_ns=ms(600)), other),
        OrderAccepted,
    )


KINDS = ["long", "long", "short", "long", "flatten", "cancel", "stop", "target"]


@st.composite
def rules(draw: st.DrawFn) -> PaperRule:
    """Draw the terms of an exchange."""
    return dataclasses.replace(
        RULE,
        target_fill=draw(st.sampled_from(["through", "touch", "queue"])),
        partial=draw(st.booleans()),
        displayed=draw(st.integers(1, 6)),
        depth_slippage=draw(st.booleans()),
        latency_ns=draw(st.sampled_from([0, 50])) * NANOS_PER_MS,
    )


@st.composite
def days(draw: st.DrawFn) -> tuple[Trades, list, list[int]]:
    """Draw a tape, commands along it, and places to cut it."""
    count = draw(st.integers(1, 80))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    steps = random.choice([0, 1, 10, 30, 60], count) * NANOS_PER_MS
    price = 1000 + np.cumsum(random.integers(-4, 5, count))
    bid = price + random.integers(-2, 2, count)
    trades = Trades(
        T0 + np.cumsum(steps),
        price.astype(np.int32),
        random.integers(1, 5, count).astype(np.int32),
        np.ones(count, np.uint8),
        np.ones(count, np.uint8),
        np.zeros(count, np.uint8),
        bid.astype(np.int32),
        (bid + random.integers(0, 3, count)).astype(np.int32),
    )
    commands: list = []
    places = draw(st.lists(st.integers(0, count - 1), max_size=8))
    for number, row in enumerate(sorted(places)):
        commands.append(draw_command(draw, number, int(trades.ts_event[row]), int(price[row])))
    return trades, commands, draw(st.lists(st.integers(0, count), max_size=5))


def draw_command(draw: st.DrawFn, number: int, ts: int, price: int):
    kind = draw(st.sampled_from(KINDS))
    about = f"client-{draw(st.integers(0, max(0, number - 1)))}"
    at_ms = (ts - T0) / NANOS_PER_MS
    if kind == "flatten":
        return make_flatten(client_id=f"flatten-{number}", ts_ns=ts)
    if kind == "cancel":
        return cancel(at_ms, request_id=f"request-{number}", client_id=about)
    if kind in ("stop", "target"):
        wished = price + draw(st.integers(-8, 8))
        fields = {"request_id": f"request-{number}", "client_id": about}
        return modify(at_ms, wished, Leg(kind), **fields)
    breakeven = draw(st.sampled_from([0, 0, 2, 4]))
    limited = draw(st.booleans())
    return make_submitted(
        client_id=f"client-{number}",
        ts_ns=ts,
        direction=Direction(kind),
        quantity=draw(st.integers(1, 6)),
        entry=EntryKind.LIMIT if limited else EntryKind.MARKET,
        limit_price=price + draw(st.integers(-4, 4)) if limited else None,
        expires_ns=ts + draw(st.integers(1, 400)) * NANOS_PER_MS if limited else None,
        stop_ticks=draw(st.integers(1, 8)),
        target_ticks=draw(st.integers(1, 8)),
        breakeven_ticks=breakeven,
        breakeven_offset_ticks=draw(st.integers(-2, 1)) if breakeven else 0,
        trail_start_ticks=draw(st.sampled_from([0, 0, 1, 3])),
        trail_ticks=draw(st.integers(1, 5)),
    )


def fast(
    trades: Trades, commands: Sequence, cuts: Sequence[int], rule: PaperRule
) -> tuple[list, list]:
    """Run the exchange as the runtime does: a command comes before the trades of its instant.

    At every cut the state is made anew from its facts, as after a restart.
    """
    state, facts, told = ExchangeState(), [], []
    rows: dict[int, list] = {}
    for command in commands:
        rows.setdefault(int(np.searchsorted(trades.ts_event, command.ts_ns)), []).append(command)
    edges = sorted({0, len(trades), *cuts, *rows})
    for start, stop in zip(edges, [*edges[1:], len(trades)], strict=True):
        if start in cuts:
            again = ExchangeState(last_ns=state.last_ns)
            for fact in facts:
                apply(again, fact)
            assert again == state
            state = again
        for command in rows.get(start, []):
            now = answer(state, command, rule)
            for fact in now:
                apply(state, fact)
            facts += now
        part = trades.slice(start, stop)
        before = (dict(state.entries), dict(state.positions), dict(state.requests))
        now = execute(state, part, rule)
        assert (state.entries, state.positions, state.requests) == before
        for fact in now:
            apply(state, fact)
        seen(state, part)
        facts += now
        told += now
    return facts, told


def told_by(facts: Sequence) -> list[tuple]:
    """Return what the slow twin notes, of facts of the tape."""
    told = []
    for fact in facts:
        match fact:
            case OrderFilled():
                told.append((fact.client_id, fact.leg.value, fact.ts_ns, fact.price, fact.quantity))
            case OrderModified():
                told.append((fact.client_id, f"moved {fact.leg}", fact.ts_ns, fact.price, 0))
            case OrderCancelled():
                told.append((fact.client_id, "cancelled", fact.ts_ns, None, fact.left))
            case OrderExpired():
                told.append((fact.client_id, "expired", fact.ts_ns, None, fact.left))
            case OrderRejected():
                told.append((fact.client_id, "refused", fact.ts_ns, None, 0))
    return told


@given(days(), rules())
@settings(max_examples=500, deadline=None)
def test_fills_equal_the_slow_twin_however_the_tape_is_cut(day, rule):
    trades, commands, cuts = day
    facts, told = fast(trades, commands, cuts, rule)
    assert facts == fast(trades, commands, [], rule)[0]
    slow, waiting = SlowExchange(rule), list(commands)
    columns = (trades.ts_event, trades.price, trades.size, trades.bid, trades.ask)
    for row in zip(*(column.tolist() for column in columns), strict=True):
        while waiting and waiting[0].ts_ns <= row[0]:
            slow.command(waiting.pop(0))
        slow.trade(*row)
    assert told_by(told) == slow.told
    active = {f.client_id: f.active_ns for f in facts if isinstance(f, OrderAccepted)}
    fills = [fact for fact in told if isinstance(fact, OrderFilled)]
    assert all(fill.ts_ns >= active[fill.client_id] for fill in fills)
    assert len({fill.exec_id for fill in fills}) == len(fills)
    by_number = {c.client_id: c for c in commands if hasattr(c, "bracket_id")}
    for fill in fills:
        if fill.leg is Leg.ENTRY and by_number[fill.client_id].entry is EntryKind.LIMIT:
            wished, sign = by_number[fill.client_id].limit_price, SIGN[fill.direction]
            assert sign * fill.price <= sign * wished


def test_time_alone_ends_nothing_early():
    state = ExchangeState()
    order(state, limit(1000, expires_ns=ms(500)))
    assert elapse(state, ms(499)) == []
