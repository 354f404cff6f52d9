"""The paper exchange: the examples of domain 7.3, its edges, a slow twin, and a random walk."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.columns import Trades
from actors.core.orders.exchange import ExchangeState, accept, apply, execute, seen
from actors.core.orders.fills import PaperRule
from protocol.orders import (
    FlattenSubmitted,
    Leg,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
)
from protocol.patterns import Direction
from protocol.units import NANOS_PER_MS, NANOS_PER_S
from tests.makers import CONTRACT, at, make_flatten, make_submitted, make_trades

RULE = PaperRule(
    contract=CONTRACT,
    latency_ns=50 * NANOS_PER_MS,
    slippage_ticks=1,
    stop_slippage_ticks=1,
    target_fill="through",
    commission_cents=62,
)
T0 = at("10:05")


def order(state, command, rule=RULE):
    answer = accept(state, command, rule)
    if answer is not None:
        apply(state, answer)
    return answer


def run(state, rows, quotes=None, rule=RULE):
    """Execute (milliseconds after 10:05, price) one by one, as shell and journal would."""
    trades = make_trades([(T0 + round(ms * NANOS_PER_MS), p, "B", 1) for ms, p in rows], quotes)
    facts = execute(state, trades, rule)
    for fact in facts:
        apply(state, fact)
    seen(state, trades)
    return facts


def held(entry_ms=100, **fields):
    """Return an exchange that holds a long from 23061 with stop 23045 and target 23085."""
    state = ExchangeState()
    order(state, make_submitted(**fields))
    run(state, [(entry_ms, 23_060)], [(23_059, 23_060)])
    return state


def brief(facts):
    return [(fact.leg, fact.price, (fact.ts_ns - T0) // NANOS_PER_MS) for fact in facts]


def test_an_idle_exchange_does_nothing():
    state = ExchangeState()
    assert run(state, [(100, 1)]) == []
    assert state == ExchangeState(last_ns=T0 + 100 * NANOS_PER_MS)
    assert execute(state, make_trades(), RULE) == []


def test_a_long_enters_at_the_ask_and_leaves_when_the_market_trades_through_its_target():
    """T7.3 Ex-1, in quarter points: 5765.25 is 23061."""
    state = held()
    (position,) = state.positions.values()
    assert (position.stop_price, position.target_price) == (23_045, 23_085)
    assert run(state, [(200, 23_085)]) == []
    (fill,) = run(state, [(300, 23_086)])
    assert (fill.leg, fill.price, fill.commission_cents) == (Leg.TARGET, 23_085, 62)
    assert state.positions == {}


def test_a_gap_through_the_stop_fills_at_the_gap():
    """T7.3 Ex-2."""
    assert brief(run(held(), [(200, 23_046), (300, 23_043)])) == [(Leg.STOP, 23_042, 300)]


def test_a_stop_that_is_touched_fills_one_tick_worse():
    """T7.3 Ex-3."""
    assert brief(run(held(), [(200, 23_045)])) == [(Leg.STOP, 23_044, 200)]


def test_an_entry_never_fills_at_the_price_of_its_pattern():
    """T7.3 Ex-4: level 5762.75, next ask 5764.00."""
    state = ExchangeState()
    order(state, make_submitted())
    (fill,) = run(state, [(100, 23_056)], [(23_055, 23_056)])
    assert fill.price == 23_057


def test_shorts_mirror_longs():
    state = ExchangeState()
    order(state, make_submitted(direction=Direction.SHORT))
    (entry,) = run(state, [(100, 1000)], [(1000, 1001)])
    assert (entry.price, entry.stop_price, entry.target_price) == (999, 1015, 975)
    assert run(state, [(200, 975)]) == []
    assert brief(run(state, [(300, 974)])) == [(Leg.TARGET, 975, 300)]
    state = ExchangeState()
    order(state, make_submitted(direction=Direction.SHORT))
    run(state, [(100, 1000)])
    assert brief(run(state, [(200, 1018)])) == [(Leg.STOP, 1019, 200)]


def test_a_touch_fills_the_target_only_where_the_rule_says_so():
    touch = dataclasses.replace(RULE, target_fill="touch")
    assert run(held(), [(200, 23_085)]) == []
    assert brief(run(held(), [(200, 23_085)], rule=touch)) == [(Leg.TARGET, 23_085, 200)]
    assert run(held(), [(200, 23_084)], rule=touch) == []


def test_nothing_fills_before_the_activation():
    state = ExchangeState()
    accepted = order(state, make_submitted())
    assert accepted.active_ns == T0 + 50 * NANOS_PER_MS
    assert run(state, [(0, 1000), (49.999_999, 1000)]) == []
    assert brief(run(state, [(50, 1000)])) == [(Leg.ENTRY, 1001, 50)]


def test_without_latency_the_event_that_made_the_order_cannot_fill_it():
    state, rule = ExchangeState(), dataclasses.replace(RULE, latency_ns=0)
    order(state, make_submitted(), rule)
    assert run(state, [(0, 1000)], rule=rule) == []
    assert brief(run(state, [(0.000_001, 1000)], rule=rule)) == [(Leg.ENTRY, 1001, 0)]


def test_an_order_that_arrives_late_is_not_filled_in_the_past():
    state = ExchangeState()
    run(state, [(400, 990)])
    assert order(state, make_submitted()).active_ns == T0 + 400 * NANOS_PER_MS + 1
    assert run(state, [(400, 990)]) == []
    assert brief(run(state, [(401, 1000)])) == [(Leg.ENTRY, 1001, 401)]


def test_trades_of_the_same_nanosecond_as_the_entry_cannot_end_it():
    state = ExchangeState()
    order(state, make_submitted())
    facts = run(state, [(100, 1000), (100, 900), (101, 960)])
    assert brief(facts) == [(Leg.ENTRY, 1001, 100), (Leg.STOP, 959, 101)]


@pytest.mark.parametrize(
    ("quote", "price", "wanted"),
    [
        ((999, 1001), 1000, 1002),
        ((999, 1000), 1003, 1004),  # The touch is gone: the trade shows it.
        ((1001, 1001), 1000, 1001),  # Locked: no valid quote.
        ((0, 0), 1000, 1001),
    ],
)
def test_a_market_buy_pays_the_worse_of_ask_and_trade(quote, price, wanted):
    state = ExchangeState()
    order(state, make_submitted())
    assert run(state, [(100, price)], [quote])[0].price == wanted


def test_a_command_that_comes_again_is_answered_once():
    state = ExchangeState()
    assert isinstance(order(state, make_submitted()), OrderAccepted)
    assert order(state, make_submitted()) is None
    run(state, [(100, 1000), (200, 900)])
    assert order(state, make_submitted()) is None
    assert isinstance(order(state, make_submitted(client_id="bad", quantity=0)), OrderRejected)
    assert order(state, make_submitted(client_id="bad", quantity=0)) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"contract": "ESH6"},
        {"direction": Direction.NONE},
        {"quantity": 0},
        {"stop_ticks": 0},
        {"target_ticks": 0},
    ],
)
def test_a_bracket_that_makes_no_sense_is_rejected(fields):
    state = ExchangeState()
    assert isinstance(order(state, make_submitted(**fields)), OrderRejected)
    assert run(state, [(100, 1000)]) == []


def test_a_flatten_leaves_a_position_at_the_market_after_its_latency():
    state = held()
    order(state, make_flatten(ts_ns=T0 + 200 * NANOS_PER_MS))
    assert run(state, [(249, 23_060)]) == []
    facts = run(state, [(250, 23_060)], [(23_059, 23_060)])
    assert brief(facts) == [(Leg.FLATTEN, 23_058, 250)]
    assert facts[0].client_id == "client-1"
    assert not state.positions and not state.flattens


def test_a_stop_that_is_hit_on_the_way_out_is_a_stop():
    state = held()
    order(state, make_flatten(ts_ns=T0 + 200 * NANOS_PER_MS))
    assert brief(run(state, [(250, 23_040)])) == [(Leg.STOP, 23_039, 250)]
    assert not state.flattens


def test_a_flatten_cancels_an_entry_that_is_not_filled_yet():
    state = ExchangeState()
    order(state, make_submitted())
    order(state, make_flatten(ts_ns=T0 + 10))
    facts = run(state, [(51, 1000), (60, 1000)])
    assert [(type(fact), fact.leg) for fact in facts] == [(OrderCancelled, Leg.ENTRY)]
    assert state == ExchangeState(known=state.known, last_ns=state.last_ns)


def test_an_entry_filled_before_the_flatten_is_active_is_flattened_after():
    state = ExchangeState()
    order(state, make_submitted())
    order(state, make_flatten(ts_ns=T0 + 10 * NANOS_PER_MS))
    facts = run(state, [(55, 1000), (60, 1000), (61, 1000)])
    assert brief(facts) == [(Leg.ENTRY, 1001, 55), (Leg.FLATTEN, 999, 60)]


def test_there_is_nothing_to_flatten_when_flat_and_no_entry_while_flattening():
    state = ExchangeState()
    assert order(state, make_flatten()).reason == "nothing to flatten"
    state = held()
    order(state, make_flatten(client_id="flatten-2", ts_ns=T0 + 200 * NANOS_PER_MS))
    late = make_submitted(client_id="client-2", ts_ns=T0 + 201 * NANOS_PER_MS)
    assert order(state, late).reason == "a flatten is at work"


def test_a_time_that_falls_counts_as_the_latest_before_it():
    state = ExchangeState()
    order(state, make_submitted())
    facts = run(state, [(40, 1000), (60, 1000), (20, 900)])
    assert brief(facts) == [(Leg.ENTRY, 1001, 60)]
    assert run(state, [(30, 900)]) == []
    assert brief(run(state, [(61, 900)])) == [(Leg.STOP, 899, 61)]


def test_a_time_that_falls_between_batches_counts_alike():
    whole, parts = held(), held()
    rows = [(200, 23_060), (90, 23_040)]
    wanted = [(Leg.STOP, 23_039, 200)]
    assert brief(run(whole, rows)) == wanted
    assert brief([fact for row in rows for fact in run(parts, [row])]) == wanted


def test_the_state_is_the_fold_of_the_facts():
    state, journal = ExchangeState(), []
    journal.append(order(state, make_submitted()))
    journal += run(state, [(100, 1000)])
    journal.append(order(state, make_flatten(ts_ns=T0 + 200 * NANOS_PER_MS)))
    again = ExchangeState(last_ns=state.last_ns)
    for fact in journal + journal:  # Each twice: a repeat changes nothing.
        apply(again, fact)
    assert again == state
    # A restart that also lost the time of the last trade goes on alike.
    again.last_ns = -(2**63)
    assert run(again, [(300, 1000)]) == run(state, [(300, 1000)])


def test_execute_changes_nothing_itself():
    state = ExchangeState()
    order(state, make_submitted())
    before = dataclasses.replace(state, entries=dict(state.entries))
    trades = make_trades([(T0 + 60 * NANOS_PER_MS, 1000, "B", 1)])
    assert execute(state, trades, RULE) == execute(state, trades, RULE)
    assert state == before


class SlowExchange:
    """Domain 7.3 one event at a time, written without looking at the other."""

    def __init__(self) -> None:
        self.entries: list[dict] = []
        self.positions: list[dict] = []
        self.flatten_from: int | None = None
        self.fills: list[tuple] = []

    def command(self, command) -> None:
        start = command.ts_ns + max(RULE.latency_ns, 1)
        if isinstance(command, FlattenSubmitted):
            if self.entries or self.positions:
                self.flatten_from = min(start, self.flatten_from or start)
        elif self.flatten_from is None:
            self.entries.append({"id": command.client_id, "from": start, "command": command})

    def trade(self, ts: int, price: int, bid: int, ask: int) -> None:
        flattening = self.flatten_from is not None and ts >= self.flatten_from
        opened: list[dict] = []
        for position in list(self.positions):
            if ts > position["opened"]:
                self.leave(position, ts, price, bid, ask, flattening)
        for entry in list(self.entries):
            if flattening:
                self.entries.remove(entry)
                self.fills.append((entry["id"], "cancelled", ts, None))
            elif ts >= entry["from"]:
                self.entries.remove(entry)
                long = entry["command"].direction is Direction.LONG
                paid = self.market(long, price, bid, ask)
                sign = 1 if long else -1
                self.fills.append((entry["id"], "entry", ts, paid))
                opened.append(
                    {
                        "id": entry["id"],
                        "opened": ts,
                        "long": long,
                        "stop": paid - sign * entry["command"].stop_ticks,
                        "target": paid + sign * entry["command"].target_ticks,
                    }
                )
        self.positions += opened
        if not self.positions and not self.entries:
            self.flatten_from = None

    def leave(self, position, ts, price, bid, ask, flattening) -> None:
        long = position["long"]
        if price <= position["stop"] if long else price >= position["stop"]:
            fill = ("stop", ts, price - 1 if long else price + 1)
        elif price > position["target"] if long else price < position["target"]:
            fill = ("target", ts, position["target"])
        elif flattening:
            fill = ("flatten", ts, self.market(not long, price, bid, ask))
        else:
            return
        self.positions.remove(position)
        self.fills.append((position["id"], *fill))

    @staticmethod
    def market(buying, price, bid, ask) -> int:
        valid = bid < ask
        if buying:
            return max(price, ask if valid else price) + 1
        return min(price, bid if valid else price) - 1


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
        np.ones(count, np.int32),
        np.ones(count, np.uint8),
        np.ones(count, np.uint8),
        np.zeros(count, np.uint8),
        bid.astype(np.int32),
        (bid + random.integers(0, 3, count)).astype(np.int32),
    )
    commands: list = []
    places = draw(st.lists(st.integers(0, count - 1), max_size=6))
    for number, row in enumerate(sorted(places)):
        ts = int(trades.ts_event[row])
        kind = draw(st.sampled_from(["long", "long", "short", "flatten"]))
        if kind == "flatten":
            commands.append(make_flatten(client_id=f"flatten-{number}", ts_ns=ts))
        else:
            commands.append(
                make_submitted(
                    client_id=f"client-{number}",
                    ts_ns=ts,
                    direction=Direction(kind),
                    stop_ticks=draw(st.integers(1, 8)),
                    target_ticks=draw(st.integers(1, 8)),
                )
            )
    return trades, commands, draw(st.lists(st.integers(0, count), max_size=5))


def fast(trades: Trades, commands: Sequence, cuts: Sequence[int]) -> tuple[list, list]:
    """Run the exchange as the runtime does: a command comes before the trades of its instant."""
    state, facts, accepted = ExchangeState(), [], []
    rows = {}
    for command in commands:
        rows.setdefault(int(np.searchsorted(trades.ts_event, command.ts_ns)), []).append(command)
    edges = sorted({0, len(trades), *cuts, *rows})
    for start, stop in zip(edges, [*edges[1:], len(trades)], strict=True):
        for command in rows.get(start, []):
            accepted.append(order(state, command))
        part = trades.slice(start, stop)
        now = execute(state, part, RULE)
        for fact in now:
            apply(state, fact)
        seen(state, part)
        facts += now
    return facts, accepted


@given(days())
@settings(max_examples=400, deadline=None)
def test_fills_equal_the_slow_twin_however_the_tape_is_cut(day):
    trades, commands, cuts = day
    facts, accepted = fast(trades, commands, cuts)
    assert facts == fast(trades, commands, [])[0]
    slow, waiting = SlowExchange(), list(commands)
    columns = (trades.ts_event, trades.price, trades.bid, trades.ask)
    for row in zip(*(column.tolist() for column in columns), strict=True):
        while waiting and waiting[0].ts_ns <= row[0]:
            slow.command(waiting.pop(0))
        slow.trade(*row)
    found = [
        (f.client_id, "cancelled", f.ts_ns, None)
        if isinstance(f, OrderCancelled)
        else (f.client_id, f.leg.value, f.ts_ns, f.price)
        for f in facts
    ]
    assert found == slow.fills
    active = {a.client_id: a.active_ns for a in accepted if isinstance(a, OrderAccepted)}
    assert all(fact.ts_ns >= active[fact.client_id] for fact in facts)
    exec_ids = [fact.exec_id for fact in facts if isinstance(fact, OrderFilled)]
    assert len(exec_ids) == len(set(exec_ids))


def test_a_random_walk_gives_no_edge():
    """A bracket of 16 and 24 ticks bought at p is filled at p + 1 and ends at p - 15 or p + 26.

    So it wins 15 times of 41, near the 16 of 40 of the bracket itself, with 24 or minus 17 ticks.
    """
    random = np.random.default_rng(20_251_202)
    count, brackets = 6_000_000, 4_000
    price = (100_000 + np.cumsum(random.integers(0, 2, count) * 2 - 1)).astype(np.int32)
    ones = np.ones(count, np.uint8)
    ts = T0 + np.arange(count) * NANOS_PER_S
    trades = Trades(ts, price, np.ones(count, np.int32), ones, ones, ones)
    state, wins, losses, ticks, row = ExchangeState(), 0, 0, 0, 0
    for number in range(brackets):
        direction = Direction.LONG if number % 2 else Direction.SHORT
        command = make_submitted(
            client_id=str(number), ts_ns=int(ts[row]), direction=direction
        )
        order(state, command)
        entry = None
        while state.entries or state.positions:
            for fact in execute(state, trades.slice(row, row + 512), RULE):
                apply(state, fact)
                last = fact
                entry = fact if fact.leg is Leg.ENTRY else entry
            row += 512
        row = int((last.ts_ns - T0) // NANOS_PER_S) + 1
        wins += last.leg is Leg.TARGET
        losses += last.leg is Leg.STOP
        ticks += (last.price - entry.price) * (1 if direction is Direction.LONG else -1)
    assert wins + losses == brackets
    expected = 15 / 41
    sigma = math.sqrt(expected * (1 - expected) / brackets)
    assert abs(wins / brackets - expected) < 4 * sigma
    # What is lost is what was paid: slippage in and out, and the tick left at the target.
    assert abs(ticks / brackets - (expected * 24 - (1 - expected) * 17)) < 4 * sigma * 41
