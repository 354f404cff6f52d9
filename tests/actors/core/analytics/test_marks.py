"""An account marked by closes shows what closed round trips hide."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from actors.core.analytics.marks import Holding, marked, unrealised_cents
from actors.core.orders.money import TickValue
from protocol.patterns import Direction


def make_holding(**fields: Any) -> Holding:
    values: dict[str, Any] = {
        "opened_ns": 10, "closed_ns": 30, "direction": Direction.LONG, "quantity": 1,
        "entry_sum": 100, "entry_commission_cents": 225, "net_cents": 29_550,
        "tick": TickValue(1_250, 1),
    }  # fmt: skip
    return Holding(**(values | fields))


def test_a_position_is_marked_while_held_and_counts_its_result_once_closed():
    closes = [(5, 90), (10, 100), (20, 96), (30, 96), (40, 0)]
    assert marked(100_000, [make_holding()], closes) == [
        (5, 100_000), (10, 99_775), (20, 94_775), (30, 129_550), (40, 129_550),
    ]  # fmt: skip


def test_a_position_that_is_still_held_stays_marked():
    assert marked(0, [make_holding(closed_ns=None)], [(50, 101)]) == [(50, 1_025)]


def test_a_short_earns_as_the_price_falls():
    holding = make_holding(direction=Direction.SHORT, quantity=2, entry_sum=200)
    assert unrealised_cents(holding, 99) == 2_500 - 225
    assert unrealised_cents(holding, 101) == -2_500 - 225


def test_without_closes_there_is_no_curve():
    assert marked(1, [make_holding()], []) == []


SPANS = st.lists(
    st.tuples(st.integers(0, 20), st.none() | st.integers(0, 20), st.integers(90, 110)), max_size=6
)


@given(SPANS, st.lists(st.integers(0, 25), max_size=10))
def test_the_curve_agrees_with_a_look_at_every_position_at_every_close(spans, instants):
    holdings = [
        make_holding(
            opened_ns=opened, closed_ns=None if held is None else opened + held, entry_sum=entry
        )
        for opened, held, entry in spans
    ]
    closes = [(instant, 95 + instant % 7) for instant in sorted(instants)]
    slow = []
    for instant, price in closes:
        balance = 1_000
        for one in holdings:
            if one.closed_ns is not None and one.closed_ns <= instant:
                balance += one.net_cents
            elif one.opened_ns <= instant:
                balance += (price - one.entry_sum) * 1_250 - 225
        slow.append((instant, balance))
    assert marked(1_000, holdings, closes) == slow
