"""Decisions beside the dict loop: what is allowed grows as the machine is slower, never less."""

import pytest

from ops.bench.latency import REACH_MS, latency_row
from ops.bench.replays import LOOP


@pytest.mark.parametrize(
    ("p99", "loop", "reached"),
    [
        (REACH_MS - 0.1, LOOP, True),
        (REACH_MS, LOOP, False),
        (REACH_MS - 0.1, 2 * LOOP, True),
        (REACH_MS, 2 * LOOP, False),
        (2 * REACH_MS - 0.1, LOOP / 2, True),
        (2 * REACH_MS, LOOP / 2, False),
    ],
)
def test_a_decision_has_the_longer_the_slower_the_loop_is(p99, loop, reached):
    assert latency_row(600, [p99] * 200, loop).reached is reached


def test_the_row_tells_the_loop_and_what_is_allowed_here():
    row = latency_row(2_000, [8.0] * 98 + [20.0] * 2, 2_500_000.0)
    assert row.what == "feed to broker at 2,000 trades/s, 100 decisions, the way back included"
    assert row.found == "p50 8.0 ms, p99 20.0 ms, where a dict loop makes 2.5 M"
    assert row.against == "p99 15 ms, where the loop makes 5 M: 30.0 ms here"
