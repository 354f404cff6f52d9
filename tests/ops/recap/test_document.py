"""The document: what the domain asks for is in it, and its totals are those of the books."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.recap.command import as_json
from ops.recap.document import ERRORS_MAX, document
from ops.recap.sources import Away
from protocol.account import StillExposed, TierChanged, TradingHalted, TradingResumed
from protocol.fence import FenceCause, FenceClosed
from protocol.orders import Leg
from protocol.reports import OrderRejected
from protocol.system import Alarm
from tests.makers import (
    CONTRACT,
    at,
    make_bar,
    make_bracket,
    make_closed,
    make_opened,
    make_regime,
    make_signal,
)
from tests.ops.recap.days import around, make_balance, streams, told, with_more, written

NUMBER, TEXT = (int, float), str
MAYBE_NUMBER, MAYBE_TEXT = (int, float, type(None)), (str, type(None))
SCHEMA: dict[str, Any] = {
    "schema": int, "generated_at": TEXT, "trading_date": TEXT, "server": TEXT,
    "session": {
        "mode": MAYBE_TEXT, "symbol": TEXT, "contract": MAYBE_TEXT, "tier": MAYBE_TEXT,
        "start_balance": NUMBER, "end_balance": NUMBER, "status": TEXT, "halt_reason": MAYBE_TEXT,
        "simulated": bool, "replayed": bool, "whole": bool, "inferred_share": MAYBE_NUMBER, "tick_size": NUMBER,
    },
    "heartbeat": {},
    "summary": {
        **dict.fromkeys(
            ("bars", "signals", "approved", "denied", "trades", "orders", "wins", "losses",
             "breakeven", "errors", "restarts"), int),
        **dict.fromkeys(("gross", "commission", "net", "downtime_s"), NUMBER),
    },
    "restarts": {
        "clock": TEXT, "events": [{"ts": TEXT, "source": TEXT, "code": TEXT, "text": TEXT}],
        "away": [{"id": TEXT, "restarts": int, "from": TEXT, "to": MAYBE_TEXT, "reason": TEXT}],
        "gaps": [{"kind": TEXT, "what": TEXT, "from": MAYBE_TEXT, "to": MAYBE_TEXT}],
    },
    "signals": [{
        "ts": TEXT, "pattern": TEXT, "direction": TEXT, "strength": NUMBER, "ref_price": NUMBER,
        "last_price": NUMBER, "regime": TEXT, "approved": bool, "reject_reason": MAYBE_TEXT,
        "rejected_by": MAYBE_TEXT, "synthetic": bool,
    }],
    "regimes": [{"ts": TEXT, "regime": TEXT, "confidence": NUMBER}],
    "bars": [{
        "start": TEXT, "end": TEXT,
        **dict.fromkeys(("o", "h", "l", "c", "poc"), NUMBER),
        **dict.fromkeys(("volume", "delta", "max_delta", "min_delta"), int),
    }],
    "trades": [{
        "entry_ts": MAYBE_TEXT, "exit_ts": TEXT, "entry_price": NUMBER, "exit_price": NUMBER,
        "qty": int, "reason": TEXT, "pnl_gross": NUMBER, "commission": NUMBER, "pnl_net": NUMBER,
        "mae": MAYBE_NUMBER, "mfe": MAYBE_NUMBER, "pattern": MAYBE_TEXT, "regime": MAYBE_TEXT,
        "duration_s": NUMBER,
    }],
    "orders": [{"client_id": TEXT, "kind": TEXT, "state": TEXT, "events": [{"what": TEXT}]}],
    "equity": {"start": NUMBER, "closed": [{"ts": TEXT, "balance": NUMBER}], "marked": [{}]},
    "errors": [{"ts": TEXT, "source": TEXT, "code": TEXT, "text": TEXT}],
    "analytics": {
        "fill_model": TEXT, "synthetic": bool,
        "day": {"n": int, "low_n": bool, "win_rate": MAYBE_NUMBER, "net": NUMBER,
                "drawdown": {"amount": NUMBER}, "days": {"sharpe": MAYBE_NUMBER, "low_n": bool},
                "activity": {"held_s": MAYBE_NUMBER}},
        "to_date": {"n": int},
        "breakdowns": {"pattern": [{"value": TEXT, "n": int, "low_n": bool, "net": NUMBER}]},
        "signals": [{"pattern": TEXT, "regime": TEXT, "n": int, "low_n": bool}],
    },
}  # fmt: skip


def check(value, wanted, where="document"):
    if isinstance(wanted, dict):
        assert isinstance(value, dict), where
        for name, inner in wanted.items():
            assert name in value, f"{where}.{name} is missing"
            check(value[name], inner, f"{where}.{name}")
    elif isinstance(wanted, list):
        assert isinstance(value, list), where
        for place, one in enumerate(value):
            check(one, wanted[0], f"{where}[{place}]")
    else:
        fits = isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))
        assert fits, f"{where} is {value!r}"


@pytest.mark.parametrize("messages", [streams(), {}, {"bars": [make_bar()]}])
def test_the_document_has_every_part_of_schema_1_also_where_nothing_happened(messages):
    text = as_json(written(messages))
    check(json.loads(text), SCHEMA)
    assert json.loads(text)["schema"] == 1


def test_the_summary_of_a_small_day():
    found = written()["summary"]
    assert (found["bars"], found["signals"], found["approved"], found["denied"]) == (2, 3, 2, 1)
    assert (found["trades"], found["orders"], found["wins"], found["losses"]) == (1, 1, 1, 0)
    assert (found["gross"], found["commission"], found["net"]) == (300.0, 4.5, 295.5)


def test_rejections_are_in_the_recap_with_who_rejected_and_why():
    # The seed looked for words in a log that were written otherwise, and found none ever.
    taken, dropped, denied = written()["signals"]
    assert (taken["approved"], taken["reject_reason"], taken["bracket_id"]) == (
        True, None, "bracket-1",
    )  # fmt: skip
    assert (dropped["approved"], dropped["rejected_by"], dropped["reject_reason"]) == (
        False, "router", "low_strength",
    )  # fmt: skip
    assert (denied["approved"], denied["rejected_by"], denied["reject_reason"]) == (
        True, "risk", "position_open",
    )  # fmt: skip
    assert dropped["reject_detail"] == "0.30 of 0.50"


def test_a_day_without_data_is_no_session_and_a_valid_document():
    found = document(told(streams(), "2025-12-06"), around())
    assert found["session"]["status"] == "NO_SESSION"
    assert found["summary"]["net"] == 0.0
    assert found["trades"] == found["bars"] == found["signals"] == []
    assert found["session"]["start_balance"] == found["session"]["end_balance"]


def test_a_halt_that_stands_is_told_with_its_reason_and_one_that_was_lifted_is_not():
    halt = TradingHalted(
        ts_ns=at("11:00"), reason="loss limit", day_pnl_cents=-30_100, limit_cents=30_000
    )
    halted = written(with_more(risk=[halt]))["session"]
    assert (halted["status"], halted["halt_reason"]) == ("HALTED", "loss limit")
    resumed = TradingResumed(ts_ns=at("11:30"), reason="looked at")
    again = written(with_more(risk=[halt, resumed]))["session"]
    assert (again["status"], again["halt_reason"]) == ("COMPLETED", None)


def test_the_halt_of_the_day_before_is_not_this_days():
    halt = TradingHalted(
        ts_ns=at("11:00", "2025-12-01"), reason="x", day_pnl_cents=-1, limit_cents=1
    )
    assert written(with_more(risk=[halt]))["session"]["status"] == "COMPLETED"


def test_the_balance_starts_where_the_books_say_and_ends_by_the_round_trips():
    found = written()["session"]
    assert (found["start_balance"], found["end_balance"]) == (2_500.0, 2_795.5)


def test_where_the_first_word_about_the_balance_comes_late_the_days_result_is_taken_off():
    messages = streams()
    messages["risk"][0] = make_balance(balance_cents=279_550, day_pnl_cents=29_550)
    assert written(messages)["session"]["start_balance"] == 2_500.0


def test_the_balance_of_the_day_before_is_where_this_day_starts():
    messages = streams()
    before = make_balance(ts_ns=at("15:00", "2025-12-01"), balance_cents=300_000)
    messages["risk"] = [before, *messages["risk"]]
    assert written(messages)["session"]["start_balance"] == 3_000.0


def test_without_a_word_about_the_balance_it_is_the_paper_accounts_with_all_trips_before():
    earlier = make_closed(bracket_id="e", ts_ns=at("10:00", "2025-12-01"), pnl_cents=-1_000)
    found = written({"bars": [make_bar()], "desk": [earlier, make_closed()]})
    assert found["session"]["start_balance"] == 2_490.0
    assert found["analytics"]["to_date"]["drawdown"]["peak"] == 2_500.0


def test_the_tier_is_the_one_that_stood_last():
    tier = TierChanged(
        ts_ns=at("09:30", "2025-12-01"), tier=1, before=0, name="MES Building", instrument="MES",
        traded=True, balance_cents=250_000, quantity_max=3, loss_limit_cents=10_000,
        stop_cents=2_249, stop_share_ppm=8_996,
    )  # fmt: skip
    found = written(with_more(risk=[tier]))
    assert found["session"]["tier"] == "MES Building"
    assert found["trades"][0]["tier"] == 1


def test_a_position_that_is_still_held_is_said_and_not_counted():
    found = written(with_more(desk=[make_opened(bracket_id="b")]))
    assert found["session"]["open_positions"] == 1
    assert found["summary"]["trades"] == 1


def alarm(code, clock, day="2025-12-02"):
    return Alarm(source="market", code=code, ts_ns=at(clock, day), text="feed exited")


def test_restarts_are_those_of_the_date_and_the_rest_of_the_alarms_are_errors():
    alarms = [
        alarm("child_restarted", "10:00"), alarm("child_restarted", "10:00", "2025-12-01"),
        alarm("frames_rejected", "11:00"),
    ]  # fmt: skip
    away = [Away("feed", 1, at("10:00"), at("10:00:00.250"), "killed")]
    found = written(alarms=alarms, aways=away)
    assert len(found["restarts"]["events"]) == found["summary"]["restarts"] == 1
    assert found["summary"]["downtime_s"] == 0.25
    assert [error["code"] for error in found["errors"]] == ["frames_rejected"]
    assert found["restarts"]["clock"] == "market"


def test_in_a_replay_all_restarts_belong_to_the_run_because_the_clocks_are_two():
    found = written(alarms=[alarm("child_restarted", "10:00", "2026-01-05")], replayed=True)
    assert found["summary"]["restarts"] == 1
    assert found["restarts"]["clock"] == "machine"


def test_what_went_wrong_in_trading_is_an_error_and_of_many_the_first_fifty_are_told():
    rejected = OrderRejected(
        client_id="c", request_id="", contract=CONTRACT, ts_ns=at("10:00"), leg=Leg.ENTRY,
        reason="no margin",
    )  # fmt: skip
    fence = FenceClosed(ts_ns=at("09:50"), cause=FenceCause.MISMATCH, detail="1 against 0")
    exposed = StillExposed(
        ts_ns=at("16:59:30"), contract=CONTRACT, quantity=1, hard_stop_ns=at("16:59:30")
    )
    found = written(with_more(desk=[fence], broker=[rejected], risk=[exposed]))
    assert [error["code"] for error in found["errors"]] == [
        "fence_closed", "rejected", "still_exposed",
    ]  # fmt: skip
    many = written(alarms=[alarm("odd", "10:00")] * (ERRORS_MAX + 1))
    assert (len(many["errors"]), many["summary"]["errors"]) == (ERRORS_MAX, ERRORS_MAX + 1)


def test_the_heartbeat_of_another_date_says_nothing_of_this_one():
    beat = {"tick_count": 5, "trading_date": "2025-12-02", "secret": "x"}
    assert written(heartbeat=beat)["heartbeat"] == {"tick_count": 5, "trading_date": "2025-12-02"}
    assert written(heartbeat=beat | {"trading_date": "2025-12-01"})["heartbeat"] == {}


def test_the_fill_model_is_stamped_on_every_result():
    assert written()["analytics"]["fill_model"] == "tick/through"
    assert written()["session"]["fills"]["model"] == "tick/through"
    assert written(mode="live")["analytics"]["fill_model"] == "venue"


def test_a_simulated_day_says_so_and_so_do_its_statistics():
    messages = streams() | {"bars": [make_bar(simulated=True)]}
    found = written(messages)
    assert found["session"]["simulated"] is found["analytics"]["synthetic"] is True
    assert written()["analytics"]["synthetic"] is False


def test_the_regimes_are_told_where_they_begin():
    again = make_regime(ts_ns=at("10:10"))
    other = make_regime(ts_ns=at("10:15"), regime="ranging")
    found = written(with_more(regime=[again, other]))["regimes"]
    assert [one["regime"] for one in found] == ["volatile", "ranging"]


DATES = ("2025-12-01", "2025-12-02", "2025-12-03")
TRIPS = st.lists(
    st.tuples(
        st.sampled_from(DATES), st.integers(0, 1_439), st.integers(-50_000, 50_000),
        st.integers(0, 999), st.booleans(),
    ),
    max_size=15,
)  # fmt: skip


@given(TRIPS, st.lists(st.integers(0, 1_439), max_size=10))
def test_the_totals_of_any_day_are_those_of_the_books_counted_apart(rows, minutes):
    desk, risk = [], []
    for number, (day, minute, net, fees, corrected) in enumerate(rows):
        closed_ns = at("00:00", day) + minute * 60_000_000_000 + 1
        id = f"bracket-{number}"
        fields = {"bracket_id": id, "ts_ns": closed_ns, "opened_ns": closed_ns - 1}
        risk.append(make_bracket(bracket_id=id, ts_ns=closed_ns - 1, signal_id=id))
        if corrected:
            desk.append(make_closed(**fields, pnl_cents=net + 77, commission_cents=0))
        desk.append(make_closed(**fields, pnl_cents=net, commission_cents=fees))
    raised = [
        make_signal(id=str(n), ts_ns=at("00:00", "2025-12-02") + minute * 60_000_000_000 + 1)
        for n, minute in enumerate(minutes)
    ]
    found = written({"bars": [make_bar()], "detector": raised, "risk": risk, "desk": desk})
    # Counted apart: the date by the clock alone, 17:00 of the eve to 17:00 of the day.
    own = [
        (net, fees)
        for day, minute, net, fees, _ in rows
        if (day == "2025-12-01" and minute >= 1_020) or (day == "2025-12-02" and minute < 1_020)
    ]
    summary, trades = found["summary"], found["trades"]
    assert summary["trades"] == len(trades) == len(own)
    assert round(summary["net"] * 100) == sum(net for net, _ in own)
    assert round(summary["commission"] * 100) == sum(fees for _, fees in own)
    assert round(summary["gross"] * 100) == sum(net + fees for net, fees in own)
    assert summary["wins"] == sum(net > 0 for net, _ in own)
    assert summary["losses"] == sum(net < 0 for net, _ in own)
    assert summary["breakeven"] == sum(net == 0 for net, _ in own)
    assert sum(round(trade["pnl_net"] * 100) for trade in trades) == sum(net for net, _ in own)
    session = found["session"]
    grown = round(session["end_balance"] * 100) - round(session["start_balance"] * 100)
    assert grown == sum(net for net, _ in own)
    assert summary["signals"] == sum(minute < 1_020 for minute in minutes)
    assert found["analytics"]["day"]["n"] == len(own)
    for groups in found["analytics"]["breakdowns"].values():
        assert sum(group["n"] for group in groups) == found["analytics"]["to_date"]["n"]


def test_the_same_books_make_the_same_document():
    assert as_json(written()) == as_json(written())
    assert date.fromisoformat(written()["trading_date"]) == date(2025, 12, 2)
