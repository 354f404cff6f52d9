"""What the page makes of the streams, and that it stays bounded."""

import dataclasses
import json
import random
from datetime import date, datetime
from typing import Any

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
from protocol.market import BarWarm, Cut, CutReason, Settled
from protocol.message import Message
from protocol.orders import (
    BracketDenied,
    BracketEnded,
    CancelSubmitted,
    DenyReason,
    EntryKind,
    ExitReason,
    FlattenOrdered,
    Leg,
    ModifySubmitted,
    PositionChanged,
    PositionClosed,
    PositionOpened,
    StatusAsked,
    StopCause,
)
from protocol.patterns import Direction, Pattern
from protocol.reports import (
    LinkChanged,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderModified,
    OrderRejected,
)
from protocol.signals import (
    DropReason,
    FlowTurned,
    Regime,
    Setup,
    SetupEnd,
    SetupEnded,
    SetupRecommended,
    SignalDropped,
    TargetNoted,
    ZoneChanged,
    ZoneState,
)
from tests.makers import (
    CONTRACT,
    at,
    make_approved,
    make_bar,
    make_bracket,
    make_closed,
    make_flatten,
    make_opened,
    make_regime,
    make_signal,
    make_submitted,
)
from web import records
from web import replica as limits
from web.order_log import line
from web.records import NEW_YORK, trading_date
from web.replica import Replica
from web.view import sections

FIVE_MINUTES_NS = 300 * 10**9


def fold(*messages: Message) -> Replica:
    """Return a replica that has taken the messages in."""
    made = Replica(250_000)
    for message in messages:
        made.fold(message)
    return made


def dropped(**fields: Any) -> SignalDropped:
    """Return the drop of signal-1."""
    values: dict[str, Any] = {
        "signal_id": "signal-1",
        "contract": CONTRACT,
        "ts_ns": at("10:05"),
        "pattern": Pattern.STACKED_BUY,
        "direction": Direction.LONG,
        "regime": Regime.RANGING,
        "regime_confidence_ppm": 700_000,
        "reason": DropReason.PATTERN_NOT_ENABLED,
        "detail": "in ranging",
    }
    return SignalDropped(**(values | fields))


def denied() -> BracketDenied:
    """Return the denial of signal-1."""
    return BracketDenied(
        signal_id="signal-1",
        contract=CONTRACT,
        ts_ns=at("10:05"),
        direction=Direction.LONG,
        reason=DenyReason.HALTED,
        detail="daily loss",
    )


def accepted(client_id: str = "client-1") -> OrderAccepted:
    """Return the broker's acceptance of the entry."""
    return OrderAccepted(
        client_id=client_id,
        contract=CONTRACT,
        ts_ns=at("10:05"),
        leg=Leg.ENTRY,
        direction=Direction.LONG,
        quantity=1,
        entry=EntryKind.MARKET,
        limit_price=None,
        expires_ns=None,
        stop_ticks=16,
        target_ticks=24,
        breakeven_ticks=0,
        breakeven_offset_ticks=0,
        trail_start_ticks=0,
        trail_ticks=0,
        active_ns=at("10:05"),
        reason=None,
    )


def rejected(request_id: str = "") -> OrderRejected:
    """Return the broker's refusal of the entry, or of a request about it."""
    return OrderRejected(
        client_id="client-1", request_id=request_id, contract=CONTRACT, ts_ns=at("10:05"),
        leg=Leg.ENTRY, reason="no margin",
    )  # fmt: skip


def filled(n: int = 1) -> OrderFilled:
    """Return the fill of an entry."""
    return OrderFilled(
        exec_id=f"exec-{n}",
        corrects="",
        client_id=f"client-{n}",
        contract=CONTRACT,
        ts_ns=at("10:06"),
        leg=Leg.ENTRY,
        direction=Direction.LONG,
        quantity=1,
        left=0,
        price=20_006,
        commission_cents=225,
        stop_price=19_990,
        target_price=20_030,
    )


def opened(n: int = 1, **fields: Any) -> PositionOpened:
    """Return the opening of bracket n."""
    values: dict[str, Any] = {
        "bracket_id": f"bracket-{n}",
        "ts_ns": at("10:06"),
        "entry_sum": 20_006,
        "stop_price": 19_990,
        "target_price": 20_030,
        "exec_id": f"exec-{n}",
    }
    return make_opened(**(values | fields))


def changed(**fields: Any) -> PositionChanged:
    """Return a position of three at two prices, its stop moved to break-even."""
    values: dict[str, Any] = {
        "bracket_id": "bracket-1",
        "contract": CONTRACT,
        "ts_ns": at("10:07"),
        "direction": Direction.LONG,
        "quantity": 3,
        "entry_sum": 60_019,
        "stop_price": 20_008,
        "target_price": 20_030,
        "stop_cause": StopCause.BREAKEVEN,
        "realised_cents": -675,
        "commission_cents": 675,
        "exec_id": "exec-2",
    }
    return PositionChanged(**(values | fields))


def closed(n: int = 1, pnl_cents: int = 29_550, ts_ns: int | None = None) -> PositionClosed:
    """Return the close of bracket n at its target."""
    return make_closed(
        bracket_id=f"bracket-{n}",
        opened_ns=at("10:06"),
        ts_ns=at("10:09") if ts_ns is None else ts_ns,
        entry_sum=20_006,
        exit_sum=20_030,
        pnl_cents=pnl_cents,
        exec_id=f"exit-{n}",
    )


ENDED = BracketEnded(
    bracket_id="bracket-1", contract=CONTRACT, ts_ns=at("10:06"), reason="cancelled",
    rejected=False,
)  # fmt: skip
ROUTED = (make_signal(), make_approved())
SENT = (*ROUTED, make_bracket(), make_submitted())

FATES = {
    "raised": ((make_signal(),), 1, "raised", ""),
    "dropped": ((make_signal(), dropped()), 1, "dropped", "pattern_not_enabled: in ranging"),
    "routed": (ROUTED, 2, "approved", ""),
    "denied": ((*ROUTED, denied()), 2, "denied", "halted: daily loss"),
    "bracket": ((*ROUTED, make_bracket()), 3, "bracket approved", ""),
    "submitted": (SENT, 3, "submitted", ""),
    "accepted": ((*SENT, accepted()), 3, "accepted", ""),
    "rejected": ((*SENT, rejected()), 3, "rejected", "no margin"),
    "ended": ((*SENT, accepted(), ENDED), 3, "ended", "cancelled"),
    "open": ((*SENT, accepted(), filled(), opened()), 4, "open", ""),
    "closed": ((*SENT, accepted(), filled(), opened(), closed()), 5, "closed", "target"),
}


@pytest.mark.parametrize("name", FATES)
def test_a_signal_tells_how_far_it_came_and_why_it_ended(name: str) -> None:
    messages, steps, fate, why = FATES[name]
    (row,) = sections(fold(*messages))["signals"]["rows"]
    assert (row["steps"], row["fate"], row["why"]) == (steps, fate, why)


@pytest.mark.parametrize("name", FATES)
def test_the_fate_does_not_depend_on_which_stream_came_first(name: str) -> None:
    messages = FATES[name][0]
    wanted = sections(fold(*messages))["signals"]
    for seed in range(200):
        order = random.Random(seed).sample(messages, len(messages))
        assert sections(fold(*order))["signals"] == wanted, f"seed {seed}"


def test_the_whole_page_is_plain_json_before_and_after_the_first_bar() -> None:
    everything = (make_bar(), make_regime(), *FATES["closed"][0], dropped(signal_id="other"))
    for replica in (fold(), fold(*everything)):
        assert json.loads(json.dumps(sections(replica)))["head"]["balance_cents"] >= 250_000


def test_a_bar_stands_with_its_regime_and_its_footprint() -> None:
    page = sections(fold(make_bar(), make_regime()))
    (row,) = page["bars"]["rows"]
    bar = dict(zip(page["bars"]["columns"], row, strict=True))
    assert (bar["end"], bar["low"], bar["volume"]) == (at("10:05") // 10**6, 20_000, 60)
    assert page["bars"]["regimes"] == ["volatile"]
    assert page["footprint"]["sells"] == (10, 10, 10)
    assert page["head"]["instrument"]["tick"] == 0.25
    assert page["head"]["instrument"]["decimals"] == 2


@pytest.mark.parametrize(
    ("contract", "tick", "decimals"),
    [("CLZ5", 0.01, 2), ("ZBZ5", 0.03125, 5), ("6EZ5", 0.00005, 5), ("YMZ5", 1.0, 0)],
)
def test_prices_are_written_with_the_decimals_of_the_tick(
    contract: str, tick: float, decimals: int
) -> None:
    found = sections(fold(make_bar(contract=contract)))["head"]["instrument"]
    assert (found["tick"], found["decimals"]) == (tick, decimals)


def test_a_contract_nobody_knows_is_shown_in_ticks() -> None:
    head = sections(fold(make_bar(contract="??")))["head"]
    assert (head["instrument"]["tick"], head["instrument"]["symbol"]) == (1.0, "??")


def test_another_contract_month_begins_a_new_chart() -> None:
    later = make_bar(contract="ESH6", end_ns=at("10:10"))
    page = sections(fold(make_bar(), make_regime(), later))
    assert (len(page["bars"]["rows"]), page["head"]["contract"]) == (1, "ESH6")


def warm(clock: str, **fields: Any) -> BarWarm:
    """Return a bar of the time before the first trade."""
    return BarWarm(bar=make_bar(end_ns=at(clock), **fields))


def ends(replica: Replica) -> list[str]:
    """Return when the bars of the chart end."""
    told = sections(replica)["bars"]
    column = told["columns"].index("end")
    clocks = (datetime.fromtimestamp(row[column] // 1000, NEW_YORK) for row in told["rows"])
    return [f"{clock:%H:%M}" for clock in clocks]


def test_a_warmed_floor_shows_its_past_before_its_first_bar() -> None:
    replica = fold(warm("09:55"), warm("10:00"))
    assert ends(replica) == ["09:55", "10:00"]
    assert sections(replica)["head"]["contract"] == CONTRACT
    replica.fold(make_bar())
    assert ends(replica) == ["09:55", "10:00", "10:05"]
    assert sections(replica)["head"]["counts"]["market.bar_warm"] == 2


def test_a_bar_of_the_past_never_stands_behind_one_that_is_there_nor_twice() -> None:
    replica = fold(warm("10:00"), make_bar(), warm("10:00"), warm("10:05"), warm("09:55"))
    assert ends(replica) == ["10:00", "10:05"]
    together = fold(warm("10:00"), warm("10:00", order=1), warm("10:00", order=1))
    assert ends(together) == ["10:00", "10:00"]


def test_a_bar_of_the_past_of_another_series_is_not_on_the_chart() -> None:
    assert ends(fold(warm("10:00", series="time:60"))) == []


def test_simulated_data_is_said_to_be_so() -> None:
    assert sections(fold(make_bar(simulated=True)))["head"]["simulated"]
    assert not sections(fold(make_bar()))["head"]["simulated"]


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


def test_a_change_that_is_refused_does_not_reject_the_bracket() -> None:
    (row,) = sections(fold(*SENT, accepted(), rejected("cancel-1")))["signals"]["rows"]
    assert row["fate"] == "accepted"


AT = {"contract": CONTRACT, "ts_ns": at("10:05")}
ID = {**AT, "client_id": "client-1"}
TOLD = CommandGiven(
    id="c", ts_ns=2**62, action=Action.OPEN_FENCE, cause="kill", who="anna", reason="repaired"
)


def test_a_command_is_told_in_the_log_and_its_clock_is_not_the_markets() -> None:
    replica = fold(TOLD)
    (event,) = replica.events
    assert (event.what, event.detail) == ("told: open_fence kill", "anna: repaired")
    assert replica.clock_ns == 0


BUILDING = TierChanged(
    ts_ns=at("10:05"), tier=1, before=0, name="MES Building", instrument="MES", traded=True,
    balance_cents=250_000, quantity_max=3, loss_limit_cents=10_000, stop_cents=2_249,
    stop_share_ppm=8_996,
)  # fmt: skip


def test_the_tier_that_stands_is_the_last_that_was_told() -> None:
    assert sections(fold())["head"]["tier"] is None
    told = {"name": "MES Building", "instrument": "MES", "quantity_max": 3,
            "loss_limit_cents": 10_000}  # fmt: skip
    assert sections(fold(BUILDING))["head"]["tier"] == told
    grown = dataclasses.replace(BUILDING, tier=2, before=1, name="ES Starter", quantity_max=1)
    changed_to = sections(fold(BUILDING, grown))["head"]["tier"]
    assert changed_to == told | {"name": "ES Starter", "quantity_max": 1}


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


def test_the_end_of_the_tape_is_seen_and_an_older_cut_takes_nothing_back() -> None:
    end = Cut(number=9, ts_ns=at("17:00"), reason=CutReason.END)
    head = sections(fold(end, Cut(number=8, ts_ns=at("16:00"), reason=CutReason.BAR)))["head"]
    assert (head["cut"], head["ended"], head["clock"]) == (9, True, at("17:00") // 10**6)


def setup(n: int = 1) -> SetupRecommended:
    """Return the recommendation of a fade at the lower edge of value."""
    return SetupRecommended(
        id=f"setup-{n}",
        contract=CONTRACT,
        ts_ns=at("10:05"),
        setup=Setup.VA_FADE_LONG,
        direction=Direction.LONG,
        entry=20_000,
        stop=19_998,
        target_1=20_010,
        target_2=20_014,
        confidence_ppm=800_000,
        size_ppm=750_000,
        expires_ns=at("11:05"),
        synthetic=False,
        reason="at the lower edge of value",
    )


def setup_ended(n: int = 1) -> SetupEnded:
    """Return its end at the stop."""
    return SetupEnded(
        id=f"setup-{n}",
        contract=CONTRACT,
        ts_ns=at("10:20"),
        setup=Setup.VA_FADE_LONG,
        reason=SetupEnd.STOPPED,
    )


def test_bars_of_another_series_are_not_mixed_into_the_chart() -> None:
    replica = fold(make_bar(), make_bar(series="tick:1000", end_ns=at("10:06")))
    assert [bar.series for bar in replica.bars] == ["time:300"]


def test_a_setup_is_shown_until_and_after_its_end_whichever_comes_first() -> None:
    (standing,) = sections(fold(setup()))["setups"]["rows"]
    assert (standing["setup"], standing["confidence"], standing["ended"]) == (
        "va_fade_long", 80.0, None,
    )  # fmt: skip
    for order in ((setup(), setup_ended()), (setup_ended(), setup())):
        (ended,) = sections(fold(*order))["setups"]["rows"]
        assert ended["ended"] == "stopped"


def test_the_newest_setups_are_kept() -> None:
    replica = fold(*(setup(n) for n in range(limits.SETUPS_MAX + 5)))
    rows = sections(replica)["setups"]["rows"]
    assert (len(rows), rows[0]["id"]) == (limits.SETUPS_MAX, f"setup-{limits.SETUPS_MAX + 4}")


def test_a_zone_says_what_became_of_it_and_a_forgotten_one_says_nothing() -> None:
    tested = ZoneChanged(
        signal_id="signal-1",
        contract=CONTRACT,
        ts_ns=at("10:10"),
        pattern=Pattern.STACKED_BUY,
        zone_low=20_002,
        zone_high=20_004,
        state=ZoneState.TESTED,
    )
    (row,) = sections(fold(make_signal(), tested))["signals"]["rows"]
    assert row["zone"] == "tested"
    assert sections(fold(tested))["signals"]["rows"] == []


def test_a_level_noted_as_a_target_is_no_entry() -> None:
    noted = TargetNoted(
        signal_id="signal-1",
        contract=CONTRACT,
        ts_ns=at("10:05"),
        pattern=Pattern.UNFINISHED_HIGH,
        direction=Direction.LONG,
        price=20_010,
        regime=Regime.RANGING,
        regime_confidence_ppm=800_000,
    )
    (row,) = sections(fold(make_signal(pattern=Pattern.UNFINISHED_HIGH), noted))["signals"]["rows"]
    assert row["fate"] == "target only"


def test_a_kind_the_page_does_not_know_is_an_error() -> None:
    with pytest.raises(KeyError):
        fold(Settled(number=1))


def test_a_hundred_thousand_messages_leave_a_bounded_replica() -> None:
    dice = random.Random(7)
    replica = Replica()
    bar = make_bar()
    for n in range(100_000):
        id = f"signal-{n}"
        match dice.randrange(8):
            case 0:
                replica.fold(make_bar(end_ns=bar.end_ns + n * FIVE_MINUTES_NS))
            case 1:
                replica.fold(make_signal(id=id))
            case 2:
                replica.fold(dropped(signal_id=id))
            case 3:
                replica.fold(make_bracket(signal_id=id, bracket_id=f"bracket-{n}"))
            case 4:
                replica.fold(make_submitted(client_id=f"client-{n}", bracket_id=f"bracket-{n}"))
            case 5:
                replica.fold(accepted(f"other-{n}"))
            case 6:
                replica.fold(filled(n))
            case _:
                replica.fold(closed(n))
    sizes = {
        "bars": limits.BARS_MAX,
        "signals": limits.SIGNALS_MAX,
        "brackets": limits.BRACKETS_MAX,
        "clients": limits.CLIENTS_MAX,
        "stages": limits.CLIENTS_MAX,
        "events": limits.EVENTS_MAX,
    }
    assert {name: len(getattr(replica, name)) for name in sizes} == sizes
    assert len(replica.day.curve) == records.CURVE_MAX
    assert len(json.dumps(sections(replica))) < 100_000
