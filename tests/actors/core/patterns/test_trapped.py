"""Trapped traders, domain 2.8."""

import dataclasses
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.patterns.trapped import Trap, Trapped, TrappedRule, trapped_buyers, trapped_sellers
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

RULE = TrappedRule(
    bars=10, recent_bars=3, volume_multiple_ppm=1_500_000, reversal_ppm=2_000,
    reversal_atr_ppm=1_000_000,
)  # fmt: skip
# So that bars of a few ticks can reverse: a hundredth of a percent.
NEAR = dataclasses.replace(RULE, reversal_ppm=100, reversal_atr_ppm=500_000)
HIGHS = [9_000] * 4 + [10_000] + [9_000] * 5
VOLUMES = [100] * 4 + [200] + [100] * 5  # Mean 110.


def detector(rule=RULE):
    return lambda: Trapped(rule)


def test_the_rule_takes_its_numbers_from_the_settings():
    assert TrappedRule.of(Settings().trapped, instrument("ES")) == RULE


@pytest.mark.parametrize("recent", [0, 10, 11])
def test_a_rule_whose_extreme_lies_nowhere_is_refused(recent):
    with pytest.raises(ValueError, match=f"{recent} recent of 10 bars"):
        dataclasses.replace(RULE, recent_bars=recent)


@pytest.mark.parametrize(
    ("close", "trap"),
    [(9_981, None), (9_980, Trap(4, 20, 100_000)), (9_979, Trap(4, 21, 105_000)),
     (9_800, Trap(4, 200, 1_000_000)), (9_000, Trap(4, 1_000, 1_000_000)), (10_050, None)],
)  # fmt: skip
def test_a_fall_of_two_tenths_of_a_percent_traps_and_one_of_two_has_full_strength(close, trap):
    """2.8: half of the fall in percent."""
    assert trapped_buyers(HIGHS, VOLUMES, close, 0.0, RULE) == trap


@pytest.mark.parametrize(("atr", "found"), [(30.0, True), (30.001, False), (1e9, False)])
def test_a_fall_shorter_than_the_average_true_range_traps_nobody(atr, found):
    assert (trapped_buyers(HIGHS, VOLUMES, 9_970, atr, RULE) is not None) is found


@pytest.mark.parametrize(("volume", "found"), [(159, False), (158, False), (160, True)])
def test_the_extreme_must_have_more_than_one_and_a_half_mean_volumes(volume, found):
    # With nine bars of 100 the mean times 1.5 is met at 158.8.
    volumes = [*VOLUMES[:4], volume, *VOLUMES[5:]]
    wanted = volume * 10 * 2 > 3 * sum(volumes)
    assert (trapped_buyers(HIGHS, volumes, 9_900, 0.0, RULE) is not None) is wanted
    assert wanted is found or volume == 159


def test_the_mean_itself_times_one_and_a_half_is_not_enough():
    # 300 x 10 = 1.5 x 2,000.
    volumes = [188, 189, 189, 189, 300, 189, 189, 189, 189, 189]
    assert sum(volumes) == 2_000
    assert trapped_buyers(HIGHS, volumes, 9_900, 0.0, RULE) is None
    volumes = [187, *volumes[1:]]
    assert trapped_buyers(HIGHS, volumes, 9_900, 0.0, RULE) is not None


@pytest.mark.parametrize(("index", "found"), [(0, True), (6, True), (7, False), (9, False)])
def test_an_extreme_among_the_last_three_bars_traps_nobody_yet(index, found):
    highs, volumes = [9_000] * 10, [100] * 10
    highs[index], volumes[index] = 10_000, 300
    assert (trapped_buyers(highs, volumes, 9_900, 0.0, RULE) is not None) is found


def test_a_market_that_came_back_to_its_extreme_has_trapped_nobody():
    highs, volumes = [*HIGHS[:8], 10_000, 9_000], [*VOLUMES[:8], 300, 100]
    assert trapped_buyers(highs, volumes, 9_900, 0.0, RULE) is None


def test_of_equal_extremes_the_latest_counts():
    highs, volumes = [10_000, *HIGHS[1:]], [900, *VOLUMES[1:]]
    assert trapped_buyers(highs, volumes, 9_900, 0.0, RULE) is None  # 200 is no more than 1.5 x.
    volumes[4] = 500
    assert trapped_buyers(highs, volumes, 9_900, 0.0, RULE).bar == 4


def test_sellers_are_trapped_by_the_rise_from_their_low():
    lows = [11_000] * 4 + [10_000] + [11_000] * 5
    assert trapped_sellers(lows, VOLUMES, 10_019, 0.0, RULE) is None
    assert trapped_sellers(lows, VOLUMES, 10_020, 0.0, RULE) == Trap(4, 20, 100_000)


def test_at_prices_of_zero_and_below_percent_mean_nothing():
    for extreme in (0, -10_000):
        highs = [extreme - 1_000] * 4 + [extreme] + [extreme - 1_000] * 5
        assert trapped_buyers(highs, VOLUMES, extreme - 900, 0.0, RULE) is None


def test_too_few_bars_trap_nobody():
    assert trapped_buyers([], [], 9_000, 0.0, RULE) is None
    assert trapped_sellers(HIGHS[1:], VOLUMES[1:], 9_000, 0.0, RULE) is None


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(wrong):
    for call in (
        lambda: trapped_buyers([wrong, *HIGHS[1:]], VOLUMES, 9_900, 1.0, RULE),
        lambda: trapped_sellers(HIGHS, [*VOLUMES[1:], wrong], 9_900, 1.0, RULE),
        lambda: trapped_buyers(HIGHS, VOLUMES, wrong, 1.0, RULE),
        lambda: trapped_buyers(HIGHS, VOLUMES, 9_900, wrong, RULE),
    ):
        with pytest.raises(ValueError, match="wanted finite numbers"):
            call()


def test_negative_volume_and_unequal_columns_are_refused():
    with pytest.raises(ValueError, match="volume -1, wanted finite numbers from 0"):
        trapped_buyers(HIGHS, [-1, *VOLUMES[1:]], 9_900, 1.0, RULE)
    with pytest.raises(ValueError, match="10 extremes and 9 volumes"):
        trapped_buyers(HIGHS, VOLUMES[1:], 9_900, 1.0, RULE)


def peak(before=14, after=(20_050, 20_040, 20_030, 20_030, 20_030, 20_030)):
    """Quiet bars, a heavy one up to 20,102, and bars that close as said."""
    rows = [{"low": 20_050, "high": 20_054} for _ in range(before)]
    rows.append({"low": 20_051, "high": 20_102, "close": 20_100, "volume": 5_000})
    return [*rows, *({"low": low, "high": low + 4} for low in after)]


def test_the_first_bar_where_all_holds_raises_the_one_signal_of_an_extreme():
    bars = series(peak())
    (signal,) = fed(detector()(), bars)
    # The peak is bar 14; three bars later it no longer is among the last three.
    assert signal.ts_ns == bars[17].end_ns
    assert (signal.pattern, signal.direction) == (Pattern.TRAPPED_BUYERS, Direction.SHORT)
    assert (signal.ref_price, signal.last_price) == (20_102, 20_030)
    assert (signal.zone_low, signal.zone_high) == (20_051, 20_102)
    assert signal.confidence_ppm == 700_000
    assert signal.strength_ppm == round(50 * 72 / 20_102 * 1e6)


def test_a_fall_that_comes_late_still_counts_once():
    bars = series(peak(after=[20_090] * 5 + [20_040] * 4))
    (signal,) = fed(detector()(), bars)
    assert signal.ts_ns == bars[20].end_ns


def test_without_fourteen_bars_there_is_no_true_range_and_no_signal():
    rows = peak(before=4, after=(20_050, 20_040, 20_030, 20_030, 20_030))
    assert fed(detector()(), series(rows)) == []
    rows = peak(before=9, after=(20_050, 20_040, 20_030, 20_030, 20_030))
    bars = series(rows)
    (signal,) = fed(detector()(), bars)
    assert signal.ts_ns == bars[13].end_ns


def test_a_later_extreme_raises_a_signal_of_its_own():
    rows = peak(after=[20_030] * 12)
    second = peak(before=0, after=[20_030] * 4)
    signals = fed(detector()(), series(rows + second))
    assert len(signals) == 2 and len({signal.id for signal in signals}) == 2


def test_bars_that_do_not_follow_are_refused():
    assert_refuses_what_does_not_follow(detector())


def slow(bars):
    """Everything anew at every bar, from the definitions of Wilder and of the domain."""
    found, done = [], set()
    for t in range(13, len(bars)):
        ranges = [
            max(b.high, a.close) - min(b.low, a.close)
            for a, b in zip(bars[:t], bars[1 : t + 1], strict=True)
        ]
        ranges.insert(0, bars[0].high - bars[0].low)
        atr = Fraction(sum(ranges[:14]), 14)
        for ranged in ranges[14:]:
            atr = (13 * atr + ranged) / 14
        window = list(range(t - 9, t + 1))
        mean = Fraction(sum(bars[i].volume for i in window), 10)
        for sign in (1, -1):
            prices = {i: sign * (bars[i].high if sign > 0 else bars[i].low) for i in window}
            index = max(i for i in window if prices[i] == max(prices.values()))
            reversal = prices[index] - sign * bars[t].close
            far = reversal >= Fraction(abs(prices[index]), 10_000)
            # The mean of floats may differ in its last digit, and so may a fall exactly at it.
            clear = abs(reversal - atr / 2) > Fraction(1, 10**6)
            heavy = bars[index].volume > Fraction(3, 2) * mean
            if index <= t - 3 and heavy and reversal > 0 and far and reversal >= atr / 2:
                if (sign, index) not in done:
                    done.add((sign, index))
                    found.append((bars[t].end_ns, sign > 0, reversal) if clear else None)
    return found


@given(rows_of(bars_min=20))
def test_a_series_gives_what_the_slow_reference_gives(rows):
    bars = series(rows)
    wanted = slow(bars)
    if None in wanted:
        return
    found = [
        (s.ts_ns, s.pattern is Pattern.TRAPPED_BUYERS, abs(s.ref_price - s.last_price))
        for s in fed(detector(NEAR)(), bars)
    ]
    assert found == wanted


@given(rows_of(bars_min=10), st.integers(19_990, 20_020))
def test_sellers_are_buyers_upside_down(rows, close):
    bars = series(rows)[-10:]
    highs, volumes = [b.high for b in bars], [b.volume for b in bars]
    rule = dataclasses.replace(NEAR, reversal_ppm=0)
    found = trapped_buyers(highs, volumes, close, 2.0, rule)
    mirrored = trapped_sellers([40_000 - h for h in highs], volumes, 40_000 - close, 2.0, rule)
    assert (mirrored and mirrored[:2]) == (found and found[:2])


def test_a_warm_state_goes_on_as_a_fresh_one_on_a_real_session():
    assert_state_follows_from_the_bars(detector(), real_bars(), 5)
    memory = Trapped(RULE)
    fed(memory, real_bars())
    assert len(memory.history) == 10 and len(memory.done) == 2
