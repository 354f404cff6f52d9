"""The fold of the floor's messages into its heartbeat (domain 8.4)."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.watch.vitals import (
    ASKED_MAX,
    CLOSED_MAX,
    FOLDED,
    Vitals,
    fold,
    heartbeat,
    kept,
    roll,
    unrealised_cents,
    vitals_of,
)
from protocol.account import BalanceReported, TierChanged, TradingHalted, TradingResumed
from protocol.catalog import CATALOG
from protocol.fence import FenceCause, FenceClosed, FenceOpened
from protocol.market import Cut, CutReason, FeedLost, FeedRestored, TradeBatch
from protocol.orders import AccountAsked, Leg
from protocol.patterns import Direction
from protocol.reports import AccountReported, LinkChanged, OrderRejected
from tests.makers import at, make_bar, make_closed, make_opened, make_regime, make_signal
from tests.protocol.test_codec import messages_of

SERIES = "time:300"
HALT = TradingHalted(ts_ns=at("11:00"), reason="loss", day_pnl_cents=-30_000, limit_cents=30_000)


def folded(*messages, vitals=None):
    vitals = vitals or Vitals(balance_cents=250_000)
    for message in messages:
        fold(vitals, message, SERIES)
    return vitals


def batch(*instants):
    count = len(instants)
    return TradeBatch(
        contract="ESZ5", simulated=False, ts_event=np.array(instants, "<i8").tobytes(),
        price=bytes(4 * count), size=bytes(4 * count), aggressor=bytes(count),
        source=bytes(count), flags=bytes(count), bid=b"", ask=b"",
    )  # fmt: skip


def link(up, clock="10:00"):
    return LinkChanged(ts_ns=at(clock), up=up, reason="")


def beat(vitals, **fields):
    given = {"now_ns": at("12:00"), "pid": 7, "symbol": "ES", "market": "live", "mode": "paper"}
    return heartbeat(vitals, **(given | fields))


def test_ticks_are_counted_and_the_last_one_is_known():
    vitals = folded(batch(at("10:00"), at("10:01")), batch(at("10:02")), batch())
    assert (vitals.ticks, vitals.last_tick_ns) == (3, at("10:02"))


def test_a_batch_that_comes_late_does_not_turn_the_last_tick_back():
    assert folded(batch(at("10:02")), batch(at("10:01"))).last_tick_ns == at("10:02")


def test_bars_are_those_of_the_series_that_is_decided_on():
    vitals = folded(make_bar(), make_bar(series="volume:5000"), make_signal(), make_regime())
    assert (vitals.bars, vitals.signals, vitals.regime) == (1, 1, "volatile")
    assert (vitals.bars_available, vitals.regime_confidence_ppm) == (40, 800_000)


def test_t8_1_counters_fall_to_nothing_at_17_00_and_not_before():
    vitals = folded(batch(at("16:59:59")), make_signal(), make_closed(), HALT, link(False),
                    link(True))  # fmt: skip
    assert roll(vitals, at("17:00") - 1)
    assert (vitals.ticks, vitals.signals, vitals.trips, vitals.reconnects) == (1, 1, 1, 1)
    assert vitals.halted
    roll(vitals, at("17:00"))
    assert (vitals.ticks, vitals.signals, vitals.trips, vitals.reconnects) == (0, 0, 0, 0)
    assert (vitals.date, vitals.halted, vitals.balance_cents) == ("2025-12-03", False, 250_000)


def test_the_bar_that_ends_at_17_00_belongs_to_the_day_that_ends():
    vitals = folded(make_bar(start_ns=at("16:55"), end_ns=at("17:00")))
    assert (vitals.bars, vitals.date) == (1, "2025-12-02")


def test_a_message_of_yesterday_counts_for_nothing_today():
    vitals = folded(batch(at("18:05")), make_signal(), batch(at("16:00")), HALT)
    assert (vitals.ticks, vitals.signals, vitals.halted) == (1, 0, False)
    assert vitals.date == "2025-12-03"


def test_a_reconnect_is_a_return_after_a_loss():
    vitals = folded(link(True), FeedRestored(contract="ESZ5"))
    assert vitals.reconnects == 0
    folded(FeedLost(contract="ESZ5", reason=""), vitals=vitals)
    assert not beat(vitals).feed_connected
    folded(FeedRestored(contract="ESZ5"), link(False), link(False), link(True), vitals=vitals)
    assert (vitals.reconnects, beat(vitals).feed_connected) == (2, True)


def test_open_positions_are_worth_what_the_last_close_says():
    vitals = folded(make_opened(), make_bar(close=20_003))
    assert unrealised_cents(vitals) == 3 * 1_250
    short = make_opened(bracket_id="b", direction=Direction.SHORT, quantity=2, entry_sum=40_000)
    folded(short, vitals=vitals)
    assert unrealised_cents(vitals) == 3 * 1_250 - 6 * 1_250
    assert beat(vitals).open_positions == 2
    assert unrealised_cents(folded(make_opened())) == 0  # No price yet.


def test_a_closed_position_is_no_longer_held_and_counts_once_however_often_it_is_corrected():
    vitals = folded(make_opened(), make_closed(), make_closed(pnl_cents=5))
    assert (vitals.positions, vitals.trips) == ({}, 1)


def test_what_is_told_of_a_position_after_its_end_opens_nothing():
    assert folded(make_closed(), make_opened()).positions == {}


def test_halts_tiers_balance_and_fence_are_as_they_were_told_last():
    fence = FenceClosed(ts_ns=at("11:00"), cause=FenceCause.MISMATCH, detail="x")
    kill = FenceClosed(ts_ns=at("11:00"), cause=FenceCause.KILL, detail="x")
    balance = BalanceReported(ts_ns=at("11:00"), balance_cents=220_000, day_pnl_cents=-30_000)
    tier = TierChanged(ts_ns=at("09:30"), tier=2, before=1, name="ES Entry", instrument="ES",
                       traded=True, balance_cents=0, quantity_max=1, loss_limit_cents=1,
                       stop_cents=1, stop_share_ppm=1)  # fmt: skip
    vitals = folded(tier, HALT, fence, kill, balance)
    seen = beat(vitals)
    assert (seen.fence, seen.is_halted, seen.halt_reason) == ("kill, mismatch", True, "loss")
    assert (seen.balance_cents, seen.daily_pnl_cents, seen.tier_name) == (
        220_000, -30_000, "ES Entry",
    )  # fmt: skip
    opened = [FenceOpened(ts_ns=at("11:30"), cause=each, detail="") for each in FenceCause]
    folded(TradingResumed(ts_ns=at("11:30"), reason="me"), *opened, vitals=vitals)
    assert (beat(vitals).fence, vitals.halted) == ("open", False)


def asked(id, clock):
    return AccountAsked(request_id=id, ts_ns=at(clock), since_ns=0)


def answered(id, clock):
    return AccountReported(
        request_id=id, ts_ns=at(clock), contracts=(), quantities=(), entry_sums=(), order_ids=(),
        order_legs=(), order_quantities=(), exec_ids=(),
    )  # fmt: skip


@pytest.mark.parametrize("turned", [False, True])
def test_the_brokers_time_to_answer_is_known_in_whichever_order_it_is_read(turned):
    pair = [asked("a", "10:00"), answered("a", "10:00:01.250")]
    vitals = folded(*(reversed(pair) if turned else pair))
    assert vitals.response_ms == 1_250


def test_questions_and_ended_brackets_that_are_remembered_have_a_limit():
    vitals = folded(*(asked(str(n), "10:00") for n in range(99)))
    folded(*(answered(f"x{n}", "10:00") for n in range(99)), vitals=vitals)
    folded(*(make_closed(bracket_id=str(n)) for n in range(CLOSED_MAX + 9)), vitals=vitals)
    assert (len(vitals.asked), len(vitals.told), len(vitals.closed)) == (
        ASKED_MAX, ASKED_MAX, CLOSED_MAX,
    )  # fmt: skip


def test_refused_orders_are_counted():
    no = OrderRejected(client_id="a", request_id="", contract="ESZ5", ts_ns=at("10:00"),
                       leg=Leg.ENTRY, reason="no")  # fmt: skip
    assert folded(no, no).rejected == 2


MESSAGES = st.lists(
    st.sampled_from([
        batch(at("10:00")), batch(at("18:05")), make_bar(), make_signal(), make_regime(),
        make_opened(), make_closed(), HALT, link(True), link(False), asked("a", "10:00"),
        answered("a", "10:00:01.000"), FeedLost(contract="ESZ5", reason=""),
        FeedRestored(contract="ESZ5"), Cut(number=1, ts_ns=5, reason=CutReason.BAR),
    ]),
    max_size=30,
)  # fmt: skip


@given(MESSAGES, st.integers(0, 30))
def test_a_restart_at_any_point_changes_nothing(messages, point):
    before = folded(*messages[:point])
    again = vitals_of(json.loads(json.dumps(kept(before))))
    assert folded(*messages[point:], vitals=again) == folded(*messages)


@pytest.mark.parametrize("broken", [{"moon": 1}, {"date": "today"}])
def test_what_are_no_vitals_is_refused(broken):
    with pytest.raises(ValueError):
        vitals_of(broken)


@given(data=st.data())
def test_what_is_not_looked_into_changes_nothing(data):
    kind = data.draw(st.sampled_from([cls for cls in CATALOG if cls not in FOLDED]))
    assert folded(data.draw(messages_of(kind))) == folded()
