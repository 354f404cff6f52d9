"""A replay beside the dict loop: what counts is this run's machine, and the best of its rounds."""

import pytest

from ops.bench.replays import LOOP, REACH_LIVE, beside_loop, live_row
from tests.makers import make_trades


@pytest.mark.parametrize(
    ("measured", "reached"),
    [
        ([(REACH_LIVE, 100 * LOOP)], True),
        ([(REACH_LIVE - 1, 100 * LOOP)], False),
        ([(REACH_LIVE / 2, LOOP / 2)], True),
        ([(REACH_LIVE / 2 - 1, LOOP / 2)], False),
        ([(REACH_LIVE / 4, LOOP), (REACH_LIVE / 8, LOOP / 8)], True),
    ],
)
def test_a_replay_reaches_its_number_by_itself_or_as_a_part_of_the_loop(measured, reached):
    assert live_row("a day", measured).reached is reached


def test_the_row_tells_the_best_rate_with_the_loop_beside_it_and_the_best_part():
    row = live_row("a day", [(300_000.0, 3_000_000.0), (200_000.0, 1_000_000.0)])
    assert row.what == "a day, all processes"
    wanted = "0.30 M trades/s, where a dict loop makes 3.0 M; at best 0.20 x the loop"
    assert row.found == wanted


def test_the_loop_runs_before_and_after_and_the_faster_one_counts():
    trades = make_trades([(second, 100, "B", 1) for second in range(50)])
    rate, loop = beside_loop(trades, lambda: 7.0)
    assert rate == 7.0
    assert loop > 0
