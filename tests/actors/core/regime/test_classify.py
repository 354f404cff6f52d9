"""The judgement of domain 4.3 bar by bar: overrides, cold start, hysteresis."""

import dataclasses
import random

import pytest

from actors.core.regime.classify import RegimeState, override
from actors.core.regime.scores import Scores, choose
from actors.core.session.calendar import Schedule
from actors.core.session.news import scheduled
from protocol.signals import Regime
from protocol.units import NANOS_PER_S
from tests.actors.core.regime.test_scores import RULE
from tests.makers import at, make_bar

FIVE_MINUTES = 300 * NANOS_PER_S


def bar_at(index, base=20_000, **fields):
    """Return the bar `index` steps after 11:00, seven levels high."""
    start = at("11:00") + index * FIVE_MINUTES
    return make_bar(
        low=base, sells=(10,) * 7, buys=(10,) * 7, start_ns=start, end_ns=start + FIVE_MINUTES,
        **fields,
    )


@pytest.mark.parametrize(
    ("clock", "forbidden"),
    [
        ("09:29", False),
        ("09:30", True),
        ("09:34:59", True),
        ("09:35", False),
        ("15:45", False),
        ("15:45:01", True),
        ("16:00", True),
        ("16:05", False),
        ("20:00", False),
    ],
)
def test_the_edges_of_the_regular_session_forbid_trading(clock, forbidden):
    verdict = override(at(clock), 1.0, RULE)
    assert (verdict is not None) is forbidden
    if verdict:
        assert (verdict.regime, verdict.confidence_ppm) == (Regime.NO_TRADE, 1_000_000)


EARLY = Schedule.of(("2025-12-25",), ("2025-12-24 13:15", "2025-12-26 09:15"))


@pytest.mark.parametrize(
    ("day", "clock", "reason"),
    [
        ("2025-12-24", "13:00", None),
        ("2025-12-24", "13:00:01", "14 minutes to the close, wanted 15"),
        ("2025-12-24", "13:15", "0 minutes to the close, wanted 15"),
        ("2025-12-24", "13:16", "2025-12-24 closed early"),
        ("2025-12-24", "16:59", "2025-12-24 closed early"),
        ("2025-12-24", "17:00", "2025-12-25 is closed"),
        ("2025-12-25", "11:00", "2025-12-25 is closed"),
        ("2025-12-25", "18:30", None),
        ("2025-12-26", "09:14", None),
        ("2025-12-26", "11:00", "2025-12-26 closed early"),  # Good Friday is such a day.
        ("2025-12-29", "11:00", None),
    ],
)
def test_a_closed_day_and_an_early_close_forbid_trading(day, clock, reason):
    verdict = override(at(clock, day), 1.0, dataclasses.replace(RULE, schedule=EARLY))
    assert (verdict and verdict.reason) == reason
    assert verdict is None or verdict[:2] == (Regime.NO_TRADE, 1_000_000)


@pytest.mark.parametrize(
    ("clock", "forbidden"),
    [("13:44:59.999", False), ("13:45", True), ("14:00", True), ("14:15", True),
     ("14:15:00.001", False)],
)  # fmt: skip
def test_news_forbids_trading_for_the_minutes_around_it(clock, forbidden):
    rule = dataclasses.replace(RULE, news=scheduled(["2025-12-02T19:00:00Z FOMC"]))
    verdict = override(at(clock), 1.0, rule)
    wanted = (Regime.NO_TRADE, 1_000_000, "news within 15 minutes: FOMC")
    assert verdict == (wanted if forbidden else None)


def test_of_several_overrides_the_first_in_order_gives_the_reason():
    news = scheduled(["2025-12-02T14:30:00Z CPI", "2025-12-02T21:00:00Z FOMC"])
    schedule = Schedule.of(("2025-12-03",), ())
    rule = dataclasses.replace(RULE, news=news, schedule=schedule)
    reasons = [
        (at("15:50", "2025-12-03"), rule, "2025-12-03 is closed"),
        (at("15:50"), rule, "10 minutes to the close"),
        (at("09:31"), rule, "news within 15 minutes: CPI"),
        (at("09:31"), RULE, "1 minutes since the open"),
        (at("11:00"), rule, "volume ratio 0.00"),
    ]
    for instant, ruled, wanted in reasons:
        assert override(instant, 0.0, ruled).reason.startswith(wanted)


def test_an_override_speaks_even_where_scores_would_trade():
    """A regime that scores high in the minutes of the news is no regime to trade."""
    instant = "2025-12-02T17:45:00Z"  # The bar of index 20 ends 12:45.
    rule = dataclasses.replace(RULE, news=scheduled([f"{instant} Auction"]), minutes_around_news=0)
    state = RegimeState(rule)
    judged = [state.judge(bar_at(index)) for index in range(24)]
    assert [j.confidence_ppm for j in judged[19:21]] == [0, 1_000_000]
    assert judged[20].reason == "news within 0 minutes: Auction"
    assert judged[23].regime is Regime.RANGING


def test_hardly_any_volume_forbids_trading():
    assert override(at("11:00"), 0.3, RULE) is None
    assert override(at("11:00"), 0.29, RULE).regime is Regime.NO_TRADE


def test_t4_3_before_twenty_one_bars_there_is_no_judgement():
    """T4.3, cold start."""
    state = RegimeState(RULE)
    judged = [state.judge(bar_at(index)) for index in range(21)]
    assert {(j.regime, j.confidence_ppm) for j in judged[:20]} == {(Regime.NO_TRADE, 0)}
    assert [j.bars for j in judged] == list(range(1, 22))
    assert judged[20].confidence_ppm > 0


def test_a_new_regime_takes_effect_when_it_has_won_twice():
    state = RegimeState(RULE)
    judged = [state.judge(bar_at(index)) for index in range(23)]
    first, second, third = judged[20:]
    assert (first.regime, first.confidence_ppm) == (Regime.NO_TRADE, 500_000)
    assert first.reason.startswith("ranging won 1 of 2 bars; scores")
    assert second.regime is third.regime is Regime.RANGING
    assert second.confidence_ppm > 600_000


def test_a_bar_without_volume_ends_a_regime_at_once_and_it_must_win_twice_again():
    state = RegimeState(RULE)
    for index in range(23):
        state.judge(bar_at(index))
    thin = make_bar(
        low=20_000, sells=(1, 0, 0, 0, 0, 0, 1), buys=(1, 0, 0, 0, 0, 0, 1),
        start_ns=at("13:00"), end_ns=at("13:05"),
    )
    assert state.judge(thin).regime is Regime.NO_TRADE
    assert state.judge(bar_at(25)).regime is Regime.NO_TRADE
    assert state.judge(bar_at(26)).regime is Regime.RANGING


def test_a_single_bar_of_another_regime_keeps_the_old_one_without_confidence():
    state = RegimeState(RULE)
    state.regime = state.candidate = Regime.RANGING
    up, ranging = choose(Scores(8, 1, 1, 1), 4.0), choose(Scores(1, 1, 8, 1), 4.0)
    assert state._settle(up)[:2] == (Regime.RANGING, 500_000)
    assert state._settle(ranging) == ranging
    assert state._settle(up)[:2] == (Regime.RANGING, 500_000)
    assert state._settle(up) == up


def test_a_straight_climb_trends_up():
    state = RegimeState(dataclasses.replace(RULE, normalize=True))
    cvd = 0
    for index in range(40):
        cvd += 70
        fields = {"cvd": cvd, "delta": 70 + index}
        judged = state.judge(bar_at(index, base=20_000 + 3 * index, **fields))
    assert judged.regime is Regime.TRENDING_UP
    assert judged.confidence_ppm > 800_000


def test_a_bar_of_another_contract_is_refused():
    with pytest.raises(ValueError, match="ESH6"):
        RegimeState(RULE).judge(make_bar(contract="ESH6"))


def test_the_history_is_bounded_and_the_judgement_depends_on_the_bars_alone():
    source = random.Random(3)
    bars, base = [], 20_000
    for index in range(200):
        base += source.randint(-4, 4)
        bars.append(bar_at(index % 60, base=base, cvd=source.randint(-900, 900)))
    one, two = RegimeState(RULE), RegimeState(RULE)
    assert [one.judge(bar) for bar in bars] == [two.judge(bar) for bar in bars]
    assert len(one.atrs) == 50 and len(one.volumes) == 20 and len(one.highs) == 10
