"""What the page makes of orders, positions, the balance and the day."""

import dataclasses
import random
from datetime import date

import pytest

from protocol.account import (
    BalanceReported,
    MarginRestored,
    MarginShort,
    StillExposed,
    TierChanged,
    TradingHalted,
    TradingResumed,
)
from protocol.commands import Action, CommandGiven
from protocol.fence import BooksDiffer, FenceCause, FenceClosed, FenceOpened, PositionAdopted
from protocol.message import Message
from protocol.orders import (
    CancelSubmitted,
    ExitReason,
    FlattenOrdered,
    Leg,
    ModifySubmitted,
    StatusAsked,
    StopCause,
)
from protocol.patterns import Direction
from protocol.reports import LinkChanged, OrderCancelled, OrderExpired, OrderModified
from protocol.signals import FlowTurned
from tests.makers import CONTRACT, at, make_bar, make_flatten, make_submitted
from tests.web.replica_told import accepted, changed, closed, filled, fold, opened, rejected
from web.order_log import line
from web.records import trading_date
from web.replica import Replica
from web.view import sections

AT = {"contract": CONTRACT, "ts_ns": at("10:05")}
ID = {**AT, "client_id": "client-1"}
TOLD = CommandGiven(
    id="c", ts_ns=2**62, action=Action.OPEN_FENCE, cause="kill", who="anna", reason="repaired"
)
BUILDING = TierChanged(
    ts_ns=at("10:05"), tier=1, before=0, name="MES Building", instrument="MES", traded=True,
    balance_cents=250_000, quantity_max=3, loss_limit_cents=10_000, stop_cents=2_249,
    stop_share_ppm=8_996,
)  # fmt: skip
LOG = {
    "submitted": make_submitted(),
    "submitted again, 2": make_submitted(attempt=2),
    "flatten ordered": FlattenOrdered(**AT, flatten_id="f", reason=ExitReason.MANUAL),
    "submitted again, 3": make_flatten(attempt=3),
    "change asked": ModifySubmitted(**ID, request_id="r", leg=Leg.STOP, price=1),
    "cancel asked": CancelSubmitted(**ID, request_id="r", reason="rest"),
    "status asked": StatusAsked(**ID, request_id="r"),
    "accepted": accepted(),
    "rejected": rejected(),
    "filled": filled(),
    "moved": OrderModified(**ID, request_id="", leg=Leg.STOP, price=1, cause=StopCause.TRAIL),
    "cancelled": OrderCancelled(**ID, request_id="", leg=Leg.ENTRY, left=1, reason="late"),
    "expired": OrderExpired(**ID, left=1),
    "link down": LinkChanged(ts_ns=at("10:05"), up=False, reason="line"),
    "link up": LinkChanged(ts_ns=at("10:05"), up=True, reason="line"),
    "books differ": BooksDiffer(**AT, request_id="r", ours=1, theirs=0, detail="differ"),
    "tier 0 to 1": BUILDING,
    "margin short": MarginShort(**AT, needed_cents=50_000, equity_cents=40_000),
    "margin restored": MarginRestored(**AT, needed_cents=50_000, equity_cents=60_000),
    "still exposed": StillExposed(**AT, quantity=1, hard_stop_ns=at("16:59")),
    "adopted": PositionAdopted(**AT, quantity=1, entry_sum=1, who="me", reason="mine"),
}


def test_the_day_adds_up_and_a_new_one_begins_at_nought() -> None:
    replica = fold(closed(1, 29_550), closed(2, -20_450))
    day = sections(replica)["head"]["day"]
    assert (day["pnl_cents"], day["trips"], day["wins"]) == (9_100, 2, 1)
    assert day["curve"] == [29_550, 9_100]
    replica.fold(closed(3, 100, at("10:00", "2025-12-03")))
    head = sections(replica)["head"]
    assert (head["day"]["date"], head["day"]["pnl_cents"]) == ("2025-12-03", 100)
    assert head["balance_cents"] == 250_000 + 9_100 + 100


@pytest.mark.parametrize(
    ("clock", "wanted"),
    [
        ("17:59:59", date(2025, 12, 2)),
        ("18:00:00", date(2025, 12, 3)),
        ("00:00:00", date(2025, 12, 2)),
    ],
)
def test_a_trading_day_begins_the_evening_before(clock: str, wanted: date) -> None:
    assert trading_date(at(clock)) == wanted


def test_a_position_is_shown_while_it_is_held() -> None:
    replica = fold(opened())
    assert sections(replica)["head"]["position"]["stop"] == 19_990
    replica.fold(closed())
    assert sections(replica)["head"]["position"] is None


def test_the_entry_of_a_position_filled_at_two_prices_is_its_average() -> None:
    position = sections(fold(opened(), changed()))["head"]["position"]
    assert (position["entry"], position["quantity"], position["stop"]) == (20_006.333333, 3, 20_008)
    assert position["since"] == at("10:06") // 10**6
    replica = fold(opened(), changed(), changed(quantity=0, entry_sum=0))
    assert sections(replica)["head"]["position"] is None


def test_a_corrected_round_trip_counts_once_with_its_last_figures() -> None:
    replica = fold(closed(1, 29_550), closed(2, 100), closed(1, -450))
    head = sections(replica)["head"]
    assert head["balance_cents"] == 250_000 - 350
    assert (head["day"]["pnl_cents"], head["day"]["trips"], head["day"]["wins"]) == (-350, 2, 1)
    replica.fold(closed(3, 1, at("10:00", "2025-12-03")))
    replica.fold(closed(1, 0))
    head = sections(replica)["head"]
    assert (head["day"]["pnl_cents"], head["balance_cents"]) == (1, 250_000 + 101)


def test_a_closed_fence_is_shown_with_its_causes_until_each_is_gone() -> None:
    link = FenceClosed(ts_ns=at("10:00"), cause=FenceCause.LINK, detail="down")
    differs = FenceClosed(ts_ns=at("10:00"), cause=FenceCause.MISMATCH, detail="+1 and 0")
    replica = fold(link, differs)
    assert sections(replica)["head"]["fence"] == [
        {"cause": "link", "detail": "down"}, {"cause": "mismatch", "detail": "+1 and 0"},
    ]  # fmt: skip
    replica.fold(FenceOpened(ts_ns=at("10:01"), cause=FenceCause.LINK, detail="agreed"))
    assert [row["cause"] for row in sections(replica)["head"]["fence"]] == ["mismatch"]


def test_a_command_is_told_in_the_log_and_its_clock_is_not_the_markets() -> None:
    replica = fold(TOLD)
    (event,) = replica.events
    assert (event.what, event.detail) == ("told: open_fence kill", "anna: repaired")
    assert replica.clock_ns == 0


def test_the_tier_that_stands_is_the_last_that_was_told() -> None:
    assert sections(fold())["head"]["tier"] is None
    told = {"name": "MES Building", "instrument": "MES", "quantity_max": 3,
            "loss_limit_cents": 10_000}  # fmt: skip
    assert sections(fold(BUILDING))["head"]["tier"] == told
    grown = dataclasses.replace(BUILDING, tier=2, before=1, name="ES Starter", quantity_max=1)
    changed_to = sections(fold(BUILDING, grown))["head"]["tier"]
    assert changed_to == told | {"name": "ES Starter", "quantity_max": 1}


@pytest.mark.parametrize("what", LOG)
def test_the_log_of_orders_has_a_line_for_each_message(what: str) -> None:
    (row,) = sections(fold(LOG[what]))["orders"]["rows"]
    assert (row["what"], row["at"]) == (what, LOG[what].ts_ns // 10**6)


def test_the_log_takes_nothing_that_is_not_about_orders() -> None:
    with pytest.raises(ValueError, match="not about an order"):
        line(make_bar())


def test_metrics_that_turn_are_told_to_whoever_holds_the_position_they_speak_against() -> None:
    def said(against: Direction) -> FlowTurned:
        said_ns = at("10:06")
        return FlowTurned(contract="ESZ5", ts_ns=said_ns, against=against, reason="delta -2,000")

    assert fold(said(Direction.LONG)).events == fold(opened(), said(Direction.SHORT)).events
    (event,) = fold(opened(), said(Direction.LONG)).events
    assert (event.what, event.direction, event.detail) == ("flow turned", "long", "delta -2,000")
    assert len(fold(opened(), said(Direction.LONG), closed(), said(Direction.LONG)).events) == 1


def test_a_halt_is_shown_until_trading_resumes() -> None:
    halted = TradingHalted(
        ts_ns=at("11:00"), reason="daily_loss", day_pnl_cents=-30_100, limit_cents=-30_000
    )
    replica = fold(halted)
    assert sections(replica)["head"]["halted"]["reason"] == "daily_loss"
    replica.fold(TradingResumed(ts_ns=at("12:00"), reason="new day"))
    assert sections(replica)["head"]["halted"] is None


def test_a_reported_balance_wins_over_our_own_sum() -> None:
    report = BalanceReported(ts_ns=at("11:00"), balance_cents=7, day_pnl_cents=0)
    assert sections(fold(closed(), report))["head"]["balance_cents"] == 7


@pytest.mark.parametrize("seed", range(20))
def test_the_balance_is_the_same_in_whichever_order_two_streams_are_read(seed: int) -> None:
    dice = random.Random(seed)
    desk: list[Message] = []
    risk: list[Message] = []
    balance = 250_000
    for minute in range(8):
        net = dice.randrange(-500, 500)
        desk.append(closed(minute, net, at(f"10:0{minute}")))
        balance += net
        report_ns = at(f"10:0{minute}") + dice.choice((0, 1, 10**9))
        risk.append(BalanceReported(ts_ns=report_ns, balance_cents=balance, day_pnl_cents=0))
    risk = risk[: dice.randrange(9)]  # The last results may not be reported yet.
    replica = Replica(250_000)
    while desk or risk:
        stream = dice.choice([each for each in (desk, risk) if each])
        replica.fold(stream.pop(0))
    assert sections(replica)["head"]["balance_cents"] == balance


def test_an_older_report_takes_nothing_back() -> None:
    early, late = (
        BalanceReported(ts_ns=at(when), balance_cents=cents, day_pnl_cents=0)
        for when, cents in (("10:00", 1), ("11:00", 2))
    )
    assert sections(fold(late, early))["head"]["balance_cents"] == 2
