"""Delta divergence between pivots and by bars, domain 2.5."""

import dataclasses
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.patterns.divergence import (
    HIGH,
    LOW,
    DeltaDivergence,
    Diverged,
    DivergenceRule,
    Pivot,
    bar_divergence,
    is_pivot,
    pivot_divergence,
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

RULE = DivergenceRule(
    pivot_bars=2, separation_max=30, cvd_share_ppm=100_000, hidden=True, by_bar=True,
    lookback_bars=5,
)  # fmt: skip
PIVOTS = dataclasses.replace(RULE, by_bar=False)
MEAN_1500 = [1_500] * 20


def detector(rule=RULE):
    return lambda: DeltaDivergence(rule)


def at_pivots(side, prices, cvds, *, bars=10, count=0, volumes=MEAN_1500, rule=RULE):
    first, second = Pivot(prices[0], cvds[0], 5, 0), Pivot(prices[1], cvds[1], 5 + bars, count)
    return pivot_divergence(first, second, side, volumes, rule)


def test_the_rule_takes_its_numbers_from_the_settings():
    assert DivergenceRule.of(Settings().divergence, instrument("ES")) == RULE


def test_t2_5_pivot_ex_less_delta_at_a_higher_high_is_bearish_by_0_30():
    """6000.00 and 6003.50 are 24000 and 24014 quarter points."""
    found = at_pivots(HIGH, (24_000, 24_014), (3_100, 2_200))
    assert found == Diverged(Pattern.BEARISH_DELTA_DIVERGENCE, 300_000)


@pytest.mark.parametrize(
    ("side", "price", "cvd", "pattern"),
    [
        (HIGH, 1, -150, Pattern.BEARISH_DELTA_DIVERGENCE),
        (HIGH, 1, -149, None),  # One contract short of a tenth of the mean volume.
        (HIGH, 0, -900, None),  # The same price is no higher high.
        (HIGH, 1, 150, None),  # Confirmed.
        (HIGH, -1, -900, None),
        (HIGH, -1, 150, Pattern.HIDDEN_BEARISH_DIVERGENCE),
        (HIGH, -1, 149, None),
        (LOW, -1, 150, Pattern.BULLISH_DELTA_DIVERGENCE),
        (LOW, -1, 149, None),
        (LOW, 0, 900, None),
        (LOW, -1, -900, None),
        (LOW, 1, -150, Pattern.HIDDEN_BULLISH_DIVERGENCE),
        (LOW, 1, -149, None),
        (LOW, 1, 900, None),
    ],
)
def test_price_and_delta_must_part_by_a_tick_and_a_tenth_of_the_volume(side, price, cvd, pattern):
    found = at_pivots(side, (100, 100 + price), (500, 500 + cvd))
    assert (found and found.pattern) == pattern


def test_hidden_forms_can_be_switched_off():
    rule = dataclasses.replace(RULE, hidden=False)
    assert at_pivots(HIGH, (101, 100), (0, 900), rule=rule) is None
    assert at_pivots(LOW, (100, 101), (0, -900), rule=rule) is None
    assert at_pivots(HIGH, (100, 101), (0, -900), rule=rule) is not None


@pytest.mark.parametrize(("bars", "found"), [(30, True), (31, False)])
def test_pivots_more_than_thirty_bars_apart_do_not_compare(bars, found):
    assert (at_pivots(HIGH, (100, 101), (900, 0), bars=bars) is not None) is found


def test_pivots_of_two_counts_of_delta_do_not_compare():
    assert at_pivots(HIGH, (100, 101), (900, 0), count=1) is None


@pytest.mark.parametrize(("cvd", "strength"), [(3_000, 1_000_000), (2_999, 999_667), (9e3, 10**6)])
def test_a_difference_of_two_mean_volumes_is_full_strength(cvd, strength):
    assert at_pivots(HIGH, (100, 101), (int(cvd), 0)).strength_ppm == strength


def test_without_volume_nothing_diverges():
    assert at_pivots(HIGH, (100, 101), (900, 0), volumes=[]) is None
    assert at_pivots(HIGH, (100, 101), (900, 0), volumes=[0] * 20) is None


def test_without_a_least_difference_any_difference_diverges_and_none_does_not():
    rule = dataclasses.replace(RULE, cvd_share_ppm=0)
    assert at_pivots(HIGH, (100, 101), (1, 0), rule=rule) is not None
    assert at_pivots(HIGH, (100, 101), (0, 0), rule=rule) is None


@pytest.mark.parametrize(
    ("prices", "high"),
    [
        ([1, 2, 3, 2, 1], True),
        ([1, 3, 3, 2, 1], False),  # A plateau is no pivot.
        ([1, 2, 3, 2, 3], False),
        ([3, 2, 4, 2, 3], True),
        ([3], True),
    ],
)
def test_a_pivot_stands_above_every_neighbour(prices, high):
    assert is_pivot(prices, HIGH) is high
    assert is_pivot([-price for price in prices], LOW) is high


def test_t2_5_bar_ex_a_new_high_on_selling_is_bearish():
    """5765 to 5770 in quarter points; the lows play no part."""
    highs = [23_060, 23_066, 23_072, 23_077, 23_080]
    deltas = [300, 650, -300, -600, -700]
    assert bar_divergence(highs, [0] * 5, deltas) is Pattern.BEARISH_BAR_DIVERGENCE
    bars = series(
        [{"low": high - 9, "high": high, "delta": delta}
         for high, delta in zip(highs, deltas, strict=True)]
    )  # fmt: skip
    (signal,) = fed(detector()(), bars)
    assert (signal.direction, signal.strength_ppm) == (Direction.SHORT, 700_000)
    assert (signal.ref_price, signal.ts_ns) == (23_080, bars[-1].end_ns)


@pytest.mark.parametrize(
    ("highs", "deltas", "found"),
    [
        ([5, 5, 5, 5, 5], [1, 0, 0, 0, -1], False),  # An equal high is no new one.
        ([5, 5, 5, 5, 6], [1, 0, 0, 0, -1], True),
        ([5, 5, 5, 5, 6], [1, 0, 0, 0, 0], False),
        ([5, 5, 5, 5, 6], [0, 0, 0, 0, -1], False),
        ([7, 5, 5, 5, 6], [1, 0, 0, 0, -1], False),
    ],
)
def test_by_bars_high_and_both_deltas_count(highs, deltas, found):
    wanted = Pattern.BEARISH_BAR_DIVERGENCE if found else None
    assert bar_divergence(highs, [0] * 5, deltas) is wanted
    mirrored = bar_divergence([0] * 5, [-h for h in highs], [-d for d in deltas])
    assert mirrored is (Pattern.BULLISH_BAR_DIVERGENCE if found else None)


def test_fewer_bars_than_looked_back_on_say_nothing():
    rows = [{"high": 20_002 + i, "delta": 100 if i < 3 else -100} for i in range(4)]
    assert fed(detector()(), series(rows)) == []
    rows.insert(0, {"delta": 1})
    assert len(fed(detector()(), series(rows))) == 1


def two_highs(second_delta, anew=()):
    """25 quiet bars, a high of 20,020 at bar 15 and one of 20,024 at bar 22; volumes of 1,000."""
    rows = [{"delta": 0} for _ in range(25)]
    rows[15] |= {"high": 20_020, "delta": 500}
    rows[22] |= {"high": 20_024, "delta": second_delta}
    for index in anew:
        rows[index]["anew"] = True
    return series(rows)


def test_a_pivot_is_known_two_bars_later_and_not_before():
    bars = two_highs(-200)
    assert fed(detector(PIVOTS)(), bars[:-1]) == []
    (signal,) = fed(detector(PIVOTS)(), bars)
    assert signal.pattern is Pattern.BEARISH_DELTA_DIVERGENCE
    assert (signal.direction, signal.ts_ns) == (Direction.SHORT, bars[24].end_ns)
    assert (signal.ref_price, signal.last_price) == (20_024, 20_000)
    assert (signal.zone_low, signal.zone_high) == (20_020, 20_024)
    assert signal.strength_ppm == 100_000


def test_cumulative_delta_is_compared_and_not_the_deltas_of_the_bars():
    """The mistake of the seed: 200 after 500 is a smaller peak, but cumulative delta rose."""
    assert fed(detector(PIVOTS)(), two_highs(200)) == []


@pytest.mark.parametrize(("anew", "found"), [(15, True), (16, False), (22, False), (23, True)])
def test_a_reset_between_the_pivots_makes_them_incomparable(anew, found):
    """From 500 to -200 without a reset; from 500 over 0 to -200 with one."""
    assert bool(fed(detector(PIVOTS)(), two_highs(-700, anew=(anew,)))) is found


def test_without_twenty_bars_there_is_no_mean_volume_and_no_signal():
    bars = two_highs(-200)
    assert len(fed(detector(PIVOTS)(), bars[5:])) == 1
    assert fed(detector(PIVOTS)(), bars[6:]) == []


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(wrong):
    for call in (
        lambda: is_pivot([1, wrong, 1], HIGH),
        lambda: at_pivots(HIGH, (100, wrong), (900, 0)),
        lambda: at_pivots(HIGH, (100, 101), (wrong, 0)),
        lambda: at_pivots(HIGH, (100, 101), (900, 0), volumes=[wrong]),
        lambda: bar_divergence([1, 2], [1, 2], [1, wrong]),
        lambda: bar_divergence([1, wrong], [1, 2], [1, 2]),
    ):
        with pytest.raises(ValueError, match="wanted finite numbers"):
            call()


def test_columns_of_the_wrong_length_are_refused():
    with pytest.raises(ValueError, match="4 prices, wanted an odd number"):
        is_pivot([1, 2, 3, 4], HIGH)
    with pytest.raises(ValueError, match="2 highs, 1 lows and 2 deltas"):
        bar_divergence([1, 2], [1], [1, 2])


def test_bars_that_do_not_follow_are_refused():
    assert_refuses_what_does_not_follow(detector())


def slow_pivots(bars, rule, side):
    price = [(b.high if side == HIGH else -b.low) for b in bars]
    k = rule.pivot_bars
    pivots = [
        t for t in range(k, len(bars) - k)
        if price[t] > max(price[t - k : t]) and price[t] > max(price[t + 1 : t + k + 1])
    ]  # fmt: skip
    resets = [t for t in range(1, len(bars)) if bars[t].cvd - bars[t].delta != bars[t - 1].cvd]
    found = []
    for first, second in zip(pivots, pivots[1:], strict=False):
        now = second + k
        if now < 19 or second - first > rule.separation_max:
            continue
        if any(first < reset <= second for reset in resets):
            continue
        mean = Fraction(sum(b.volume for b in bars[now - 19 : now + 1]), 20)
        change = (bars[second].cvd - bars[first].cvd) * side
        higher = price[second] - price[first]
        c = mean / 10
        if (higher >= 1 and change <= -c) or (rule.hidden and higher <= -1 and change >= c):
            strength = min(1, abs(change) / (2 * mean))
            found.append(
                (bars[now].end_ns, abs(price[second]), pytest.approx(strength, abs=1e-6))
            )
    return found


@given(rows_of(bars_min=25), st.integers(1, 3), st.booleans())
def test_a_series_gives_the_pivots_of_the_slow_reference(rows, k, hidden):
    bars = series(rows)
    rule = dataclasses.replace(PIVOTS, pivot_bars=k, hidden=hidden, separation_max=8)
    bearish = {Pattern.BEARISH_DELTA_DIVERGENCE, Pattern.HIDDEN_BEARISH_DIVERGENCE}
    signals = fed(detector(rule)(), bars)
    for side in (HIGH, LOW):
        found = [
            (s.ts_ns, s.ref_price, s.strength_ppm / 1e6)
            for s in signals if (s.pattern in bearish) is (side == HIGH)
        ]  # fmt: skip
        assert found == slow_pivots(bars, rule, side)


@given(rows_of())
def test_a_series_gives_the_bars_of_the_slow_reference(rows):
    bars = series(rows)
    by_bar = {Pattern.BEARISH_BAR_DIVERGENCE: -1, Pattern.BULLISH_BAR_DIVERGENCE: 1}
    found = [(s.ts_ns, by_bar[s.pattern]) for s in fed(detector()(), bars) if s.pattern in by_bar]
    wanted = []
    for t in range(4, len(bars)):
        before, bar = bars[t - 4 : t], bars[t]
        if bar.delta < 0 and all(bar.high > b.high for b in before):
            wanted += [(bar.end_ns, -1)] * any(b.delta > 0 for b in before)
        if bar.delta > 0 and all(bar.low < b.low for b in before):
            wanted += [(bar.end_ns, 1)] * any(b.delta < 0 for b in before)
    assert found == wanted


def test_a_warm_state_goes_on_as_a_fresh_one_on_a_real_session():
    assert_state_follows_from_the_bars(detector(), real_bars(), 20)
    memory = DeltaDivergence(RULE)
    fed(memory, real_bars())
    assert len(memory.history) == 20 and len(memory.pivots) == 2
