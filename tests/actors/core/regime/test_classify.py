"""The classification of domain 4.3: scores, overrides, cold start, hysteresis."""

import dataclasses
import random

import pytest

from actors.core.regime.classify import (
    Findings,
    RegimeRule,
    RegimeState,
    Scores,
    choose,
    override,
    scores,
)
from actors.core.regime.indicators import Structure
from protocol.signals import Regime
from protocol.units import NANOS_PER_S
from tests.makers import CONTRACT, at, make_bar

RULE = RegimeRule(
    contract=CONTRACT,
    bars_min=21,
    score_min=4.0,
    bars_in_regime_min=2,
    normalize=False,
    minutes_after_open=5,
    minutes_before_close=15,
    volume_ratio_min=0.3,
    vwap_near_ticks=2.0,
)
FLAT = Structure(higher_high=False, lower_low=False, higher_low=False, lower_high=False)
# At its average price and balanced: two points for ranging, none for anybody else.
NOTHING = Findings(
    adx=None,
    adx_slope=0.0,
    ema_gap=0.0,
    vwap_gap=0.0,
    structure=dataclasses.replace(FLAT, higher_high=True),
    cvd=0,
    delta_slope=0.0,
    range_bound=1,
    atr=4.0,
    atr_percentile=50.0,
    average_range=4.0,
    volume_ratio=1.0,
    volume_mean=1000.0,
)
EX_1 = dataclasses.replace(
    NOTHING,
    adx=28.0,
    adx_slope=1.0,
    ema_gap=1.0,
    vwap_gap=2.0,
    structure=Structure(higher_high=True, lower_low=False, higher_low=True, lower_high=False),
    cvd=800,
    delta_slope=5.0,
    atr_percentile=55.0,
)
FIVE_MINUTES = 300 * NANOS_PER_S


def bar_at(index, base=20_000, **fields):
    """Return the bar `index` steps after 11:00, seven levels high."""
    start = at("11:00") + index * FIVE_MINUTES
    return make_bar(
        low=base, sells=(10,) * 7, buys=(10,) * 7, start_ns=start, end_ns=start + FIVE_MINUTES,
        **fields,
    )


def test_the_trend_of_the_domain_example_scores_85_and_0853():
    """T4.3 Ex-1."""
    points = scores(EX_1, RULE)
    assert points == Scores(up=8.5, down=2.5, ranging=0.0, volatile=0.0)
    verdict = choose(points, RULE.score_min)
    assert verdict.regime is Regime.TRENDING_UP
    assert verdict.confidence_ppm == 852_941


def test_a_winner_under_the_minimum_is_volatile_at_one_half():
    """T4.3 Ex-2."""
    verdict = choose(Scores(up=3.5, down=1.0, ranging=2.0, volatile=0.0), 4.0)
    assert (verdict.regime, verdict.confidence_ppm) == (Regime.VOLATILE, 500_000)
    assert choose(Scores(4.0, 1.0, 2.0, 0.0), 4.0).regime is Regime.TRENDING_UP


def test_no_points_at_all_is_no_trade_at_one_half():
    verdict = choose(Scores(0.0, 0.0, 0.0, 0.0), 4.0)
    assert (verdict.regime, verdict.confidence_ppm) == (Regime.NO_TRADE, 500_000)


def test_a_tie_has_the_confidence_of_one_half():
    verdict = choose(Scores(1.0, 5.0, 5.0, 5.0), 4.0)
    assert (verdict.regime, verdict.confidence_ppm) == (Regime.TRENDING_DOWN, 500_000)


@pytest.mark.parametrize(
    ("change", "more"),
    [
        ({"adx": 25.0}, (1, 1, 0, 0)),
        ({"adx": 25.1}, (2, 2, 0, 0)),
        ({"adx": 20.0}, (0, 0, 1, 0)),
        ({"adx": 19.9}, (0, 0, 2, 0)),
        ({"adx": 20.1}, (1, 1, 1, 0)),
        ({"adx": 20.0, "adx_slope": -1.0}, (0, 0, 1, 1)),
        ({"adx": 25.0, "adx_slope": -1.0}, (1, 1, 0, 1)),
        ({"adx": 28.0, "adx_slope": 1.0}, (2.5, 2.5, 0, 0)),
        ({"adx": None, "adx_slope": 1.0}, (0, 0, 0, 0)),
        ({"ema_gap": 0.1}, (1.5, 0, 0, 0)),
        ({"ema_gap": -0.1}, (0, 1.5, 0, 0)),
        ({"vwap_gap": 1.9}, (1, 0, 0, 0)),
        ({"vwap_gap": -2.0}, (0, 1, -1, 0)),
        ({"cvd": 500}, (0.5, 0, -1, 0)),
        ({"cvd": -499}, (0, 0.5, 0, 0)),
        ({"cvd": 600, "delta_slope": 1.0}, (1.5, 0, -1, 0)),
        ({"cvd": -600, "delta_slope": -101.0}, (0, 1.5, -1, 1)),
        ({"delta_slope": 100.0}, (0, 0, 0, 0)),
        ({"range_bound": 2}, (0, 0, 1, 0)),
        ({"range_bound": 3}, (0, 0, 2, 0)),
        ({"atr_percentile": 49.9}, (0, 0, 1, 0)),
        ({"atr_percentile": 70.0}, (0, 0, 0, 0)),
        ({"atr_percentile": 70.1}, (0, 0, 0, 1.5)),
        ({"atr_percentile": 85.1}, (0, 0, 0, 2.5)),
        ({"average_range": 6.0}, (0, 0, 0, 0)),
        ({"average_range": 6.1}, (0, 0, 0, 1.5)),
        ({"volume_ratio": 2.1}, (0, 0, 0, 1)),
        ({"structure": FLAT}, (0, 0, 1.5, 0)),
        ({"structure": dataclasses.replace(FLAT, higher_low=True)}, (1, 0, 1.5, 0)),
        ({"structure": Structure(True, False, True, False)}, (2, 0, 0, 0)),
        ({"structure": Structure(False, True, False, True)}, (0, 2, 0, 0)),
        ({"structure": dataclasses.replace(FLAT, lower_high=True)}, (0, 1, 1.5, 0)),
    ],
)
def test_every_item_of_the_table_gives_its_points(change, more):
    before = scores(NOTHING, RULE)
    after = scores(dataclasses.replace(NOTHING, **change), RULE)
    assert before == Scores(0.0, 0.0, 2.0, 0.0)
    assert tuple(b - a for a, b in zip(before, after, strict=True)) == more


def test_normalised_limits_follow_range_and_volume():
    rule = dataclasses.replace(RULE, normalize=True)
    found = dataclasses.replace(NOTHING, atr=4.0, volume_mean=1000.0, cvd=500, delta_slope=100.0)
    assert scores(dataclasses.replace(found, vwap_gap=1.0), rule) == Scores(2.5, 0.0, 0.0, 0.0)
    inside = dataclasses.replace(found, vwap_gap=0.9, cvd=499, delta_slope=100.1)
    assert scores(inside, rule) == Scores(2.5, 0.0, 2.0, 1.0)


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


def test_hardly_any_volume_forbids_trading():
    assert override(at("11:00"), 0.3, RULE) is None
    assert override(at("11:00"), 0.29, RULE).regime is Regime.NO_TRADE


def test_before_twenty_one_bars_there_is_no_judgement():
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


def test_the_average_price_starts_anew_at_the_open():
    state = RegimeState(RULE)
    state.judge(make_bar(low=100, start_ns=at("09:25"), end_ns=at("09:30")))
    assert state.vwap.mean() == 101
    state.judge(make_bar(low=200, start_ns=at("09:30"), end_ns=at("09:35")))
    assert state.vwap.mean() == 201
    state.judge(make_bar(low=300, start_ns=at("16:00"), end_ns=at("16:05")))
    assert state.vwap.mean() == 251
    state.judge(make_bar(low=400, start_ns=at("18:00"), end_ns=at("18:05")))
    assert state.vwap.mean() == 401


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
