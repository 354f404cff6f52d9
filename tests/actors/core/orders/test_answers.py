"""What the exchange answers at once: to orders, requests and questions, and to repeats of them."""

import pytest

from actors.core.orders.answers import answer
from actors.core.orders.book import ExchangeState, apply
from protocol.orders import Leg
from protocol.patterns import Direction
from protocol.reports import OrderAccepted, OrderRejected, OrderReported
from tests.actors.core.orders.paper_market import (
    PARTIAL,
    RULE,
    account,
    cancel,
    held,
    limit,
    modify,
    ms,
    order,
    run,
    status,
    wait,
)
from tests.makers import CONTRACT, make_flatten, make_submitted


def test_a_later_attempt_of_a_bracket_that_is_known_places_nothing():
    state = held()
    assert order(state, make_submitted(attempt=2, ts_ns=ms(10_000))) is None
    assert len(state.positions) == 1


def test_a_later_attempt_of_a_bracket_that_never_came_is_placed():
    assert isinstance(order(ExchangeState(), make_submitted(attempt=2)), OrderAccepted)


def test_a_flatten_at_work_is_not_doubled_by_its_repeats():
    state = held()
    assert isinstance(order(state, make_flatten(ts_ns=ms(200))), OrderAccepted)
    assert order(state, make_flatten(ts_ns=ms(200))) is None
    assert order(state, make_flatten(ts_ns=ms(5_200), attempt=2)) is None
    assert len(run(state, [(6_000, 23_060)])) == 1


def test_a_flatten_whose_first_attempt_was_lost_acts_at_its_second():
    state = held()
    assert isinstance(order(state, make_flatten(ts_ns=ms(5_200), attempt=2)), OrderAccepted)
    assert [fill.leg for fill in run(state, [(6_000, 23_060)])] == [Leg.FLATTEN]


def test_a_flatten_that_found_nothing_acts_at_its_next_attempt_if_something_came():
    state = ExchangeState()
    assert order(state, make_flatten(ts_ns=ms(0))).reason == "nothing to flatten"
    order(state, make_submitted(ts_ns=ms(1)))
    assert order(state, make_flatten(ts_ns=ms(0))) is None
    assert isinstance(order(state, make_flatten(ts_ns=ms(5_000), attempt=2)), OrderAccepted)


def test_a_flatten_that_comes_again_late_leaves_a_new_position_alone():
    state = held()
    order(state, make_flatten(ts_ns=ms(200)))
    run(state, [(300, 23_060)])
    order(state, make_submitted(client_id="client-2", ts_ns=ms(400)))
    assert order(state, make_flatten(ts_ns=ms(200))) is None
    assert not state.flattens


def test_a_request_is_taken_once():
    state = ExchangeState()
    order(state, limit(1000))
    assert order(state, cancel(100)) is not None
    assert order(state, cancel(100)) is None
    wait(state, 150)
    assert order(state, cancel(100)) is None
    refused = order(state, cancel(200, request_id="cancel-2"))
    assert refused.reason == "too late: cancelled"
    assert order(state, cancel(200, request_id="cancel-2")) is None


@pytest.mark.parametrize(
    ("before", "request_", "reason"),
    [
        (ExchangeState, cancel(200), "unknown order"),
        (ExchangeState, modify(200, 1), "unknown order"),
        (held, cancel(200), "too late: filled"),
        (held, modify(200, 1, Leg.ENTRY), "leg entry, wanted stop or target"),
        (held, modify(200, 1, Leg.FLATTEN), "leg flatten, wanted stop or target"),
    ],
)
def test_a_request_that_cannot_come_to_anything_is_refused_at_once(before, request_, reason):
    state = before()
    refused = order(state, request_)
    assert (type(refused), refused.reason) == (OrderRejected, reason)
    assert refused.request_id == request_.request_id
    # And makes no order known that was not.
    assert ("client-1" in state.orders) == (before is held)


def test_a_change_before_the_first_fill_is_too_early_and_after_the_last_too_late():
    state = ExchangeState()
    order(state, make_submitted())
    assert order(state, modify(0, 1)).reason == "too early: nothing is held yet"
    state = held()
    run(state, [(200, 23_000)])
    assert order(state, modify(300, 1)).reason == "too late: filled"
    state = ExchangeState()
    order(state, limit(1000, expires_ns=ms(100)))
    wait(state, 100)
    assert order(state, modify(300, 1)).reason == "too late: expired"
    assert order(state, cancel(300)).reason == "too late: expired"
    order(state, make_submitted(client_id="bad", quantity=0))
    assert order(state, cancel(300, request_id="c2", client_id="bad")).reason == (
        "too late: rejected"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"breakeven_ticks": 2, "breakeven_offset_ticks": 2},
        {"trail_start_ticks": 3, "trail_ticks": 0},
        {"trail_start_ticks": -1},
        {"quantity": -1},
    ],
)
def test_terms_that_make_no_bracket_are_rejected(fields):
    assert isinstance(order(ExchangeState(), make_submitted(**fields)), OrderRejected)


def test_a_limit_entry_without_a_price_is_rejected():
    assert order(ExchangeState(), limit(None)).reason == "a limit entry without a price"


def test_the_status_of_an_unknown_order_is_that_it_is_unknown():
    (reported,) = answer(ExchangeState(), status(), RULE)
    assert (reported.known, reported.filled, reported.left, reported.held) == (False, 0, 0, 0)
    assert reported.request_id == "status-1"


def test_a_status_repeats_what_was_said_under_the_same_ids_and_then_says_what_is():
    state = ExchangeState()
    said = [order(state, make_submitted(quantity=3), PARTIAL)]
    said += run(state, [(100, 1000, 1)], rule=PARTIAL)
    *events, reported = answer(state, status(), PARTIAL)
    assert events == said
    assert (reported.known, reported.filled, reported.left, reported.held) == (True, 1, 2, 1)
    before = (dict(state.entries), dict(state.positions), list(state.executions))
    for fact in (*events, reported):
        apply(state, fact)
    assert (state.entries, state.positions, state.executions) == before
    assert answer(state, status(), PARTIAL) == [*events, reported]


def test_the_status_of_a_closed_and_of_a_rejected_order_is_known_and_empty():
    state = held()
    run(state, [(200, 23_000)])
    order(state, make_submitted(client_id="bad", quantity=0))
    for key, filled in (("client-1", 1), ("bad", 0)):
        reported = answer(state, status(key), RULE)[-1]
        assert isinstance(reported, OrderReported)
        assert (reported.known, reported.filled, reported.left, reported.held) == (
            True,
            filled,
            0,
            0,
        )


def test_repeated_moves_of_a_stop_do_not_bring_back_an_older_one():
    state = held(trail_start_ticks=4, trail_ticks=2)
    run(state, [(200, 23_065), (210, 23_070)])
    events = answer(state, status(), RULE)
    stop = state.positions["client-1"].stop_price
    for fact in events:
        apply(state, fact)
        assert state.positions["client-1"].stop_price == stop


def test_the_account_nets_by_contract_and_lists_what_works():
    state = held(PARTIAL, quantity=3)
    short = make_submitted(client_id="client-2", ts_ns=ms(150), direction=Direction.SHORT)
    order(state, short, PARTIAL)
    run(state, [(200, 23_060, 5)], rule=PARTIAL)
    order(state, limit(23_000, client_id="client-3", ts_ns=ms(210), quantity=2), PARTIAL)
    (reported,) = answer(state, account(150, 220), PARTIAL)
    assert (reported.contracts, reported.quantities) == ((CONTRACT,), (2,))
    assert reported.entry_sums == (3 * 23_061 - 23_059,)
    works = zip(reported.order_ids, reported.order_legs, reported.order_quantities, strict=True)
    assert list(works) == [
        ("client-3", "entry", 2),
        ("client-1", "stop", 3),
        ("client-1", "target", 3),
        ("client-2", "stop", 1),
        ("client-2", "target", 1),
    ]
    assert len(reported.exec_ids) == 1
    (all_,) = answer(state, account(0), PARTIAL)
    assert len(all_.exec_ids) == 2
    # From the instant itself on, and not one nanosecond later.
    edge = state.executions[0][0]
    since = account(0)
    for since_ns, count in ((edge, 2), (edge + 1, 1)):
        asked = type(since)(request_id="a", ts_ns=edge, since_ns=since_ns)
        assert len(answer(state, asked, PARTIAL)[0].exec_ids) == count


def test_an_empty_account_is_empty_and_so_is_a_net_of_nothing():
    (reported,) = answer(ExchangeState(), account(), RULE)
    assert (reported.contracts, reported.order_ids, reported.exec_ids) == ((), (), ())
    state = held()
    order(state, make_submitted(client_id="client-2", ts_ns=ms(150), direction=Direction.SHORT))
    run(state, [(200, 23_060)])
    (reported,) = answer(state, account(), RULE)
    assert reported.contracts == ()
    assert len(reported.order_ids) == 4


def test_an_exit_in_part_leaves_what_was_entered_first():
    state = ExchangeState()
    order(state, make_submitted(quantity=3), PARTIAL)
    run(state, [(100, 1000, 1), (110, 1002, 5)], rule=PARTIAL)  # 1001 and twice 1003.
    run(state, [(200, 900, 1)], rule=PARTIAL)
    (reported,) = answer(state, account(), PARTIAL)
    assert (reported.quantities, reported.entry_sums) == ((2,), (2 * 1003,))
