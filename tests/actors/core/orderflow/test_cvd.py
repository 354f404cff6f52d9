"""Cumulative delta: where it starts anew, and what the night leaves. Domain 1.4."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.orderflow.cvd import CumulativeDelta, CvdReset, cvd_candle
from actors.core.orderflow.footprint import BarBuilder
from protocol.market import BarClosed
from tests.actors.core.orderflow.bar_reference import bar_rule, tapes
from tests.makers import at, make_bar, make_trades

MONDAY, TUESDAY, WEDNESDAY = "2025-12-01", "2025-12-02", "2025-12-03"
# One bought contract in each stretch between two resets, doubled each time: sums tell them apart.
DAY = [
    (at("17:59", MONDAY), 1),  # Before the open: no night has begun.
    (at("18:00", MONDAY), 2),
    (at("09:29:59", TUESDAY), 4),
    (at("09:30", TUESDAY), 8),
    (at("15:59:59", TUESDAY), 16),
    (at("16:59:59", TUESDAY), 32),
    (at("18:00", TUESDAY), 64),
    (at("09:30", WEDNESDAY), 128),
]


def bars_of(reset: CvdReset, series: str = "time:300") -> list[BarClosed]:
    builder = BarBuilder(bar_rule(series, cvd_reset=reset), simulated=False)
    trades = make_trades([(ts, 100, "B", size) for ts, size in DAY])
    return builder.add(trades) + builder.close_now(2**62)


@pytest.mark.parametrize("series", ["time:300", "tick:1", "tick:5", "volume:100", "range:4"])
def test_by_default_it_starts_anew_at_0930(series):
    closes = {bar.end_ns: bar.cvd for bar in bars_of(CvdReset.RTH_OPEN, series)}
    assert list(closes.values())[-1] == 128
    before_open = [cvd for end, cvd in closes.items() if end <= at("09:30", TUESDAY)]
    assert before_open[-1] == 1 + 2 + 4
    before_second = [cvd for end, cvd in closes.items() if end <= at("09:30", WEDNESDAY)]
    assert before_second[-1] == 8 + 16 + 32 + 64


def test_by_trading_day_it_starts_anew_at_18():
    cvd = [bar.cvd for bar in bars_of(CvdReset.TRADING_DAY)]
    assert cvd == [1, 2, 6, 14, 30, 62, 64, 192]


def test_without_a_reset_it_never_starts_anew():
    assert [bar.cvd for bar in bars_of(CvdReset.NONE)] == [1, 3, 7, 15, 31, 63, 127, 255]


@pytest.mark.parametrize("reset", CvdReset)
def test_the_night_is_counted_from_18_and_stands_by_day(reset):
    assert [bar.cvd_eth for bar in bars_of(reset)] == [0, 2, 6, 6, 6, 6, 64, 64]


def test_over_the_weekend_the_night_of_friday_stands_until_sunday_at_18():
    delta = CumulativeDelta(CvdReset.TRADING_DAY)
    delta.add(at("18:00", "2025-12-04"), 5)
    delta.add(at("16:59", "2025-12-05"), 1)
    delta.add(at("12:00", "2025-12-06"), 1)  # Saturday: nothing should trade, and it is no night.
    assert (delta.value, delta.night) == (7, 5)
    delta.add(at("18:00", "2025-12-07"), 3)
    assert (delta.value, delta.night) == (3, 3)


def test_a_holiday_of_no_trades_leaves_no_night_behind():
    delta = CumulativeDelta(CvdReset.RTH_OPEN)
    delta.add(at("18:00", MONDAY), 5)
    delta.add(at("10:00", WEDNESDAY), 7)  # Nothing was seen of the night before.
    assert (delta.value, delta.night) == (7, 0)


def test_the_candle_opens_where_the_bar_began_and_holds_its_extremes():
    bar = make_bar(cvd=106, delta=6, delta_max=10, delta_min=-10)
    assert cvd_candle(bar) == (100, 110, 90, 106)


def test_after_a_reset_the_candle_opens_at_zero():
    (first, *_) = [bar for bar in bars_of(CvdReset.RTH_OPEN) if bar.start_ns >= at("09:30")]
    assert cvd_candle(first) == (0, 8, 0, 8)


@given(tapes(), st.sampled_from(["time:300", "tick:3", "volume:25", "range:2"]))
def test_without_a_reset_each_candle_opens_where_the_last_one_closed(tape, series):
    builder = BarBuilder(bar_rule(series, cvd_reset=CvdReset.NONE), simulated=False)
    close = 0
    for bar in builder.add(tape) + builder.close_now(2**62):
        begin, high, low, end = cvd_candle(bar)
        assert begin == close
        assert low <= min(begin, end) <= max(begin, end) <= high
        close = end
