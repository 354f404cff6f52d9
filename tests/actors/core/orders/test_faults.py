"""The misbehaving venue: what it may do to a desk, and what it never does to the exchange."""

import dataclasses
from collections import Counter

import numpy as np
import pytest

from actors.core.orders.book import Note
from actors.core.orders.faults import FaultRates, FaultyVenue
from actors.core.orders.paper import PaperExchange
from protocol.reports import (
    AccountReported,
    LinkChanged,
    OrderAccepted,
    OrderFilled,
    OrderModified,
    OrderRejected,
    OrderReported,
)
from tests.actors.core.orders.paper_market import (
    PARTIAL,
    QUEUE,
    RULE,
    account,
    cancel,
    limit,
    ms,
    status,
)
from tests.makers import make_submitted, make_trades

STORM = FaultRates(
    command_lost=0.1,
    command_late=0.2,
    command_twice=0.2,
    refused=0.1,
    event_lost=0.1,
    event_late=0.3,
    event_twice=0.2,
    disconnect=0.05,
    late_max_ns=3 * 10**9,
    down_max_ns=5 * 10**9,
)


def venue(seed: int = 1, rule=PARTIAL, **rates: float) -> FaultyVenue:
    return FaultyVenue(PaperExchange(rule), seed, FaultRates(**rates))


def trades(*rows: tuple[float, int]):
    return make_trades([(ms(at_ms), price, "B", 1) for at_ms, price in rows])


def play(found: FaultyVenue, steps: int = 40, asks: bool = True) -> list:
    """Send brackets, trade along a walk, ask now and then; return all that arrived."""
    random = np.random.default_rng(5)
    price, told = 1000, []
    for step in range(steps):
        at_ms = 1_000 * step
        if step % 5 == 0:
            fields = {"client_id": f"client-{step}", "ts_ns": ms(at_ms), "quantity": 3}
            found.send(make_submitted(stop_ticks=3, target_ticks=3, trail_start_ticks=1,
                                      trail_ticks=1, **fields))  # fmt: skip
        if asks and step % 9 == 8:
            found.send(status(f"client-{step - step % 5}", at_ms))
            found.send(dataclasses.replace(account(0, at_ms), request_id=f"account-{step}"))
        rows = []
        for part in range(8):
            price += int(random.integers(-2, 3))
            rows.append((at_ms + 100 + 100 * part, price))
        found.trade(trades(*rows))
        told += found.deliver(ms(at_ms + 950))
    return told


def test_a_venue_that_behaves_says_what_the_exchange_says():
    found = play(venue())
    exchange = PaperExchange(PARTIAL)
    plain = play(FaultyVenue(exchange, 99, FaultRates()))
    assert found == plain
    said = [fact for facts in exchange.state.orders.values() for fact in facts]
    assert Counter(map(type, plain))[OrderFilled] >= len(exchange.state.executions) > 20
    assert all(fact in plain for fact in said)


def test_the_notes_of_the_exchange_to_itself_stay_with_it():
    quiet = venue(rule=QUEUE)
    quiet.send(limit(1000))
    quiet.trade(trades((100, 1000), (200, 1000)))
    quiet.send(cancel(300))
    told = quiet.deliver(ms(340))
    assert [type(event) for event in told] == [OrderAccepted]
    assert not any(isinstance(event, Note) for event in told)


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    runs = [play(FaultyVenue(PaperExchange(PARTIAL), seed, STORM)) for seed in (3, 3, 4)]
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.parametrize("seed", range(40))
def test_a_storm_hides_and_doubles_but_invents_nothing(seed):
    exchange = PaperExchange(PARTIAL)
    found = FaultyVenue(exchange, seed, STORM)
    told = play(found)
    said = [fact for facts in exchange.state.orders.values() for fact in facts]
    for event in told:
        if not isinstance(event, LinkChanged | OrderReported | AccountReported):
            assert event in said
    links = [event.up for event in told if isinstance(event, LinkChanged)]
    assert all(up != before for before, up in zip(links, links[1:], strict=False))
    assert not links or links[0] is False


@pytest.mark.parametrize("seed", range(20))
def test_executions_of_an_order_arrive_in_their_order(seed):
    exchange = PaperExchange(PARTIAL)
    told = play(FaultyVenue(exchange, seed, STORM), asks=False)
    for client_id, said in exchange.state.orders.items():
        heard = [e for e in told if isinstance(e, OrderFilled) and e.client_id == client_id]
        places = [said.index(fill) for fill in heard]
        assert places == sorted(places)


def test_each_fault_happens_where_it_is_asked_for():
    sent = make_submitted()
    for rates, kinds in (
        ({}, [OrderAccepted]),
        ({"command_lost": 1.0}, []),
        ({"command_twice": 1.0}, [OrderAccepted]),  # Its client id is known by then.
        ({"refused": 1.0}, [OrderRejected]),
        ({"event_lost": 1.0}, []),
        ({"event_twice": 1.0}, [OrderAccepted, OrderAccepted]),
        ({"event_late": 1.0, "late_max_ns": 1}, [OrderAccepted]),
        ({"event_late": 1.0}, []),
        ({"command_late": 1.0}, []),
    ):
        found = venue(**rates)
        found.send(sent)
        assert [type(event) for event in found.deliver(ms(0) + 1)] == kinds, rates
    late = venue(command_late=1.0)
    late.send(sent)
    assert [type(event) for event in late.deliver(ms(20_001))] == [OrderAccepted]


def test_a_refused_bracket_is_known_and_not_placed_by_a_repeat():
    found = venue(refused=1.0)
    found.send(make_submitted())
    found.send(make_submitted(attempt=2, ts_ns=ms(10_000)))
    found.trade(trades((20_000, 1000)))
    assert [type(event) for event in found.deliver(ms(30_000))] == [OrderRejected]
    assert found.exchange.state.positions == {}


def test_while_the_line_is_down_nothing_passes_and_asking_tells_the_rest():
    found = venue(down_max_ns=10**9)
    found.send(make_submitted())
    assert [type(event) for event in found.deliver(ms(10))] == [OrderAccepted]
    found.rates = dataclasses.replace(found.rates, disconnect=1.0)
    (down,) = found.deliver(ms(1_010))
    assert (type(down), down.up) == (LinkChanged, False)
    found.rates = dataclasses.replace(found.rates, disconnect=0.0)
    found.send(make_submitted(client_id="client-2", ts_ns=ms(1_020)))
    found.trade(trades((1_100, 1000)))
    told = found.deliver(ms(3_000))
    assert [(type(event), event.up) for event in told] == [(LinkChanged, True)]
    assert set(found.exchange.state.orders) == {"client-1"}
    found.send(status(at_ms=3_100))
    assert [type(event) for event in found.deliver(ms(3_200))] == [
        OrderAccepted,
        OrderFilled,
        OrderReported,
    ]


def test_what_was_on_its_way_when_the_line_broke_is_gone():
    found = venue(event_late=1.0)
    found.send(make_submitted())
    assert found.deliver(ms(1)) == []
    found.rates = dataclasses.replace(found.rates, disconnect=1.0, down_max_ns=1)
    assert [event.up for event in found.deliver(ms(1_001))] == [False]
    found.rates = dataclasses.replace(found.rates, disconnect=0.0)
    assert [event.up for event in found.deliver(ms(60_000))] == [True]


def test_an_answer_comes_behind_all_that_was_said_of_its_order():
    for seed in range(30):
        found = venue(seed, rule=RULE, event_late=0.5)
        found.send(make_submitted(trail_start_ticks=1, trail_ticks=1))
        found.trade(trades((100, 1000), (200, 1005), (300, 1010), (400, 1015)))
        found.send(status(at_ms=500))
        told = found.deliver(ms(60_000))
        at = [type(event) for event in told].index(OrderReported)
        assert all(isinstance(event, OrderReported) for event in told[at:])
        moves = [event.price for event in told if isinstance(event, OrderModified)]
        assert moves[:3] == sorted(moves[:3])


def test_a_late_command_arrives_between_the_trades():
    times = set()
    for seed in range(10):
        found = venue(seed, rule=RULE, command_late=1.0, late_max_ns=10**9)
        found.send(make_submitted())
        found.trade(trades(*((10 * step, 1000) for step in range(1, 200))))
        accepted, fill = found.deliver(ms(2_000))
        assert fill.ts_ns >= accepted.active_ns
        times.add(fill.ts_ns)
    assert len(times) > 5
    assert ms(50) <= min(times) and max(times) <= ms(1_060)
