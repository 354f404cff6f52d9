"""Exhaustion of a trend over ten bars, domain 2.3b."""

import dataclasses
import math
from fractions import Fraction

import pytest
from hypothesis import given

from actors.core.patterns.trend_exhaustion import (
    Fading,
    TrendExhaustion,
    TrendExhaustionRule,
    trend_exhaustion,
)
from protocol.instruments import instrument
from protocol.patterns import Direction, Pattern
from protocol.settings import Settings
from tests.actors.core.patterns.sessions import (
    assert_refuses_what_does_not_follow,
    assert_state_follows_from_the_bars,
    fed,
    real_bars,
    rows_of,
    series,
)

RULE = TrendExhaustionRule(volume_ratio_max_ppm=800_000, delta_fade_ppm=500_000)
UP, DOWN = [*range(100, 110)], [*range(110, 100, -1)]
EVEN = [100] * 10


def halves(first, second):
    """Ten values whose halves sum up to `first` and `second`."""
    return [0, 0, 0, 0, first, 0, 0, second, 0, 0]


def detector():
    return TrendExhaustion(RULE)


def test_the_rule_takes_its_numbers_from_the_settings():
    assert TrendExhaustionRule.of(Settings().trend_exhaustion, instrument("ES")) == RULE


def test_nine_bars_are_no_trend():
    assert trend_exhaustion(UP[1:], [100] * 4 + [1] * 5, EVEN[1:], RULE) is None


def test_a_price_that_went_nowhere_is_no_trend():
    closes = [100, *UP[1:9], 100]
    assert trend_exhaustion(closes, halves(100, 1), halves(100, -100), RULE) is None


@pytest.mark.parametrize(
    ("volume", "falls"), [(400, False), (399, True), (401, False), (0, True)]
)
def test_volume_falls_below_four_fifths_and_not_at_them(volume, falls):
    found = trend_exhaustion(UP, halves(500, volume), [0] * 10, RULE)
    assert found == (Fading(True, True, False) if falls else None)


@pytest.mark.parametrize(
    ("closes", "first", "second", "fades"),
    [
        (DOWN, -100, -40, True),  # 2.3b Ex: -40 > -50.
        (DOWN, -100, -120, False),  # The mistake of the seed: more selling counted as fading.
        (DOWN, -100, -50, False),
        (DOWN, -100, -49, True),
        (DOWN, 100, 150, False),
        (DOWN, 100, 151, True),
        (UP, 100, 40, True),
        (UP, 100, 50, False),
        (UP, 100, 49, True),
        (UP, 100, 120, False),
        (UP, -100, -150, False),
        (UP, -100, -151, True),
        (UP, 0, 0, False),
        (UP, 0, -1, True),
    ],
)
def test_2_3b_ex_delta_fades_by_half_of_its_own_size(closes, first, second, fades):
    found = trend_exhaustion(closes, EVEN, halves(first, second), RULE)
    assert found == (Fading(closes is UP, False, True) if fades else None)


def test_the_last_ten_values_count_and_not_the_first():
    """The mistake of the seed, which read the first ten of a longer array."""
    found = trend_exhaustion(DOWN + UP, [1] * 10 + halves(500, 100), [0] * 20, RULE)
    assert found == Fading(True, True, False)
    assert trend_exhaustion(UP + DOWN, halves(500, 100) + EVEN, [0] * 20, RULE) is None


def test_both_together_are_worth_acting_on_and_one_alone_is_not():
    rows = [{"low": 100 + i, "high": 103 + i, "volume": 100, "delta": 10} for i in range(10)]
    for i in range(5, 10):
        rows[i]["volume"] = 79
    (one,) = fed(detector(), series(rows))
    assert (one.pattern, one.direction) == (Pattern.UPTREND_EXHAUSTION, Direction.SHORT)
    assert (one.strength_ppm, one.confidence_ppm, one.actionable) == (700_000, 600_000, False)
    assert (one.ref_price, one.last_price) == (112, 109)
    for i in range(5, 10):
        rows[i]["delta"] = 4
    (both,) = fed(detector(), series(rows))
    assert (both.strength_ppm, both.confidence_ppm, both.actionable) == (700_000, 800_000, True)


def test_a_fall_that_runs_out_points_up_and_is_priced_at_its_low():
    rows = [{"low": 200 - i, "high": 203 - i, "volume": 100 - 9 * i} for i in range(10)]
    (signal,) = fed(detector(), series(rows))
    assert (signal.pattern, signal.direction) == (Pattern.DOWNTREND_EXHAUSTION, Direction.LONG)
    assert signal.ref_price == signal.zone_low == signal.zone_high == 191


def test_bars_without_a_known_side_fade_by_volume_alone():
    rows = [{"low": 100 + i, "high": 103 + i, "volume": 100 - 9 * i} for i in range(10)]
    bars = [dataclasses.replace(bar, unknown_volume=bar.volume) for bar in series(rows)]
    assert [signal.confidence_ppm for signal in fed(detector(), bars)] == [600_000]


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(wrong):
    good = [EVEN, EVEN, EVEN]
    for column in range(3):
        columns = [*good[:column], [wrong, *EVEN[1:]], *good[column + 1 :]]
        with pytest.raises(ValueError, match="wanted finite numbers"):
            trend_exhaustion(*columns, RULE)


def test_negative_volume_and_unequal_columns_are_refused():
    with pytest.raises(ValueError, match="volume -1, wanted finite numbers from 0"):
        trend_exhaustion(UP, [-1, *EVEN[1:]], EVEN, RULE)
    with pytest.raises(ValueError, match="10 closes, 9 volumes and 10 deltas"):
        trend_exhaustion(UP, EVEN[1:], EVEN, RULE)


def test_bars_that_do_not_follow_are_refused():
    assert_refuses_what_does_not_follow(detector)


def slow(bars):
    found = []
    for t in range(9, len(bars)):
        first, second = bars[t - 9 : t - 4], bars[t - 4 : t + 1]
        move = bars[t].close - bars[t - 9].close
        if move == 0:
            continue
        volume = [sum(b.volume for b in half) for half in (first, second)]
        falls = Fraction(volume[1], volume[0]) < Fraction(4, 5)
        before, after = sum(b.delta for b in first), sum(b.delta for b in second)
        if move > 0:
            fades = after < before - 0.5 * abs(before)
        else:
            fades = after > before + 0.5 * abs(before)
        if falls or fades:
            both = falls and fades
            found.append((bars[t].end_ns, move > 0, 800_000 if both else 600_000, both))
    return found


@given(rows_of())
def test_a_series_gives_what_the_slow_reference_gives(rows):
    bars = series(rows)
    found = [
        (s.ts_ns, s.pattern is Pattern.UPTREND_EXHAUSTION, s.confidence_ppm, s.actionable)
        for s in fed(detector(), bars)
    ]
    assert found == slow(bars)


@given(rows_of(bars_min=10))
def test_a_fall_is_a_rise_upside_down(rows):
    bars = series(rows)[-10:]
    closes, volumes, deltas = zip(*((b.close, b.volume, b.delta) for b in bars), strict=True)
    found = trend_exhaustion(closes, volumes, deltas, RULE)
    mirrored = trend_exhaustion([-c for c in closes], volumes, [-d for d in deltas], RULE)
    assert mirrored == (None if found is None else found._replace(up=not found.up))


def test_a_warm_state_goes_on_as_a_fresh_one_on_a_real_session():
    bars = real_bars()
    assert_state_follows_from_the_bars(detector, bars, 50)
    late = bars[100:]
    assert [s for s in fed(detector(), bars) if s.ts_ns >= late[9].end_ns] == fed(detector(), late)
