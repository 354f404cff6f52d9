"""Absorption on the tape, domain 2.4 B."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from actors.core.columns import Trades, concat
from actors.core.patterns.absorbed_windows import TapeAbsorptionRule, absorbed_windows
from actors.core.patterns.tape_absorption import PRICES_MAX, TapeAbsorption
from protocol.instruments import instrument
from protocol.market import SideSource
from protocol.patterns import Direction, Pattern
from protocol.settings import Settings
from protocol.units import NANOS_PER_S
from tests.actors.core.patterns.sessions import real_trades
from tests.makers import CONTRACT, at, make_trades

SECOND = NANOS_PER_S
RULE = TapeAbsorptionRule(
    window_trades=5, windows_min=2, windows_max=19, volume_multiple_ppm=2_000_000,
    range_ticks_max=2, ratio_ppm=2_000_000, move_ticks_max=1, repeat_ticks=1,
    repeat_ns=5 * SECOND,
)  # fmt: skip
# Short enough that a drawn tape of some dozens of trades fills the baseline.
SHORT = dataclasses.replace(RULE, window_trades=3, windows_max=4)
QUIET = [(400, "U", 4)] * 10  # A baseline of 20 a window; no side, so it absorbs nothing.
# 100.25 is 401 quarter points.
EX_B = [(401, "B", 15), (401, "B", 20), (400, "S", 6), (401, "B", 12), (400, "S", 4)]


def tape(rows, start=None, step=SECOND // 10, **fields):
    begun = at("10:00") if start is None else start
    return make_trades([(begun + i * step, *row) for i, row in enumerate(rows)], **fields)


def signals_of(*parts, rule=RULE, simulated=False):
    detector = TapeAbsorption(rule, CONTRACT, simulated)
    return [signal for part in parts for signal in detector.add(part)]


def last_window(rows, rule=RULE):
    """Whether the window that ends with the last row absorbs."""
    found = absorbed_windows(tape(rows), rule)
    return len(rows) - 1 in found.row.tolist()


def test_the_rule_takes_its_numbers_from_the_settings():
    assert TapeAbsorptionRule.of(Settings().tape_absorption, instrument("ES")) == RULE


def test_rules_that_can_never_hold_or_remember_too_much_are_refused():
    with pytest.raises(ValueError, match="a baseline of 20 to 19 windows"):
        dataclasses.replace(RULE, windows_min=20)
    with pytest.raises(ValueError, match="wanted at most 100000 trades"):
        dataclasses.replace(RULE, window_trades=10_000)


def test_t2_4_b_ex_47_to_10_at_an_unmoved_price_is_selling_absorption():
    (signal,) = signals_of(tape(QUIET + EX_B))
    assert signal.pattern is Pattern.TAPE_SELLING_ABSORPTION
    assert (signal.direction, signal.strength_ppm) == (Direction.SHORT, 470_000)
    assert (signal.ref_price, signal.last_price) == (401, 400)
    assert (signal.zone_low, signal.zone_high) == (400, 401)
    assert signal.ts_ns == at("10:00") + 14 * SECOND // 10
    assert (signal.series, signal.contract) == ("trades", CONTRACT)
    assert "47 bought and 10 sold of 57" in signal.detail


def test_dominant_sellers_who_get_nowhere_meet_passive_buyers():
    mirrored = [(800 - price, {"B": "S", "S": "B"}.get(side, "U"), size)
                for price, side, size in QUIET + EX_B]  # fmt: skip
    (signal,) = signals_of(tape(mirrored))
    assert signal.pattern is Pattern.TAPE_BUYING_ABSORPTION
    assert (signal.direction, signal.strength_ppm) == (Direction.LONG, 470_000)
    assert signal.ref_price == 399


def test_without_trades_there_is_nothing():
    assert signals_of(make_trades()) == []
    assert signals_of(make_trades(), tape(QUIET + EX_B), make_trades()) != []


def test_a_baseline_needs_two_windows():
    assert not last_window(QUIET[:9] + EX_B)
    assert last_window(QUIET + EX_B)


@pytest.mark.parametrize(("size", "found"), [(39, False), (40, True), (41, True)])
def test_a_window_is_heavy_from_twice_the_baseline_on(size, found):
    window = [*[(401, "B", 1)] * 4, (401, "B", size - 4)]
    assert last_window(QUIET + window) is found


def test_the_baseline_is_of_windows_and_not_of_single_trades():
    """The mistake of the seed: 20 contracts in five trades are five times one trade of 4."""
    assert not last_window(QUIET + [(401, "B", 4)] * 5)


def test_the_baseline_ends_where_the_window_begins():
    # A block of 60 just before the window belongs to the baseline: mean 38.
    loud = [*QUIET[:9], (400, "U", 40)]
    assert not last_window([*loud, *EX_B])


def test_a_baseline_has_nineteen_windows_at_most():
    # 100 quiet trades; the loud one before them is out of reach of the last window.
    loud = (400, "U", 1_000)
    assert last_window([loud, *QUIET * 10, *EX_B][1:])
    assert last_window([loud, *QUIET[:5], *QUIET * 9, *EX_B])
    assert not last_window([loud, *QUIET[:4], *QUIET * 9, *EX_B])


@pytest.mark.parametrize(("price", "found"), [(399, True), (398, False), (403, False)])
def test_a_range_of_three_ticks_is_no_absorption(price, found):
    window = [(401, "B", 20), (401, "B", 20), (price, "B", 1), (401, "B", 20), (401, "B", 1)]
    wide = price == 403
    if wide:
        window[0] = (400, "B", 20)
    assert last_window(QUIET + window) is found


@pytest.mark.parametrize(
    ("buys", "sells", "found"), [(40, 20, True), (40, 21, False), (39, 20, False), (60, 0, True)]
)
def test_the_dominant_side_has_twice_the_other(buys, sells, found):
    other = [(401, "S", sells - 1), (401, "S", 1)] if sells else [(401, "U", 1)] * 2
    window = [(401, "B", buys - 2), *other, (401, "B", 1), (401, "B", 1)]
    assert last_window(QUIET + window) is found


def test_an_absent_other_side_counts_as_one_contract():
    rows = [*QUIET, *[(401, "U", 8)] * 4, (401, "B", 8)]
    (signal,) = [s for s in signals_of(tape(rows)) if s.ts_ns == at("10:00") + 14 * SECOND // 10]
    assert signal.strength_ppm == 800_000
    rows[-1] = (401, "B", 1)
    assert not last_window(rows)


def test_equal_sides_absorb_nothing_even_if_any_ratio_is_enough():
    rule = dataclasses.replace(RULE, ratio_ppm=500_000)
    window = [(401, "B", 10), (401, "S", 10), (401, "B", 10), (401, "S", 10), (401, "U", 10)]
    assert not last_window(QUIET + window, rule)


def test_unknown_sides_count_as_volume_and_for_neither_side():
    assert not last_window(QUIET + [(401, "U", 100)] * 5)
    assert last_window([*QUIET, (401, "U", 30), (401, "U", 1), *[(401, "B", 3)] * 3])


@pytest.mark.parametrize(
    ("first", "last", "found"), [(400, 401, True), (400, 402, False), (402, 400, True)]
)
def test_a_price_that_went_the_aggressors_way_was_not_absorbed(first, last, found):
    window = [(first, "B", 15), (401, "B", 20), (401, "B", 6), (401, "B", 12), (last, "B", 4)]
    assert last_window(QUIET + window) is found
    mirrored = [(802 - price, "S", size) for price, _, size in window]
    assert last_window(QUIET + mirrored) is found


def burst(price, start, side="B"):
    return tape([(price, side, 300)] * 2, start=start, step=1)


def test_one_event_per_price_within_a_tick_and_five_seconds():
    # Any two trades at one price.
    rule = dataclasses.replace(
        RULE, window_trades=2, windows_max=2, volume_multiple_ppm=1, range_ticks_max=0
    )
    start = at("10:00")
    quiet = tape([(401, "U", 1)] * 6)
    later = [(401, 10), (402, 11), (400, 12), (401, 14.99), (401, 15), (403, 16), (405, 16.1)]
    parts = [burst(price, start + round(s * SECOND)) for price, s in later]
    signals = signals_of(quiet, *parts, rule=rule)
    # 402 and 400 lie within a tick of 401, which is open again after exactly five seconds.
    assert [signal.ref_price for signal in signals] == [401, 401, 403, 405]
    assert signals[1].ts_ns - signals[0].ts_ns == 5 * SECOND


def test_buying_and_selling_absorption_do_not_hide_each_other():
    start = at("10:01")
    window = [(401, "B", 20)] * 5 + [(401, "S", 60)] * 5
    patterns = {s.pattern for s in signals_of(tape(QUIET + window, start=start))}
    assert patterns == {Pattern.TAPE_SELLING_ABSORPTION, Pattern.TAPE_BUYING_ABSORPTION}


def test_without_a_pause_one_event_per_price_and_nanosecond_is_left():
    rule = dataclasses.replace(RULE, repeat_ns=0, repeat_ticks=0)
    rows = QUIET * 2 + [(401, "B", 100)] * 3
    assert len(signals_of(tape(rows, step=0), rule=rule)) == 1
    assert len(signals_of(tape(rows, step=1), rule=rule)) == 3


@pytest.mark.parametrize(("unsure", "low"), [(11, False), (12, False), (13, True)])
def test_quality_is_low_above_a_fifth_of_inferred_volume(unsure, low):
    # Of 60 contracts.
    window = [(401, "B", 60 - unsure - 3), (401, "B", 1), (401, "B", 1), (401, "B", 1)]
    for source in (SideSource.TICKRULE, SideSource.NONE):
        parts = [
            tape(QUIET, start=at("10:00")),
            tape(window, start=at("10:01")),
            tape([(401, "B", unsure)], start=at("10:02"), source=source),
        ]
        assert signals_of(*parts)[-1].low_quality is low
    assert not signals_of(parts[0], parts[1], tape([(401, "B", unsure)], start=at("10:02"),
                          source=SideSource.QUOTE))[-1].low_quality  # fmt: skip


def test_signals_of_simulated_trades_say_so():
    assert [s.synthetic for s in signals_of(tape(QUIET + EX_B), simulated=True)] == [True]


def test_a_late_trade_counts_where_it_stands_and_the_clock_does_not_go_back():
    trades = tape(QUIET + EX_B)
    fallen = trades.ts_event.copy()
    fallen[-1] -= 3_600 * SECOND
    late = dataclasses.replace(trades, ts_event=fallen)
    (signal,) = signals_of(late)
    assert signal.ts_ns == trades.ts_event[-2]
    for cut in range(1, len(late)):
        assert signals_of(late.slice(0, cut), late.slice(cut, len(late))) == [signal]


def test_a_time_far_ahead_holds_the_clock_for_longer_than_trades_are_kept():
    ahead = at("16:00")
    first, rest = tape([(400, "U", 4)], start=ahead), tape(QUIET * 12 + EX_B)
    assert [signal.ts_ns for signal in signals_of(first, rest)] == [ahead]
    parts = (first, *(rest.slice(start, start + 25) for start in range(0, len(rest), 25)))
    assert signals_of(*parts) == signals_of(first, rest)


def test_columns_that_are_no_trades_are_refused_and_leave_no_trace():
    detector = TapeAbsorption(RULE, CONTRACT, False)
    trades = tape(QUIET)
    for wrong, text in (
        (dataclasses.replace(trades, aggressor=trades.aggressor + np.uint8(3)), "aggressor 3"),
        (dataclasses.replace(trades, size=trades.size - np.int32(4)), "a trade of 0 contracts"),
        (dataclasses.replace(trades, size=-trades.size), "a trade of -4 contracts"),
    ):
        with pytest.raises(ValueError, match=text):
            detector.add(wrong)
    assert len(detector.tail) == 0
    assert len(detector.add(tape(QUIET + EX_B))) == 1


def slow(trades, rule):
    """Every window trade by trade, from the definition."""
    names = ("ts_event", "price", "size", "aggressor")
    rows = list(zip(*(getattr(trades, name).tolist() for name in names), strict=True))
    n, clock, recent, found = rule.window_trades, -(2**63), [], []
    for i, row in enumerate(rows):
        clock = max(clock, row[0])
        before = rows[: max(i + 1 - n, 0)]
        windows = min(len(before) // n, rule.windows_max)
        if windows < rule.windows_min:
            continue
        window = rows[i + 1 - n : i + 1]
        baseline = Fraction(sum(r[2] for r in before[len(before) - windows * n :]), windows)
        prices = [r[1] for r in window]
        buys = sum(r[2] for r in window if r[3] == 1)
        sells = sum(r[2] for r in window if r[3] == 2)
        sign = 1 if buys > sells else -1
        if (
            sum(r[2] for r in window) < 2 * baseline
            or max(prices) - min(prices) > rule.range_ticks_max
            or max(buys, sells) < 2 * max(min(buys, sells), 1)
            or sign * (prices[-1] - prices[0]) > rule.move_ticks_max
        ):
            continue
        price = max(prices) if sign > 0 else min(prices)
        if not any(
            side == sign and abs(price - old) <= rule.repeat_ticks and clock - ts < rule.repeat_ns
            for ts, old, side in recent
        ):
            recent.append((clock, price, sign))
            found.append((clock, price, sign, buys, sells))
    return found


@st.composite
def tapes(draw):
    """Draw up to 60 trades that mostly stand still, with some large ones; times may fall.

    Of a broken feed the sizes may be as large as a column can hold.
    """
    count, unit = draw(st.integers(0, 60)), draw(st.sampled_from([1, 1, 10_000, 35_000_000]))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    steps = random.choice(np.array([0, 1, SECOND // 4, SECOND, 4 * SECOND, -SECOND]), count)
    moves = random.choice(np.array([0, 0, 0, 1, -1, 2, -2]), count)
    return Trades(
        at("10:00") + np.cumsum(steps.astype(np.int64)),
        (400 + np.cumsum(moves)).astype(np.int32),
        random.choice(np.array([1, 1, 2, 3, 5, 20, 60]) * unit, count).astype(np.int32),
        random.integers(0, 3, count).astype(np.uint8),
        random.integers(0, 4, count).astype(np.uint8),
        np.zeros(count, np.uint8),
    )


@given(tapes(), st.lists(st.integers(0, 60), max_size=6))
@example(tape(QUIET + EX_B), [3, 11])
def test_signals_equal_the_slow_reference_however_the_batch_is_cut(trades, cut):
    edges = [0, *sorted(min(edge, len(trades)) for edge in cut), len(trades)]
    parts = [trades.slice(start, stop) for start, stop in zip(edges, edges[1:], strict=False)]
    for rule in (RULE, SHORT):
        signals = signals_of(*parts, rule=rule)
        sides = {Pattern.TAPE_SELLING_ABSORPTION: 1, Pattern.TAPE_BUYING_ABSORPTION: -1}
        found = [(s.ts_ns, s.ref_price, sides[s.pattern]) for s in signals]
        assert found == [wanted[:3] for wanted in slow(trades, rule)]
        assert signals == signals_of(trades, rule=rule)
        assert len({signal.id for signal in signals}) == len(signals)
        for signal in signals:
            assert 0 < signal.strength_ppm <= 1_000_000
            assert signal.zone_low <= signal.ref_price <= signal.zone_high


def test_a_batch_longer_than_a_chunk_gives_the_same_signals(monkeypatch):
    trades = real_trades().slice(0, 3_000)
    whole = signals_of(trades)
    monkeypatch.setattr("actors.core.patterns.tape_absorption.CHUNK_TRADES", 37)
    assert signals_of(trades) == whole
    assert len(whole) > 20


def test_a_warm_state_goes_on_as_a_fresh_one_on_a_real_session():
    trades = real_trades().slice(100_000, 130_000)
    whole = signals_of(trades)
    assert len(whole) > 100
    assert len({signal.id for signal in whole}) == len(whole)
    random = np.random.default_rng(11)
    for _ in range(3):
        edges = [0, *np.sort(random.integers(0, len(trades), 200)).tolist(), len(trades)]
        parts = [trades.slice(a, b) for a, b in zip(edges, edges[1:], strict=False)]
        assert signals_of(*parts) == whole
    split = int(random.integers(0, len(trades)))
    warm = TapeAbsorption(RULE, CONTRACT, False)
    head = warm.add(trades.slice(0, split))
    assert head + warm.add(trades.slice(split, len(trades))) == whole


def test_memory_is_the_reach_of_one_window_and_keeps_no_batch_alive():
    detector = TapeAbsorption(RULE, CONTRACT, False)
    trades = concat([real_trades().slice(0, 40_000)])
    detector.add(trades)
    assert len(detector.tail) == RULE.memory == 99
    for name in ("ts_event", "price", "size", "aggressor", "source", "flags"):
        assert not np.shares_memory(getattr(detector.tail, name), getattr(trades, name))


def new_of(detector, rows):
    """Which of the windows (time, whether sold into, price) are new events."""
    return detector._new(*(np.array(column) for column in zip(*rows, strict=True))).tolist()


def test_prices_that_may_be_raised_at_again_are_forgotten_and_no_others():
    detector = TapeAbsorption(dataclasses.replace(RULE, repeat_ns=1_000), CONTRACT, False)
    apart = 2 * RULE.repeat_ticks + 1
    count = 2 * PRICES_MAX
    prices = [number * apart for number in range(count)]
    rows = [(number, True, price) for number, price in enumerate(prices)]
    assert new_of(detector, rows) == list(range(count))
    assert new_of(detector, [(count, True, 0)]) == []  # Still quiet, whatever the crowd.
    assert new_of(detector, [(10_000, True, 0)]) == [0]
    assert len(detector.quiet_until[True]) <= apart + 1
    assert not detector.quiet_until[False]


def test_one_event_silences_its_price_and_those_beside_it_on_its_side_until_the_time_is_over():
    rule = dataclasses.replace(RULE, repeat_ns=1_000, repeat_ticks=1)
    detector = TapeAbsorption(rule, CONTRACT, False)
    rows = [(0, True, 10), (999, True, 11), (999, True, 12), (999, False, 10), (1_000, True, 9)]
    assert new_of(detector, rows) == [0, 2, 3, 4]


def test_windows_in_one_instant_differ_by_side_or_price_however_they_alternate():
    rule = dataclasses.replace(RULE, repeat_ns=1_000, repeat_ticks=0)
    rows = [(5, True, 10), (5, True, 10), (5, False, 10), (5, True, 10), (5, True, 11),
            (5, True, 10), (6, True, 11), (1_005, True, 10), (1_005, True, 10)]  # fmt: skip
    assert new_of(TapeAbsorption(rule, CONTRACT, False), rows) == [0, 2, 4, 7]
