"""The rules every row passes: what is refused, what a second row confirms, what is held back."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actors.adapters.feeds.gate import CONFIRM_TICKS, LEAP_NS, Gate
from actors.adapters.feeds.port import Reason, Refusals, Rows

JUMP = 200
HOUR = LEAP_NS


def rows_of(values, first=0) -> Rows:
    """Rows of (ts, ticks, size)."""
    ts, ticks, size = (
        (np.array(column, np.int64) for column in zip(*values, strict=True))
        if values
        else (np.empty(0, np.int64),) * 3
    )
    zeros = np.zeros(len(values), np.uint8)
    return Rows(
        contract="ESU3", ts=ts, ticks=ticks, size=size, aggressor=zeros, source=zeros,
        flags=zeros, bid=None, ask=None, refused=None,
        where=lambda index: (first + index, f"row {first + index}"),
    )  # fmt: skip


def passed(tmp_path, values, cuts=()):
    """Send `values` through a gate in parts; return the rows that came out, and the refusals."""
    refusals = Refusals(tmp_path)
    gate = Gate(JUMP, refusals)
    edges = [0, *cuts, len(values)]
    out = []
    for start, stop in zip(edges, edges[1:], strict=False):
        out.append(gate.passed(rows_of(values[start:stop], start), "file"))
    out.append(gate.finished())
    found = [
        row
        for trades in out
        if trades is not None
        for row in zip(trades.ts_event.tolist(), trades.price.tolist(), strict=True)
    ]
    return found, dict(refusals.counts)


def prices(tmp_path, *ticks):
    found, refused = passed(tmp_path, [(index, tick, 1) for index, tick in enumerate(ticks)])
    return [tick for _, tick in found], refused


def times(tmp_path, *instants):
    found, refused = passed(tmp_path, [(ts, 100, 1) for ts in instants])
    return [ts for ts, _ in found], refused


def test_no_rows_give_no_trades(tmp_path):
    assert passed(tmp_path, []) == ([], {})


@pytest.mark.parametrize("size", [0, -1, 2**31])
def test_a_size_that_is_none_is_refused(tmp_path, size):
    found, refused = passed(tmp_path, [(0, 100, 1), (1, 100, size), (2, 100, 2**31 - 1)])
    assert found == [(0, 100), (2, 100)]
    assert refused == {Reason.BAD_SIZE: 1}


def test_equal_times_pass_and_an_earlier_one_does_not(tmp_path):
    assert times(tmp_path, 5, 5, 4, 5, 6) == ([5, 5, 5, 6], {Reason.TIME_BACKWARDS: 1})


def test_one_time_an_hour_ahead_does_not_make_all_that_follow_run_backwards(tmp_path):
    found, refused = times(tmp_path, 0, HOUR + 2, 1, 2, 3)
    assert (found, refused) == ([0, 1, 2, 3], {Reason.TIME_LEAP: 1})


def test_a_first_time_far_ahead_is_the_wrong_one(tmp_path):
    found, refused = times(tmp_path, 9 * HOUR, 1, 2, 3)
    assert (found, refused) == ([1, 2, 3], {Reason.TIME_LEAP: 1})


def test_a_pause_of_days_is_no_leap(tmp_path):
    assert times(tmp_path, 0, 49 * HOUR, 49 * HOUR + 1) == ([0, 49 * HOUR, 49 * HOUR + 1], {})


def test_a_leap_at_the_very_end_stands_because_nothing_contradicts_it(tmp_path):
    assert times(tmp_path, 0, 1, 49 * HOUR) == ([0, 1, 49 * HOUR], {})


def test_a_price_exactly_the_limit_away_passes_and_one_tick_more_does_not(tmp_path):
    assert prices(tmp_path, 1000, 1200, 1000) == ([1000, 1200, 1000], {})
    assert prices(tmp_path, 1000, 1201, 1000) == ([1000, 1000], {Reason.PRICE_JUMP: 1})


@pytest.mark.parametrize(("distance", "confirms"), [(0, True), (5, True), (-5, True), (6, False)])
def test_a_jump_stands_when_the_next_price_lies_within_five_ticks_of_it(
    tmp_path, distance, confirms
):
    found, refused = prices(tmp_path, 1000, 5000, 5000 + distance, 1000)
    assert found[:1] == [1000]
    assert (5000 in found) is confirms
    assert CONFIRM_TICKS == 5
    if not confirms:
        assert refused == {Reason.PRICE_JUMP: 2}


def test_each_of_two_unrelated_jumps_is_refused(tmp_path):
    assert prices(tmp_path, 1000, 5000, 9000, 1001) == ([1000, 1001], {Reason.PRICE_JUMP: 2})


def test_after_a_refused_price_the_next_is_measured_against_the_last_accepted_one(tmp_path):
    assert prices(tmp_path, 1000, 5000, 1200, 1000) == (
        [1000, 1200, 1000], {Reason.PRICE_JUMP: 1}
    )
    assert prices(tmp_path, 1000, 5000, 1201) == ([1000], {Reason.PRICE_JUMP: 2})
    # 1051 is near 1000 but too far from 850, which has been accepted since.
    walk = (1000, 9000, 850, 1051, 850)
    assert prices(tmp_path, *walk) == ([1000, 850, 850], {Reason.PRICE_JUMP: 2})


def test_a_pause_of_days_is_no_leap_whatever_else_is_wrong_around_it(tmp_path):
    found, refused = times(tmp_path, 0, 49 * HOUR, 49 * HOUR + 1, 49 * HOUR, 49 * HOUR + 2)
    assert found == [0, 49 * HOUR, 49 * HOUR + 1, 49 * HOUR + 2]
    assert refused == {Reason.TIME_BACKWARDS: 1}


def test_a_jump_away_and_back_is_confirmed_both_times(tmp_path):
    walk = [1000, 5000, 5001, 1000, 1001]
    assert prices(tmp_path, *walk) == (walk, {})


def test_a_jump_at_the_very_end_is_refused_because_nothing_confirms_it(tmp_path):
    assert prices(tmp_path, 1000, 5000) == ([1000], {Reason.PRICE_JUMP: 1})


def test_a_slow_move_of_any_length_is_no_jump(tmp_path):
    walk = list(range(1000, 9000, 150))
    assert prices(tmp_path, *walk) == (walk, {})


def test_a_confirmation_that_comes_with_the_next_rows_counts(tmp_path):
    values = [(0, 1000, 1), (1, 5000, 1), (2, 5001, 1)]
    assert passed(tmp_path, values, cuts=[2]) == ([(0, 1000), (1, 5000), (2, 5001)], {})


def test_a_new_level_reached_just_before_the_rows_end_is_not_forgotten(tmp_path):
    values = [(0, 1000, 1), (1, 5000, 1), (2, 5001, 1), (3, 5002, 1)]
    assert passed(tmp_path, values, cuts=[1, 3])[0] == [
        (0, 1000), (1, 5000), (2, 5001), (3, 5002)
    ]


def test_a_price_refused_for_its_jump_has_kept_the_time_all_the_same(tmp_path):
    values = [(0, 1000, 1), (9, 5000, 1), (5, 1000, 1), (9, 1000, 1)]
    for cuts in ([], [2], [1, 2, 3]):
        assert passed(tmp_path, values, cuts) == (
            [(0, 1000), (9, 1000)], {Reason.PRICE_JUMP: 1, Reason.TIME_BACKWARDS: 1}
        )


def test_what_is_refused_is_written_with_its_place_reason_and_text(tmp_path):
    refusals = Refusals(tmp_path)
    gate = Gate(JUMP, refusals)
    gate.passed(rows_of([(0, 100, 1), (1, 100, 0), (0, 100, 1)], first=7), "day.csv")
    assert refusals.path == tmp_path / "quarantine.csv"
    assert refusals.path.read_text().splitlines() == [
        "file,line_or_offset,reason,text",
        "day.csv,8,bad_size,row 8",
    ]
    gate.passed(rows_of([(-5, 100, 1)], first=10), "day.csv")
    assert refusals.path.read_text().splitlines()[-1] == "day.csv,10,time_backwards,row 10"


VALUES = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 1, 2, -1, 2 * HOUR, -2 * HOUR]),
        st.sampled_from([0, 1, -1, 5, 6, 200, 201, -201, 5000, -5000]),
        st.sampled_from([1, 1, 1, 0]),
    ),
    max_size=25,
)


@settings(max_examples=500, deadline=None)
@given(VALUES, st.lists(st.integers(0, 25), max_size=4))
@example([(0, 0, 0), (7_200_000_000_000, 0, 1), (-7_200_000_000_000, 0, 1)], [2])
def test_where_the_rows_are_cut_makes_no_difference(tmp_path_factory, steps, cuts):
    folder = tmp_path_factory.mktemp("gate")
    at = np.cumsum([(ts, ticks) for ts, ticks, _ in steps] or [(0, 0)], axis=0).tolist()
    values = [
        (ts, 10_000 + ticks, size)
        for (ts, ticks), (_, _, size) in zip(at, steps, strict=False)
    ]
    cuts = sorted(min(cut, len(values)) for cut in cuts)
    whole, cut = passed(folder, values), passed(folder, values, cuts)
    good = [ts for ts, _, size in values if size > 0]
    if good and good[0] <= min(good) + HOUR:
        # Whether a first good row leaps can only be seen when the second comes with it.
        assert cut == whole
    assert [ts for ts, _ in cut[0]] == sorted(ts for ts, _ in cut[0])
    assert len(cut[0]) + sum(cut[1].values()) == len(values)
