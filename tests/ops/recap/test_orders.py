"""Round trips and orders as they stand in the document, joined with what led to them."""

from actors.core.orders.excursions import Extremes
from ops.recap.outcomes import holdings_of, outcomes_of
from protocol.account import TierChanged
from protocol.orders import EntryKind, ExitReason, Leg
from protocol.reports import OrderCancelled, OrderExpired, OrderModified, OrderRejected
from tests.makers import (
    CONTRACT,
    at,
    make_approved,
    make_bar,
    make_bracket,
    make_closed,
    make_flatten,
    make_opened,
    make_submitted,
)
from tests.ops.recap.days import make_accepted, told, with_more, written


def test_a_round_trip_has_its_fills_its_reach_its_cost_and_its_signal():
    (trip,) = written()["trades"]
    assert (trip["entry_price"], trip["exit_price"], trip["qty"]) == (5_000.0, 5_006.0, 1)
    assert (trip["mae"], trip["mfe"], trip["ticks"], trip["efficiency"]) == (9.0, 25.0, 24.0, 0.96)
    assert (trip["pnl_gross"], trip["commission"], trip["pnl_net"]) == (300.0, 4.5, 295.5)
    assert (trip["risk"], trip["r"]) == (217.0, round(29_550 / 21_700, 6))
    assert (trip["pattern"], trip["regime"]) == ("stacked_buy", "volatile")
    assert trip["reason"] == "target"
    assert (trip["slippage_ticks"], trip["duration_s"]) == (-5.0, 899.0)
    assert (trip["stop_price"], trip["target_price"]) == (4_996.0, 5_006.0)


def test_what_the_books_do_not_tell_of_a_trip_is_unknown():
    (trip,) = written({"desk": [make_closed(opened_ns=0)]}, far={})["trades"]
    unknown = ("signal_id", "entry_ts", "risk", "r", "mae", "mfe", "pattern", "regime", "tier")
    assert [trip[name] for name in unknown] == [None] * len(unknown)
    assert trip["duration_s"] == 0.0


def test_a_short_that_was_stopped_has_its_slippage_against_the_stop():
    short = {"direction": "short", "entry_sum": 20_000}
    messages = {
        "desk": [
            make_opened(**short, stop_price=20_016, target_price=19_976),
            make_closed(**short, exit_sum=20_018, reason=ExitReason.STOP, pnl_cents=-22_950),
        ],
    }
    (trip,) = written(messages, far={"bracket-1": Extremes(19_990, 20_017)})["trades"]
    assert (trip["stop_slippage_ticks"], trip["ticks"]) == (2.0, -18.0)
    assert (trip["mae"], trip["mfe"]) == (17.0, 10.0)


def test_an_exit_at_the_target_has_no_slippage_of_a_stop():
    assert written()["trades"][0]["stop_slippage_ticks"] is None


def test_families_that_agree_at_the_same_instant_count_once_each():
    books = told(with_more(router=[
        make_approved(signal_id="s4", pattern="buy_imbalance"),
        make_approved(signal_id="s5", pattern="selling_exhaustion", direction="short"),
    ]))  # fmt: skip
    (outcome,) = outcomes_of(books, books.trips(), {})
    assert outcome.confluence == 2  # Imbalance twice, absorption; the short does not agree.


def test_the_tier_is_that_of_the_entry():
    def tier(number, clock):
        return TierChanged(
            ts_ns=at(clock), tier=number, before=0, name="t", instrument="ES", traded=True,
            balance_cents=1, quantity_max=1, loss_limit_cents=1, stop_cents=1, stop_share_ppm=1,
        )  # fmt: skip

    books = told(with_more(risk=[tier(1, "09:30"), tier(2, "10:06")]))
    assert outcomes_of(books, books.trips(), {})[0].tier == 1


def test_a_trip_is_synthetic_where_the_bar_before_it_was_simulated():
    books = told(with_more() | {"bars": [make_bar(simulated=True)]})
    assert outcomes_of(books, books.trips(), {})[0].synthetic


def test_a_position_without_an_end_is_held():
    (held,) = holdings_of(told({"desk": [make_opened()]}))
    assert (held.closed_ns, held.net_cents, held.entry_sum) == (None, 0, 20_000)


def test_an_order_has_its_steps_and_a_repeat_is_the_same_order():
    repeated = with_more(desk=[make_submitted(attempt=2, ts_ns=at("10:06"))])
    (order,) = written(repeated)["orders"]
    assert (order["kind"], order["state"]) == ("bracket", "filled")
    assert order["bracket_id"] == "bracket-1"
    assert [(event["what"], event["leg"]) for event in order["events"]] == [
        ("accepted", "entry"), ("filled", "entry"), ("filled", "target"),
    ]  # fmt: skip


def test_every_way_an_order_can_end_is_told():
    common = {"client_id": "c", "contract": CONTRACT, "ts_ns": at("10:07")}
    steps = [
        make_accepted(client_id="c"),
        OrderModified(**common, request_id="", leg=Leg.STOP, price=20_001, cause="breakeven"),
        OrderCancelled(**common, request_id="", leg=Leg.TARGET, left=1, reason="stop filled"),
        OrderExpired(**common, left=2),
        OrderRejected(**common, request_id="r", leg=Leg.ENTRY, reason="no margin"),
    ]
    desk = [make_submitted(client_id="c", entry=EntryKind.LIMIT, limit_price=20_000),
            make_flatten()]  # fmt: skip
    limit, flatten = written({"desk": desk, "broker": steps})["orders"]
    assert [(event["what"], event["detail"]) for event in limit["events"]] == [
        ("accepted", None), ("modified", "breakeven"), ("cancelled", "stop filled"),
        ("expired", None), ("rejected", "no margin"),
    ]  # fmt: skip
    assert (limit["limit_price"], limit["entry"]) == (5_000.0, "limit")
    assert limit["events"][3]["leg"] == "entry"
    assert (flatten["kind"], flatten["reason"], flatten["state"]) == (
        "flatten", "auto_flatten", "submitted",
    )  # fmt: skip


def test_a_report_about_an_order_of_another_day_is_told_without_its_order():
    (order,) = written({"broker": [make_accepted()]})["orders"]
    assert (order["ts"], order["contract"], order["state"]) == (None, CONTRACT, "accepted")


def test_the_risk_of_a_bracket_that_risks_nothing_is_unknown():
    books = told(with_more(risk=[make_bracket(risk_cents=0)]))
    assert outcomes_of(books, books.trips(), {})[0].risk_cents is None
