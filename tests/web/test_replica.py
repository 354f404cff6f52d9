"""What the page makes of bars, signals and setups, and that it stays bounded."""

import json
import random
from datetime import datetime
from typing import Any

import pytest

from protocol.market import BarWarm, Cut, CutReason, Settled
from protocol.orders import BracketEnded
from protocol.patterns import Direction, Pattern
from protocol.signals import (
    Regime,
    Setup,
    SetupEnd,
    SetupEnded,
    SetupRecommended,
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
    make_regime,
    make_signal,
    make_submitted,
)
from tests.web.replica_told import accepted, closed, denied, dropped, filled, fold, opened, rejected
from web import records
from web import replica as limits
from web.records import NEW_YORK
from web.replica import Replica
from web.view import sections

FIVE_MINUTES_NS = 300 * 10**9
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


def test_a_change_that_is_refused_does_not_reject_the_bracket() -> None:
    (row,) = sections(fold(*SENT, accepted(), rejected("cancel-1")))["signals"]["rows"]
    assert row["fate"] == "accepted"


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
