"""Footprint bars against the domain's example, against a slow reference, and cut anywhere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.columns import Trades, concat
from actors.core.orderflow.footprint import BarBuilder, BarRule
from protocol.market import BarClosed, SideSource
from tests.actors.core.orderflow.bar_reference import (
    SECOND,
    SERIES,
    SlowBars,
    assert_same,
    bar_rule,
    parts_of,
    tapes,
)
from tests.makers import at, make_trades

PERIOD = 300 * SECOND
RULE = bar_rule()


def bars_of(*parts: Trades, rule: BarRule = RULE) -> list[BarClosed]:
    builder = BarBuilder(rule, simulated=False)
    closed = [bar for part in parts for bar in builder.add(part)]
    return closed + builder.close_now(2**62)


def test_without_trades_there_is_no_bar():
    builder = BarBuilder(RULE, simulated=False)
    assert builder.add(make_trades()) == []
    assert builder.close_at(at("17:00")) == []
    assert builder.close_now(at("17:00")) == []


def test_t1_3_the_statistics_of_the_domain_example():
    """T1.3, prices in quarter points: 100.00 is 400. The rest of it is tested in statistics."""
    start = at("10:00")
    rows = [(400, "B", 5), (400, "S", 12), (399, "S", 3), (401, "B", 20), (401, "S", 4)]
    (bar,) = bars_of(make_trades([(start + i, *row) for i, row in enumerate(rows)]))
    assert (bar.open, bar.high, bar.low, bar.close) == (400, 401, 399, 401)
    assert (bar.volume, bar.buy_volume, bar.sell_volume) == (44, 25, 19)
    assert (bar.delta, bar.delta_max, bar.delta_min) == (6, 10, -10)
    assert bar.sells == (3, 12, 4)
    assert bar.buys == (0, 5, 20)
    assert bar.poc == 401
    assert bar.trades == 5
    assert bar.price_volume == 400 * 17 + 399 * 3 + 401 * 24
    assert bar.price2_volume == 400**2 * 17 + 399**2 * 3 + 401**2 * 24
    assert (bar.start_ns, bar.end_ns) == (start, start + PERIOD)


def test_the_running_delta_starts_at_zero_even_if_it_never_returns_there():
    (bar,) = bars_of(make_trades([(at("10:00"), 100, "B", 5), (at("10:01"), 100, "B", 2)]))
    assert (bar.delta_max, bar.delta_min) == (7, 0)
    (bar,) = bars_of(make_trades([(at("10:00"), 100, "S", 5), (at("10:01"), 100, "S", 2)]))
    assert (bar.delta_max, bar.delta_min) == (0, -7)


def test_a_bar_of_one_price_and_unknown_sides_has_volume_and_no_delta():
    (bar,) = bars_of(make_trades([(at("10:00"), 100, "U", 5)]))
    assert (bar.poc, bar.value_low, bar.value_high) == (100, 100, 100)
    assert (bar.delta, bar.delta_max, bar.delta_min) == (0, 0, 0)
    assert (bar.unknowns, bar.unknown_volume, bar.inferred_volume) == ((5,), 5, 5)


def test_only_tick_rule_and_nothing_count_as_inferred():
    parts = [make_trades([(at("10:00"), 100, "B", 2**n)], source=SideSource(n)) for n in range(4)]
    (bar,) = bars_of(concat(parts))
    assert bar.inferred_volume == 2**SideSource.NONE + 2**SideSource.TICKRULE
    assert bars_of(*parts) == [bar]


def test_a_trade_at_the_end_opens_the_next_bar_and_quiet_intervals_make_none():
    end = at("10:05")
    first, second = bars_of(
        make_trades([(end - 1, 100, "B", 1), (end, 101, "B", 1), (end + 1, 101, "B", 1)])
    )
    assert (first.end_ns, first.trades) == (end, 1)
    assert (second.start_ns, second.trades) == (end, 2)
    quiet = bars_of(make_trades([(at("10:00"), 100, "B", 1), (at("10:42"), 100, "B", 1)]))
    assert [bar.start_ns for bar in quiet] == [at("10:00"), at("10:40")]


def test_prices_may_be_negative_and_far_apart():
    (bar,) = bars_of(
        make_trades([(at("10:00"), -5, "B", 1)]), make_trades([(at("10:01"), 3, "S", 2)])
    )
    assert (bar.low, bar.high, len(bar.buys)) == (-5, 3, 9)
    assert bar.price_volume == -5 + 6
    assert bar.price2_volume == 25 + 18


@pytest.mark.parametrize("clock", ["09:30", "16:00", "17:00", "18:00"])
def test_session_boundaries_end_a_bar_early(clock):
    rule = bar_rule("time:25200")
    boundary = at(clock)
    before, after = bars_of(
        make_trades([(boundary - 1, 100, "B", 1), (boundary, 100, "B", 1)]), rule=rule
    )
    assert before.end_ns == after.start_ns == boundary


@pytest.mark.parametrize("day", ["2025-03-10", "2025-07-01", "2025-11-03", "2025-12-01"])
def test_bars_are_laid_from_18_in_new_york_whatever_the_season(day):
    (bar,) = bars_of(make_trades([(at("09:59:59", day), 100, "B", 1)]))
    assert (bar.start_ns, bar.end_ns) == (at("09:55", day), at("10:00", day))


def test_the_clock_closes_a_bar_at_its_end_and_not_before():
    builder = BarBuilder(RULE, simulated=True)
    builder.add(make_trades([(at("10:01"), 100, "B", 1)]))
    assert builder.close_at(at("10:05") - 1) == []
    (bar,) = builder.close_at(at("10:05"))
    assert bar.end_ns == at("10:05") and bar.simulated
    assert builder.close_at(at("10:05")) == []


def test_late_trades_are_counted_and_left_out():
    builder = BarBuilder(RULE, simulated=False)
    builder.add(make_trades([(at("10:06"), 100, "B", 1)]))
    builder.add(make_trades([(at("10:04:59"), 90, "B", 1), (at("10:05"), 101, "B", 1)]))
    (bar,) = builder.close_at(at("10:10"))
    assert (bar.low, bar.trades, builder.late) == (100, 2, 1)
    assert builder.add(make_trades([(at("10:09"), 100, "B", 1)])) == []
    assert builder.bar is None and builder.late == 2


def test_a_time_that_falls_within_a_batch_is_late_only_before_the_bar():
    rows = [(at("10:06"), 100, "B", 1), (at("10:05:30"), 101, "B", 1), (at("10:04"), 90, "B", 1)]
    builder = BarBuilder(RULE, simulated=False)
    builder.add(make_trades(rows))
    (bar,) = builder.close_now(at("10:07"))
    assert (bar.trades, bar.low, bar.close, builder.late) == (2, 100, 101, 1)
    assert bar.end_ns == at("10:10")


def test_the_cumulative_delta_starts_anew_at_0930_and_runs_through_the_night():
    evening = make_trades([(at("18:00", "2025-12-01"), 100, "B", 5)])
    morning = make_trades([(at("09:29"), 100, "B", 2), (at("09:30"), 100, "S", 3)])
    noon = make_trades([(at("12:00"), 100, "B", 1), (at("18:30"), 100, "B", 4)])
    assert [bar.cvd for bar in bars_of(evening, morning, noon)] == [5, 7, -3, -2, 2]


def test_a_side_that_does_not_exist_is_refused():
    trades = make_trades([(at("10:00"), 100, "B", 1)])
    wrong = Trades(*(getattr(trades, name) for name in ("ts_event", "price", "size")),
                   np.array([3], np.uint8), trades.source, trades.flags)
    with pytest.raises(ValueError, match="aggressor 3"):
        BarBuilder(RULE, simulated=False).add(wrong)


def test_a_price_from_another_world_is_refused():
    trades = make_trades([(at("10:00"), 100, "B", 1), (at("10:00"), 2_000_000, "B", 1)])
    for parts in ([trades], [trades.slice(0, 1), trades.slice(1, 2)]):
        builder = BarBuilder(RULE, simulated=False)
        with pytest.raises(ValueError, match="wanted at most"):
            for part in parts:
                builder.add(part)


def built(rule, *parts):
    """The builder after `parts` and the end of the tape, and its bars."""
    builder = BarBuilder(rule, simulated=False)
    bars = [bar for part in parts for bar in builder.add(part)]
    return builder, bars + builder.close_now(2**62)


@given(tapes(), st.lists(st.integers(0, 60), max_size=6), st.sampled_from(SERIES), st.booleans())
@settings(max_examples=300, deadline=None)
def test_bars_equal_the_slow_reference_however_the_batch_is_cut(tape, places, series, split):
    rule = bar_rule(series, split)
    builder, bars = built(rule, *parts_of(tape, places))
    slow = SlowBars(rule).add(tape).finish()
    assert len(bars) == len(slow.bars)
    for bar, wanted in zip(bars, slow.bars, strict=True):
        assert_same(bar, wanted)
    assert builder.late == slow.late
    assert bars == bars_of(tape, rule=rule)


@given(tapes(falling=False), st.sampled_from(SERIES), st.booleans())
@settings(deadline=None)
def test_no_volume_is_lost_and_the_sums_agree(tape, series, split):
    builder, bars = built(bar_rule(series, split), tape)
    assert builder.late == 0
    assert sum(bar.volume for bar in bars) == tape.size.sum()
    for bar in bars:
        assert bar.buy_volume + bar.sell_volume + bar.unknown_volume == bar.volume
        assert bar.delta == sum(bar.buys) - sum(bar.sells)
        assert bar.delta_min <= min(0, bar.delta) <= max(0, bar.delta) <= bar.delta_max
        assert bar.low <= bar.value_low <= bar.poc <= bar.value_high <= bar.high
        assert bar.start_ns < bar.end_ns


@given(tapes(), st.integers(0, 60), st.sampled_from(SERIES))
@settings(deadline=None)
def test_a_cut_at_the_end_of_a_bar_changes_nothing(tape, place, series):
    # The clock, or the cut of another series, may come before the trade that would end the bar.
    first, second = parts_of(tape, [place])
    builder = BarBuilder(bar_rule(series), simulated=False)
    bars = builder.add(first)
    if len(second) and len(first):
        bars += builder.close_at(int(min(second.ts_event.min(), 2**62)))
    bars += builder.add(second) + builder.close_now(2**62)
    assert bars == bars_of(tape, rule=bar_rule(series))


@pytest.mark.parametrize("series", ["time:300", "tick:41", "volume:500", "range:3"])
def test_a_batch_longer_than_a_chunk_gives_the_same_bars(monkeypatch, series):
    random = np.random.default_rng(5)
    count = 5_000
    tape = Trades(
        at("09:00") + np.sort(random.integers(0, 7200, count)) * SECOND,
        (100 + np.cumsum(random.integers(-1, 2, count))).astype(np.int32),
        random.integers(1, 9, count).astype(np.int32),
        random.integers(0, 3, count).astype(np.uint8),
        np.ones(count, np.uint8),
        np.zeros(count, np.uint8),
    )
    whole = bars_of(tape, rule=bar_rule(series))
    monkeypatch.setattr("actors.core.orderflow.footprint.CHUNK_TRADES", 37)
    assert bars_of(tape, rule=bar_rule(series)) == whole
    assert len(whole) >= 24
