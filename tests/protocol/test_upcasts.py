"""What an old journal holds is read as what it meant."""

import pytest

from protocol.catalog import CATALOG, UPCASTERS
from protocol.codec import decode_fields, encode_fields, upcast
from protocol.orders import EntryKind, ExitReason, Leg
from protocol.upcasts import STEPS
from tests.makers import CONTRACT, at, make_bracket, make_closed, make_opened, make_submitted

TERMS = (
    "entry", "limit_price", "expires_ns", "breakeven_ticks", "breakeven_offset_ticks",
    "trail_start_ticks", "trail_ticks",
)  # fmt: skip
FILL = {
    "exec_id": "exec-1", "client_id": "client-1", "contract": CONTRACT, "ts_ns": at("10:05"),
    "leg": "target", "direction": "long", "quantity": 1, "price": 20_024,
    "commission_cents": 225, "stop_price": None, "target_price": None,
}  # fmt: skip


def fields_of(message, *without, **changed):
    """Return the fields of a message as an old journal held them."""
    kept = {name: getattr(message, name) for name in message.__slots__}
    return {name: value for name, value in kept.items() if name not in without} | changed


def plain(fields):
    """Return fields as msgpack gives them back: members of an enum are bare words."""
    return {
        name: value.value if hasattr(type(value), "__members__") else value
        for name, value in fields.items()
    }


def test_every_version_of_what_a_journal_holds_has_a_way_to_the_next():
    for cls in CATALOG:
        for version in range(1, cls.VERSION):
            if cls.KIND.startswith(("order.", "desk.", "paper.")):  # What journals hold.
                assert (cls.KIND, version) in UPCASTERS


@pytest.mark.parametrize(
    ("kind", "message", "without"),
    [
        ("order.bracket_approved", make_bracket(), TERMS),
        ("order.bracket_submitted", make_submitted(), (*TERMS, "attempt")),
    ],
)
def test_an_old_bracket_was_entered_at_the_market_without_break_even(kind, message, without):
    old = plain(fields_of(message, *without))
    assert upcast(kind, 1, old) == message
    assert message.entry is EntryKind.MARKET


def test_an_old_fill_was_whole_and_corrected_nothing():
    fill = upcast("order.filled", 1, dict(FILL))
    assert (fill.left, fill.corrects, fill.leg) == (0, "", Leg.TARGET)


@pytest.mark.parametrize("quantity", [1, 3])
def test_an_old_price_becomes_a_sum_over_the_contracts(quantity):
    wanted = make_opened(quantity=quantity, entry_sum=20_000 * quantity)
    old = plain(fields_of(wanted, "entry_sum", entry_price=20_000))
    assert upcast("order.position_opened", 1, old) == wanted
    closed = make_closed(
        quantity=quantity, entry_sum=20_000 * quantity, exit_sum=20_024 * quantity,
        opened_ns=at("10:20"),
    )  # fmt: skip
    prices = {"entry_price": 20_000, "exit_price": 20_024}
    old = plain(fields_of(closed, "opened_ns", "entry_sum", "exit_sum", **prices))
    assert upcast("order.position_closed", 1, old) == closed
    assert closed.reason is ExitReason.TARGET


@pytest.mark.parametrize(("reason", "rejected"), [("rejected: no", True), ("cancelled: x", False)])
def test_an_old_end_says_by_its_words_whether_the_venue_rejected_it(reason, rejected):
    assert STEPS["order.bracket_ended", 1]({"reason": reason})["rejected"] is rejected


@pytest.mark.parametrize("message", [make_bracket(), make_submitted(), make_opened()])
def test_what_is_written_today_is_read_as_it_is(message):
    assert decode_fields(message.KIND, message.VERSION, encode_fields(message)) == message
