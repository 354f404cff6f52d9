"""From tick to fill every line says its trail, in whatever order the streams are read."""

import pytest

from actors.core.orders.brackets import client_id
from actors.core.risk.ledger import bracket_id
from actors.core.trail import IDS, KNOWN_MAX, Level, Trails, level_of
from protocol.catalog import CATALOG
from protocol.fence import FenceCause, FenceClosed
from protocol.market import Cut, CutReason, Settled
from protocol.orders import ExitReason, FlattenOrdered
from tests.makers import (
    make_approved,
    make_bar,
    make_bracket,
    make_closed,
    make_flatten,
    make_opened,
    make_signal,
    make_submitted,
)

SIGNAL = "0123456789abcdef01234567"
BRACKET = bracket_id(SIGNAL)
CLIENT = client_id(BRACKET)
STEPS = [
    ("detector", make_signal(id=SIGNAL)),
    ("router", make_approved(signal_id=SIGNAL)),
    ("risk", make_bracket(signal_id=SIGNAL, bracket_id=BRACKET)),
    ("desk", make_submitted(bracket_id=BRACKET, client_id=CLIENT)),
    ("desk", make_opened(bracket_id=BRACKET, exec_id="e1")),
    ("desk", make_closed(bracket_id=BRACKET, exec_id="e2")),
]


def trails_of(steps):
    trails = Trails()
    return [trails.fields(source, 1, 1, message)["trail"] for source, message in steps]


def test_every_step_from_the_signal_to_the_end_has_the_trail_of_the_signal():
    assert trails_of(STEPS) == [SIGNAL] * len(STEPS)


def test_the_orders_may_be_read_before_risk_once_the_router_was_read():
    signal, approved, risk, *orders = STEPS
    assert trails_of([signal, approved, *orders, risk]) == [SIGNAL] * len(STEPS)


def test_an_order_whose_beginning_is_not_known_has_its_own_id_as_its_trail():
    assert trails_of(STEPS[4:5]) == [BRACKET]


def test_the_trail_of_a_flatten_is_its_own_id_up_to_its_order():
    ordered = FlattenOrdered(flatten_id="f1", contract="ESZ5", ts_ns=1, reason=ExitReason.MANUAL)
    sent = make_flatten(client_id=client_id("f1"))
    assert trails_of([("risk", ordered), ("desk", sent)]) == ["f1", "f1"]


def test_what_was_written_before_a_restart_is_recalled():
    before, after = Trails(), Trails()
    for source, message in STEPS[:4]:
        after.recall(before.fields(source, 1, 1, message))
    assert after.fields("desk", 2, 1, STEPS[5][1])["trail"] == SIGNAL


def test_a_line_of_something_else_recalls_nothing():
    trails = Trails()
    trails.recall({"trail": None, "client_id": CLIENT})
    trails.recall({"trail": "t", "client_id": 7})
    assert trails.trail("order.filled", {"client_id": CLIENT}) == CLIENT


def test_no_more_than_the_newest_trails_are_remembered():
    trails = Trails()
    for number in range(KNOWN_MAX // 2 + 1):
        trails.fields("router", number, 1, make_approved(signal_id=f"s{number}"))
    assert trails.trail("x", {"bracket_id": bracket_id("s0")}) == bracket_id("s0")
    assert trails.trail("x", {"bracket_id": bracket_id("s1")}) == "s1"


def test_a_line_has_the_plain_values_and_not_the_columns_of_a_message():
    fields = Trails().fields("bars", 7, 3, make_bar())
    assert (fields["actor"], fields["seq"], fields["cut"], fields["trail"]) == ("bars", 7, 3, "")
    assert fields["contract"] == "ESZ5"
    assert all(isinstance(value, int | str | None) for value in fields.values())


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        (Cut(number=1, ts_ns=1, reason=CutReason.BAR), None),
        (Settled(number=1), None),
        (make_bar(), Level.DEBUG),
        (make_signal(), Level.DEBUG),
        (make_approved(), Level.INFO),
        (FenceClosed(ts_ns=1, cause=FenceCause.KILL, detail="x"), Level.ERROR),
    ],
)
def test_the_market_is_no_line_and_the_rest_matters_more_or_less(message, wanted):
    assert level_of(message) is wanted


def test_every_message_that_names_a_signal_bracket_or_client_is_followed():
    named = [cls for cls in CATALOG if set(IDS) & set(cls.__dataclass_fields__)]
    assert len(named) >= 20
