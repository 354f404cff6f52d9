"""The points of domain 4.3: every item of the table, the winner and its confidence."""

import dataclasses

import pytest

from actors.core.regime.indicators import Structure
from actors.core.regime.scores import Findings, RegimeRule, Scores, choose, scores
from actors.core.session.calendar import REGULAR
from protocol.signals import Regime
from tests.makers import CONTRACT

RULE = RegimeRule(
    contract=CONTRACT,
    bars_min=21,
    score_min=4.0,
    bars_in_regime_min=2,
    normalize=False,
    minutes_after_open=5,
    minutes_before_close=15,
    volume_ratio_min=0.3,
    minutes_around_news=15,
    news=(),
    schedule=REGULAR,
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


def test_t4_3_the_trend_of_the_domain_example_scores_85_and_0853():
    """T4.3 Ex-1."""
    points = scores(EX_1, RULE)
    assert points == Scores(up=8.5, down=2.5, ranging=0.0, volatile=0.0)
    verdict = choose(points, RULE.score_min)
    assert verdict.regime is Regime.TRENDING_UP
    assert verdict.confidence_ppm == 852_941


def test_t4_3_a_winner_under_the_minimum_is_volatile_at_one_half():
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
