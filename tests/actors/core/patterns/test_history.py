"""The last bars, and where cumulative delta begins anew."""

import math

import pytest
from hypothesis import given

from actors.core.patterns.history import BarHistory, refuse_unsound_values
from tests.actors.core.patterns.sessions import (
    assert_refuses_what_does_not_follow,
    real_bars,
    rows_of,
    series,
)
from tests.makers import make_bar


def history_of(bars, bars_max=100):
    history = BarHistory(bars_max)
    for bar in bars:
        history.add(bar)
    return history


def test_an_empty_history_has_no_count_of_delta():
    history = BarHistory(3)
    assert len(history) == 0
    assert not history.one_count(1)


def test_bars_beyond_the_most_are_forgotten_oldest_first():
    bars = series([{}] * 5)
    history = history_of(bars, 3)
    assert list(history.bars) == bars[2:]
    assert history.one_count(3) and not history.one_count(4)


def test_another_contract_another_series_and_an_earlier_bar_are_refused():
    assert_refuses_what_does_not_follow(lambda: BarHistory(3))


def test_bars_that_end_in_the_same_nanosecond_follow_by_their_order():
    history = history_of([make_bar(order=0, cvd=0, delta=0), make_bar(order=1, cvd=0, delta=0)])
    assert len(history) == 2
    with pytest.raises(ValueError, match=r"wanted one after \d+ \(1\)"):
        history.add(make_bar(order=1))


def test_a_refused_bar_leaves_no_trace():
    bars = series([{}, {}])
    history = history_of(bars)
    with pytest.raises(ValueError, match="wanted one after"):
        history.add(bars[0])
    assert list(history.bars) == bars and len(history.counts) == 2


@pytest.mark.parametrize(("volume", "refused"), [(0, False), (-1, True)])
def test_a_bar_of_a_volume_below_nothing_is_refused_and_leaves_no_trace(volume, refused):
    history, bar = BarHistory(3), make_bar(volume=volume)
    if refused:
        with pytest.raises(ValueError, match="volume -1, wanted finite numbers from 0"):
            history.add(bar)
    else:
        history.add(bar)
    assert len(history) == 1 - refused


def test_a_reset_of_cumulative_delta_begins_a_new_count():
    rows = [{"delta": 5}, {"delta": -2}, {"delta": 7, "anew": True}, {"delta": 1}]
    history = history_of(series(rows))
    assert [history.one_count(bars) for bars in (1, 2, 3, 4)] == [True, True, False, False]


def test_a_missing_bar_begins_a_new_count():
    bars = series([{"delta": 5}, {"delta": 3}, {"delta": 1}])
    assert not history_of([bars[0], bars[2]]).one_count(2)


def test_a_real_day_begins_anew_at_the_open_alone():
    bars = real_bars()
    history = history_of(bars, len(bars))
    counts = list(history.counts)
    # Two nights and one morning at 09:30; the tape ends in the first regular session that trades.
    assert [bars[i].start_ns % (24 * 3600 * 10**9) // 10**9
            for i in range(1, len(bars)) if counts[i] != counts[i - 1]] == [13 * 3600 + 1800] * 2


@given(rows_of(bars_min=1))
def test_equal_counts_mean_that_differences_are_sums_of_deltas(rows):
    bars = series(rows)
    history = history_of(bars)
    for first, bar in enumerate(bars):
        if history.counts[first] == history.counts[-1]:
            between = sum(later.delta for later in bars[first + 1 :])
            assert bars[-1].cvd - bar.cvd == between


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf, -1])
def test_what_is_no_finite_number_from_the_least_on_is_refused(wrong):
    for values in ([wrong], [0, wrong], [wrong, 5, 7]):
        with pytest.raises(ValueError, match=f"volume {wrong}, wanted finite numbers from 0"):
            refuse_unsound_values("volume", values, 0)


def test_nothing_and_whole_numbers_are_sound():
    refuse_unsound_values("volume", [], 0)
    refuse_unsound_values("volume", [0, 10**30], 0)
    refuse_unsound_values("delta", [-5, 5])
