"""Lack of participation at a new extreme, domain 2.6."""

import dataclasses
import math
from fractions import Fraction

import pytest
from hypothesis import given

from actors.core.patterns.participation import (
    Lack,
    Participation,
    ParticipationRule,
    lack_of_buyers,
    lack_of_sellers,
    poc_shift,
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

RULE = ParticipationRule(bars=10, thin_ratio_ppm=800_000, drop_actionable_ppm=300_000)
NEW_HIGH = [100] * 10 + [101]
FULL = [1_000] * 11
WINDOW = [100, 500, *[300] * 8]  # Cumulative delta from 100 to 500.
EXTREMES = {Pattern.LACK_OF_BUYERS, Pattern.LACK_OF_SELLERS}


def detector():
    return Participation(RULE)


def upside_down(values):
    return [-value for value in values]


def test_the_rule_takes_its_numbers_from_the_settings():
    assert ParticipationRule.of(Settings().participation, instrument("ES")) == RULE


def test_fewer_than_ten_bars_are_refused_as_a_window():
    with pytest.raises(ValueError, match="a window of 9 bars, wanted at least 10"):
        dataclasses.replace(RULE, bars=9)


def test_2_6_ex_a_drop_of_0_40_is_worth_acting_on():
    wanted = Lack(drop_ppm=400_000, strength_ppm=400_000, actionable=True)
    assert lack_of_buyers(NEW_HIGH, [*WINDOW, 340], FULL, RULE) == wanted
    mirrored = upside_down([*WINDOW, 340])
    assert lack_of_sellers(upside_down(NEW_HIGH), mirrored, FULL, RULE) == wanted


@pytest.mark.parametrize(
    ("cvd", "drop", "actionable"),
    [(500, None, None), (501, None, None), (499, 2_500, False), (380, 300_000, False),
     (379, 302_500, True), (100, 1_000_000, True), (-900, 1_000_000, True)],
)  # fmt: skip
def test_a_drop_above_three_tenths_is_worth_acting_on(cvd, drop, actionable):
    found = lack_of_buyers(NEW_HIGH, [*WINDOW, cvd], FULL, RULE)
    assert found == (None if drop is None else Lack(drop, drop, actionable))


def test_a_price_at_the_old_extreme_is_no_new_one():
    assert lack_of_buyers([100] * 11, [*WINDOW, 340], FULL, RULE) is None
    assert lack_of_sellers([100] * 11, [*WINDOW, 340], FULL, RULE) is None
    assert lack_of_buyers([*NEW_HIGH[:-1], 99], [*WINDOW, 340], FULL, RULE) is None


def test_near_zero_the_drop_is_measured_against_the_range():
    """The mistake of the seed: it divides by the largest value, here 1."""
    window = [1, -999, *[0] * 8]
    found = lack_of_buyers(NEW_HIGH, [*window, -99], FULL, RULE)
    assert found == Lack(100_000, 100_000, False)


@pytest.mark.parametrize(("volume", "strength"), [(801, None), (800, 200_000), (0, 1_000_000)])
def test_thin_alone_is_as_strong_as_volume_is_missing(volume, strength):
    found = lack_of_buyers(NEW_HIGH, [*WINDOW, 500], [*FULL[1:], volume], RULE)
    assert found == (None if strength is None else Lack(0, strength, False))


def test_thin_with_a_drop_is_as_strong_as_the_drop():
    found = lack_of_buyers(NEW_HIGH, [*WINDOW, 460], [*FULL[1:], 100], RULE)
    assert found == Lack(100_000, 100_000, False)


def test_a_flat_or_unknown_delta_leaves_thin_volume_alone():
    for cvds in ([7] * 11, [*[7] * 10, -500], None):
        assert lack_of_buyers(NEW_HIGH, cvds, FULL, RULE) is None
        found = lack_of_buyers(NEW_HIGH, cvds, [*FULL[1:], 500], RULE)
        assert found == Lack(0, 500_000, False)


def test_without_any_volume_before_nothing_is_thin():
    assert lack_of_buyers(NEW_HIGH, None, [0] * 11, RULE) is None


def test_a_longer_window_still_measures_volume_against_ten_bars():
    rule = dataclasses.replace(RULE, bars=12)
    volumes = [9_000, 9_000, *[1_000] * 10, 801]
    assert lack_of_buyers([100, 100, *NEW_HIGH], None, volumes, rule) is None
    assert lack_of_buyers([102, 100, *NEW_HIGH], None, FULL[:2] + [*FULL[1:], 1], rule) is None


def test_the_three_bar_form_compares_the_first_and_the_last():
    assert poc_shift((100, 0, 101), (50, 900, 49)) == 1
    assert poc_shift((100, 0, 100), (50, 0, 49)) == 0
    assert poc_shift((100, 0, 101), (50, 0, 50)) == 0
    assert poc_shift((100, 0, 101), (50, 0, 51)) == 0
    assert poc_shift((100, 0, 99), (50, -900, 51)) == -1
    assert poc_shift((100, 0, 99), (50, 0, 49)) == 0


def test_a_rising_point_of_control_without_buyers_points_down():
    rows = [{"poc": 20_000, "delta": 50}, {}, {"poc": 20_002, "delta": -10}]
    (signal,) = fed(detector(), series(rows))
    assert (signal.pattern, signal.direction) == (Pattern.POC_WITHOUT_BUYERS, Direction.SHORT)
    assert (signal.strength_ppm, signal.confidence_ppm) == (750_000, 700_000)
    assert (signal.ref_price, signal.zone_low, signal.zone_high) == (20_002, 20_000, 20_002)
    rows = [{"poc": 20_002, "delta": -50}, {}, {"poc": 20_000, "delta": 10}]
    (mirror,) = fed(detector(), series(rows))
    assert (mirror.pattern, mirror.direction) == (Pattern.POC_WITHOUT_SELLERS, Direction.LONG)


def test_three_bars_over_a_reset_do_not_compare():
    rows = [{"poc": 20_000, "delta": 50}, {"anew": True}, {"poc": 20_002}]
    assert fed(detector(), series(rows)) == []


def new_high(delta, volume=1_000, **fields):
    rows = [{"delta": 100}, *[{"poc": 20_001}] * 9]
    rows[3] = {"delta": 400, "poc": 20_001}
    rows[4] = {"delta": -200, "poc": 20_001}
    last = {"high": 20_003, "poc": 20_001, "delta": delta, "volume": volume}
    return [*rows, {**last, **fields}]


def test_a_new_high_that_delta_does_not_confirm_points_down():
    """From 100 to 500 in the window, 340 now."""
    bars = series(new_high(40))
    assert fed(detector(), bars[:-1]) == []
    (signal,) = fed(detector(), bars)
    assert (signal.pattern, signal.direction) == (Pattern.LACK_OF_BUYERS, Direction.SHORT)
    assert (signal.strength_ppm, signal.confidence_ppm) == (400_000, 750_000)
    assert signal.actionable and signal.ref_price == 20_003
    (weak,) = fed(detector(), series(new_high(100)))
    assert (weak.strength_ppm, weak.confidence_ppm) == (250_000, 500_000)
    assert not weak.actionable


def test_a_new_low_is_the_mirror_and_points_up():
    rows = [{**row, "delta": -row.get("delta", 0)} for row in new_high(40, high=20_002)]
    rows[-1] |= {"low": 19_999}
    (signal,) = fed(detector(), series(rows))
    assert (signal.pattern, signal.direction) == (Pattern.LACK_OF_SELLERS, Direction.LONG)
    assert (signal.strength_ppm, signal.ref_price) == (400_000, 19_999)


def test_cumulative_delta_counts_and_not_the_delta_of_the_bar():
    """The mistake of the seed: a bar's delta of 210 under 400 is less, yet 510 is a new high."""
    assert fed(detector(), series(new_high(210))) == []


def test_a_reset_within_the_window_is_no_drop():
    for index in (1, 5, 10):
        rows = new_high(40)
        rows[index] = {**rows[index], "anew": True}
        assert fed(detector(), series(rows)) == []
        rows[-1]["volume"] = 700
        assert [s.strength_ppm for s in fed(detector(), series(rows))] == [300_000]


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(wrong):
    for call in (
        lambda: lack_of_buyers([wrong, *NEW_HIGH[1:]], None, FULL, RULE),
        lambda: lack_of_buyers(NEW_HIGH, [*WINDOW, wrong], FULL, RULE),
        lambda: lack_of_sellers(upside_down(NEW_HIGH), [wrong, *WINDOW], FULL, RULE),
        lambda: lack_of_buyers(NEW_HIGH, None, [*FULL[1:], wrong], RULE),
        lambda: poc_shift((1, 2, wrong), (1, 2, 3)),
    ):
        with pytest.raises(ValueError, match="wanted finite numbers"):
            call()


def test_negative_volume_and_wrong_lengths_are_refused():
    with pytest.raises(ValueError, match="volume -1, wanted finite numbers from 0"):
        lack_of_buyers(NEW_HIGH, None, [-1, *FULL[1:]], RULE)
    with pytest.raises(ValueError, match="10 extremes and 11 volumes, wanted 11 of each"):
        lack_of_buyers(NEW_HIGH[1:], None, FULL, RULE)
    with pytest.raises(ValueError, match="10 deltas for 11 extremes"):
        lack_of_sellers([-price for price in NEW_HIGH], WINDOW, FULL, RULE)
    with pytest.raises(ValueError, match="2 points of control and 3 deltas"):
        poc_shift((1, 2), (1, 2, 3))


def test_bars_that_do_not_follow_are_refused():
    assert_refuses_what_does_not_follow(detector)


def slow(bars):
    resets = [t for t in range(1, len(bars)) if bars[t].cvd - bars[t].delta != bars[t - 1].cvd]
    found = []
    for t in range(10, len(bars)):
        bar, before = bars[t], bars[t - 10 : t]
        ratio = Fraction(bar.volume * 10, sum(b.volume for b in before))
        for sign, pattern in ((1, Pattern.LACK_OF_BUYERS), (-1, Pattern.LACK_OF_SELLERS)):
            prices = [sign * (b.high if sign > 0 else b.low) for b in (*before, bar)]
            if prices[-1] <= max(prices[:-1]):
                continue
            cvds = [sign * b.cvd for b in before]
            spread = max(cvds) - min(cvds)
            drop = Fraction(max(cvds) - sign * bar.cvd, spread) if spread else 0
            if any(t - 10 < reset <= t for reset in resets):
                drop = 0
            drop = min(max(drop, 0), 1)
            if drop > 0 or ratio <= Fraction(8, 10):
                strength = drop if drop > 0 else 1 - ratio
                actionable = drop > Fraction(3, 10)
                found.append((bar.end_ns, pattern, pytest.approx(strength, abs=1e-6), actionable))
    return found


@given(rows_of())
def test_a_series_gives_what_the_slow_reference_gives(rows):
    bars = series(rows)
    signals = fed(detector(), bars)
    found = [
        (s.ts_ns, s.pattern, s.strength_ppm / 1e6, s.actionable)
        for s in signals if s.pattern in EXTREMES
    ]  # fmt: skip
    assert found == slow(bars)
    resets = [t for t in range(1, len(bars)) if bars[t].cvd - bars[t].delta != bars[t - 1].cvd]
    wanted = []
    for t in range(2, len(bars)):
        up, rose = bars[t].poc - bars[t - 2].poc, bars[t].cvd - bars[t - 2].cvd
        if up * rose < 0 and not {t, t - 1} & set(resets):
            wanted.append((bars[t].end_ns, up > 0))
    found = [
        (s.ts_ns, s.pattern is Pattern.POC_WITHOUT_BUYERS)
        for s in signals if s.pattern not in EXTREMES
    ]  # fmt: skip
    assert found == wanted


def test_a_warm_state_goes_on_as_a_fresh_one_on_a_real_session():
    bars = real_bars()
    assert_state_follows_from_the_bars(detector, bars, 50)
    late = bars[100:]
    assert [s for s in fed(detector(), bars) if s.ts_ns >= late[10].end_ns] == [
        s for s in fed(detector(), late) if s.ts_ns >= late[10].end_ns
    ]
