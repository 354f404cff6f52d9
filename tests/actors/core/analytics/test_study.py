"""What the market did after a signal: from the price at confirmation, by bars that closed later."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.analytics.study import HORIZONS, Closes, forward_moves, study_of
from protocol.patterns import Direction, Pattern
from tests.makers import make_signal

CLOSES = Closes(list(range(10, 150, 10)), list(range(101, 115)))  # 14 bars, a tick up each.


def test_the_move_is_counted_from_the_last_price_and_never_from_the_level_of_the_pattern():
    # The level of an absorption is the bar's low: from there every pattern would have earned.
    signal = make_signal(ts_ns=10, last_price=101, ref_price=50)
    assert forward_moves(signal, CLOSES) == [1, 3, 6, 12, 13]


@pytest.mark.parametrize(("ts_ns", "first"), [(9, 0), (10, 1), (11, 1)])
def test_only_a_bar_that_closes_after_the_signal_counts(ts_ns, first):
    move = forward_moves(make_signal(ts_ns=ts_ns, last_price=101), CLOSES)[0]
    assert move == first


def test_a_short_earns_as_the_price_falls():
    signal = make_signal(ts_ns=10, last_price=101, direction=Direction.SHORT)
    assert forward_moves(signal, CLOSES)[:2] == [-1, -3]


def test_where_the_tape_ends_before_the_move_is_unknown_and_not_zero():
    signal = make_signal(ts_ns=100, last_price=110)
    assert forward_moves(signal, CLOSES) == [1, 3, None, None, 4]
    assert forward_moves(make_signal(ts_ns=140), CLOSES) == [None] * 5


def test_a_signal_without_direction_has_no_move():
    assert forward_moves(make_signal(direction=Direction.NONE), CLOSES) == [None] * 5


def test_the_study_takes_means_of_what_is_known_by_pattern_and_regime():
    early = make_signal(ts_ns=10, last_price=101)
    late = make_signal(ts_ns=100, last_price=112)
    other = make_signal(ts_ns=10, last_price=101, pattern=Pattern.BUY_IMBALANCE)
    aimless = make_signal(direction=Direction.NONE)
    pairs = [(early, "volatile"), (late, "volatile"), (other, "ranging"), (aimless, "volatile")]
    first, second = study_of(pairs, [CLOSES] * 4)
    assert (first.pattern, first.regime, first.n) == (Pattern.BUY_IMBALANCE, "ranging", 1)
    assert (second.n, second.moves, second.known) == (2, (0.0, 2.0, 6.0, 12.0), (2, 2, 1, 1))
    assert second.at_end == 7.5


def test_bars_out_of_order_are_refused():
    with pytest.raises(ValueError, match="wanted order"):
        Closes([2, 1], [0, 0])
    with pytest.raises(ValueError, match="wanted as many"):
        Closes([1], [])


@given(st.integers(0, 160), st.lists(st.integers(0, 50), max_size=15))
def test_the_moves_agree_with_a_slow_look(ts_ns, prices):
    closes = Closes([10 * (n + 1) for n in range(len(prices))], prices)
    after = [p for end, p in zip(closes.end_ns, prices, strict=True) if end > ts_ns]
    wanted = [after[bars - 1] - 20 if len(after) >= bars else None for bars in HORIZONS]
    wanted.append(after[-1] - 20 if after else None)
    assert forward_moves(make_signal(ts_ns=ts_ns, last_price=20), closes) == wanted
