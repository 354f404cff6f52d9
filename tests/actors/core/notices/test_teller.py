"""Which messages are told, in which words, and the digest of a day."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.notices.codes import TREE_ALARMS, Told
from actors.core.notices.digest import TRIPS_MAX, Day, add_trip, digest, status
from actors.core.notices.floor import tree_alarm
from actors.core.notices.notice import Severity
from actors.core.notices.teller import (
    DAYS_MAX,
    TOLD,
    Known,
    begun,
    by_the_clock,
    kept,
    known_of,
    notices_of,
)
from actors.core.session.calendar import REGULAR, Schedule
from protocol.account import (
    BalanceReported,
    MarginRestored,
    MarginShort,
    StillExposed,
    TierChanged,
    TradingHalted,
    TradingResumed,
)
from protocol.catalog import CATALOG
from protocol.day import (
    ActionTaken,
    Chore,
    ChoreEnded,
    ChoreResult,
    DayAction,
    PreflightJudged,
    Verdict,
)
from protocol.fence import FenceCause, FenceClosed, FenceOpened
from protocol.market import Cut, CutReason, FeedLost, FeedRestored
from protocol.patterns import Direction
from protocol.reports import LinkChanged
from protocol.signals import Regime
from tests.makers import at, make_bar, make_closed, make_limits, make_opened, make_regime
from tests.protocol.test_codec import messages_of

NOW = at("10:30")
BALANCE = BalanceReported(ts_ns=at("10:20"), balance_cents=280_000, day_pnl_cents=30_000)


def told(known, *messages, source="desk", schedule=REGULAR):
    return [
        notice for message in messages
        for notice in notices_of(known, source, message, NOW, schedule)
    ]  # fmt: skip


def cuts(clock, day="2025-12-02"):
    return Cut(number=1, ts_ns=at(clock, day), reason=CutReason.SESSION)


def passed(known, clock, day="2025-12-02", schedule=REGULAR):
    """Return what is told when all three streams pass a cut."""
    return [
        notice for source in ("regime", "risk", "desk")
        for notice in told(known, cuts(clock, day), source=source, schedule=schedule)
    ]  # fmt: skip


def test_an_opened_position_is_told_with_its_prices():
    (notice,) = told(Known(), make_opened())
    assert (notice.code, notice.severity) == (Told.TRADE_OPENED, Severity.INFO)
    assert notice.title == "LONG 1 ESZ5"
    shown = dict(notice.fields)
    assert (shown["entry"], shown["stop"], shown["target"]) == ("5000", "4996.00", "5006.00")


def test_a_closed_position_is_told_with_its_result_and_a_correction_as_one():
    known = Known()
    (first,) = told(known, make_closed())
    (second,) = told(known, make_closed(pnl_cents=-1_250))
    assert (first.code, first.title) == (Told.TRADE_CLOSED, "+$295.50 on LONG 1 ESZ5")
    assert dict(first.fields)["held"] == "14 min 59 s"
    assert (second.code, second.severity) == (Told.TRADE_CORRECTED, Severity.WARNING)
    assert known.days["2025-12-02"].pnl_cents == -1_250


@pytest.mark.parametrize(
    ("message", "code", "severity"),
    [
        (TradingHalted(ts_ns=NOW, reason="loss", day_pnl_cents=-30_000, limit_cents=30_000),
         Told.TRADING_HALTED, Severity.CRITICAL),
        (TradingHalted(ts_ns=NOW, reason="by me", day_pnl_cents=0, limit_cents=0),
         Told.TRADING_HALTED, Severity.WARNING),
        (TradingResumed(ts_ns=NOW, reason="by me"), Told.TRADING_RESUMED, Severity.INFO),
        (make_limits("10:30", loss_limit_cents=20_000), Told.LIMITS_CHANGED, Severity.WARNING),
        (FenceClosed(ts_ns=NOW, cause=FenceCause.KILL, detail="x"), Told.FENCE_CLOSED,
         Severity.CRITICAL),
        (FenceClosed(ts_ns=NOW, cause=FenceCause.LINK, detail=""), Told.FENCE_CLOSED,
         Severity.WARNING),
        (FenceOpened(ts_ns=NOW, cause=FenceCause.KILL, detail="x"), Told.FENCE_OPENED,
         Severity.INFO),
        (MarginShort(ts_ns=NOW, contract="ESZ5", needed_cents=50_000, equity_cents=40_000),
         Told.MARGIN_HIGH, Severity.WARNING),
        (MarginRestored(ts_ns=NOW, contract="ESZ5", needed_cents=50_000, equity_cents=60_000),
         Told.MARGIN_NORMAL, Severity.INFO),
        (StillExposed(ts_ns=NOW, contract="ESZ5", quantity=2, hard_stop_ns=NOW),
         Told.STILL_EXPOSED, Severity.CRITICAL),
        (TierChanged(ts_ns=NOW, tier=2, before=1, name="ES Entry", instrument="ES", traded=True,
                     balance_cents=400_000, quantity_max=1, loss_limit_cents=30_000,
                     stop_cents=21_700, stop_share_ppm=54_250), Told.TIER_CHANGED, Severity.INFO),
    ],
)  # fmt: skip
def test_each_fact_of_account_and_fence_is_told_with_its_weight(message, code, severity):
    (notice,) = told(Known(), message)
    assert (notice.code, notice.severity, notice.ts_ns) == (code, severity, NOW)


def test_a_connection_is_told_once_when_it_goes_and_once_when_it_comes_back():
    known = Known()
    up, down = (LinkChanged(ts_ns=NOW, up=up, reason="") for up in (True, False))
    lost, back = FeedLost(contract="ESZ5", reason="silent"), FeedRestored(contract="ESZ5")
    found = told(known, up, back, down, down, lost, lost, up, up, back)
    assert [notice.code for notice in found] == [
        Told.BROKER_LOST, Told.FEED_LOST, Told.BROKER_RESTORED, Told.FEED_RESTORED,
    ]  # fmt: skip


def test_what_is_no_news_is_not_told():
    assert told(Known(), make_bar(), make_regime(), BALANCE) == []


def test_the_digest_waits_until_every_stream_has_passed_the_close_and_comes_once():
    known = Known(balance_cents=250_000)
    told(known, make_regime(), make_closed(), BALANCE)
    assert told(known, cuts("16:00"), source="regime") == []
    assert told(known, cuts("16:00"), source="risk") == []
    assert told(known, cuts("16:00"), source="bars") == []  # Tells nothing of a day.
    assert told(known, cuts("15:55"), source="desk") == []
    (notice,) = told(known, cuts("16:00"), source="desk")
    assert (notice.code, notice.ts_ns) == (Told.DAILY_DIGEST, at("16:00"))
    assert passed(known, "16:05") == []
    assert by_the_clock(known, at("16:30"), REGULAR) == []


def test_the_digest_shows_balances_result_trades_and_regimes():
    known = Known()
    told(known, make_regime(), make_regime(regime=Regime.RANGING), make_regime(), BALANCE)
    told(known, make_closed(), make_closed(bracket_id="b", pnl_cents=-9_550),
         make_closed(bracket_id="c", pnl_cents=10_000))  # fmt: skip
    (notice,) = passed(known, "16:00")
    shown = dict(notice.fields)
    assert notice.title == "2025-12-02: +$300.00, COMPLETED"
    assert shown["balance"] == "$2,500.00 to $2,800.00"
    assert (shown["trades"], shown["won, lost"], shown["win rate"]) == ("3", "2, 1", "66.7 %")
    assert shown["regimes"] == "volatile 2, ranging 1"
    assert notice.lines[0] == "10:20:00 long 1 ESZ5 5000 to 5006: +$295.50"


def test_the_digest_shows_the_last_ten_trades_in_order_of_time():
    day = Day()
    for number in range(12):
        add_trip(day, make_closed(bracket_id=str(number), ts_ns=at(f"10:{40 - number}")))
    notice = digest("2025-12-02", day, 0, 0)
    assert [line[:5] for line in notice.lines] == [f"10:{minute}" for minute in range(31, 41)]


def test_a_break_even_trade_is_neither_won_nor_lost():
    day = Day()
    add_trip(day, make_closed(pnl_cents=0, direction=Direction.SHORT))
    shown = dict(digest("2025-12-02", day, 0, 0).fields)
    assert (shown["trades"], shown["won, lost"], shown["win rate"]) == ("1", "0, 0", "0.0 %")


def test_the_status_of_a_day_is_no_session_halted_or_completed():
    day = Day()
    assert status(day) == "NO_SESSION"
    day.bars = 1
    assert status(day) == "COMPLETED"
    day.halted = True
    assert status(day) == "HALTED"


def test_a_halt_that_was_resumed_is_shown_but_the_day_is_completed():
    known = Known()
    halt = TradingHalted(ts_ns=NOW, reason="by me", day_pnl_cents=0, limit_cents=0)
    told(known, make_regime(), halt, TradingResumed(ts_ns=NOW, reason="by me"))
    shown = dict(passed(known, "16:00")[0].fields)
    assert (shown["status"], shown["halt"]) == ("COMPLETED", "by me")


def test_on_a_day_that_closes_early_the_digest_comes_at_its_close():
    schedule = Schedule.of((), ("2025-12-02 13:15",))
    known = Known()
    told(known, make_regime())
    assert passed(known, "13:10", schedule=schedule) == []
    (notice,) = passed(known, "13:15", schedule=schedule)
    assert notice.ts_ns == at("13:15")


def test_streams_that_are_days_apart_do_not_mix_their_days():
    known = Known()
    told(known, make_regime())
    told(known, make_regime(ts_ns=at("10:05", "2025-12-03")))
    told(known, cuts("16:00", "2025-12-03"), source="regime")
    told(known, make_closed())  # The desk is a day behind.
    told(known, cuts("16:00", "2025-12-03"), source="risk")
    first, second = told(known, cuts("16:00", "2025-12-03"), source="desk")
    assert (first.title[:10], second.title[:10]) == ("2025-12-02", "2025-12-03")
    assert dict(first.fields)["trades"] == "1"
    assert dict(second.fields)["trades"] == "0"


def test_in_a_live_market_the_clock_brings_the_digest_a_minute_after_the_close():
    known = Known()
    close = at("16:00")
    assert by_the_clock(known, close + 60 * 10**9 - 1, REGULAR) == []
    (notice,) = by_the_clock(known, close + 60 * 10**9, REGULAR)
    assert notice.title.endswith("NO_SESSION")
    assert by_the_clock(known, at("16:59"), REGULAR) == []
    assert by_the_clock(Known(), at("16:59"), Schedule.of(("2025-12-02",), ())) == []


def test_what_is_known_survives_its_way_through_a_file_and_stays_bounded():
    known = Known()
    for number in range(TRIPS_MAX + 5):
        told(known, make_closed(bracket_id=str(number)))
    for day in range(1, 20):
        told(known, make_regime(ts_ns=at("10:05", f"2026-01-{day:02}")))
    assert len(known.days) == DAYS_MAX
    assert known_of(json.loads(json.dumps(kept(known)))) == known
    for broken in ({}, [], {"days": {"x": kept(Known())}}, {"days": 3}):
        with pytest.raises(ValueError, match="wanted|Invalid"):
            known_of(broken)


def test_a_day_has_no_more_trades_than_its_limit():
    day = Day()
    for number in range(TRIPS_MAX + 5):
        add_trip(day, make_closed(bracket_id=str(number)))
    assert len(day.trips) == TRIPS_MAX


def test_a_fresh_floor_has_started_and_another_goes_on_with_what_stands():
    known = Known(balance_cents=250_000)
    assert begun(known, "ES", "paper", False, NOW).code == Told.FLOOR_STARTED
    told(known, make_opened(), make_closed(bracket_id="other"), BALANCE)
    notice = begun(known, "ES", "paper", True, NOW)
    shown = dict(notice.fields)
    assert notice.code == Told.FLOOR_RESUMED
    assert (shown["balance"], shown["open positions"]) == ("$2,800.00", "1")
    assert (shown["trades"], shown["halt"]) == ("1", "none")


@pytest.mark.parametrize("code", TREE_ALARMS)
def test_an_alarm_of_the_tree_is_told_by_its_own_code(code):
    row = {"source": "trading", "code": code, "ts_ns": 5, "text": "desk killed: signal 9"}
    notice = tree_alarm(row)
    assert (notice.code, notice.ts_ns) == (code.upper(), 5)
    assert notice.lines == ("desk killed: signal 9",)


def test_an_unknown_alarm_of_the_tree_is_told_too_and_what_is_none_is_refused():
    row = {"source": "trading", "code": "new_thing", "ts_ns": 5, "text": "a\n" * 99}
    notice = tree_alarm(row)
    assert (notice.code, dict(notice.fields)["code"]) == (Told.TREE_ALARM, "new_thing")
    assert len(notice.lines) == 12
    for broken in ({}, [], None, {**row, "ts_ns": "x"}):
        with pytest.raises(ValueError, match="wanted code"):
            tree_alarm(broken)


@given(data=st.data())
def test_of_what_is_not_looked_into_nothing_is_told(data):
    kind = data.draw(st.sampled_from([cls for cls in CATALOG if cls not in TOLD]))
    known = Known()
    assert told(known, data.draw(messages_of(kind))) == []
    assert known == Known()


def taken(action):
    return ActionTaken(
        action=action, trading_date="2025-12-02", due_ns=at("09:30"), ts_ns=at("09:30")
    )


def test_the_open_is_told_once_with_the_balance_and_no_other_hour_is():
    known = Known()
    (notice,) = told(known, BALANCE, taken(DayAction.RTH_OPEN), source="session")
    assert (notice.code, notice.severity) == (Told.SESSION_STARTED, Severity.INFO)
    assert notice.title == "The session of 2025-12-02 has opened"
    assert ("balance", "$2,800.00") in notice.fields
    others = [action for action in DayAction if action is not DayAction.RTH_OPEN]
    assert told(known, *map(taken, others), source="session") == []


@pytest.mark.parametrize(
    ("verdict", "severity", "word"),
    [
        (Verdict.GO, Severity.INFO, "GO"),
        (Verdict.WARN, Severity.WARNING, "WARN"),
        (Verdict.NO_GO, Severity.CRITICAL, "NO-GO"),
    ],
)
def test_a_preflight_is_told_as_gravely_as_its_verdict(verdict, severity, word):
    fact = PreflightJudged(
        trading_date="2025-12-02", ts_ns=at("09:25"), verdict=verdict, detail="disk: 3 MB"
    )
    (notice,) = told(Known(), fact, source="session")
    assert (notice.code, notice.severity) == (Told.PREFLIGHT, severity)
    assert notice.title == f"Preflight of 2025-12-02: {word}"
    assert notice.lines == ("disk: 3 MB",)


@pytest.mark.parametrize("result", list(ChoreResult))
def test_a_chore_is_told_of_only_when_it_is_given_up(result):
    fact = ChoreEnded(
        chore=Chore.EXPORT, trading_date="2025-12-02", attempt=12, ts_ns=at("17:30"),
        result=result, code=75, detail="no such host",
        again_ns=at("18:00") if result is ChoreResult.AGAIN else None,
    )  # fmt: skip
    found = told(Known(), fact, source="session")
    assert [(n.code, n.title) for n in found] == (
        [(Told.CHORE_FAILED, "The export of 2025-12-02 failed")]
        if result is ChoreResult.FAILED else []
    )  # fmt: skip


def test_a_loss_is_told_again_when_its_reason_is_another():
    known = Known()
    codes = []
    for reason in ("silent", "silent", "the key was withdrawn"):
        codes += [n.lines for n in told(known, FeedLost(contract="ESZ5", reason=reason))]
    assert len(codes) == 2
    assert len(told(known, FeedRestored(contract="ESZ5"))) == 1
    assert told(known, FeedRestored(contract="ESZ5")) == []
