"""How long a decision takes from the feed to the broker, all processes at work.

On its way it is Python of eight processes, so it takes as much longer as the machine is slower. As
with a replay the plainest loop stands beside it, right before and right after.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ops.bench import floor
from ops.bench.floor import Walk
from ops.bench.replays import LOOP, beside_loop
from ops.bench.row import Row, percentile
from protocol.settings import Settings

REACH_MS = 15.0
RATES = (600, 2_000)  # Trades a second.


def latency_rows(settings: Settings, directory: Path, *, quick: bool) -> Iterator[Row]:
    """Measure from the moment a bar's end is due at the feed to its orders being at the broker."""
    seconds = 15 if quick else 40
    plain = Walk(rate=500, seconds=1_000, seed=3).trades()
    for rate in RATES:
        measure = partial(floor.settle_times_ms, settings, rate, seconds, directory)
        times, loop = beside_loop(plain, measure)
        yield latency_row(rate, times, loop)


def latency_row(rate: int, times_ms: list[float], loop: float) -> Row:
    """Return how long the decisions took, where the loop made `loop` trades a second."""
    p50, p99 = percentile(times_ms, 50), percentile(times_ms, 99)
    reach_ms = REACH_MS * max(1.0, LOOP / loop)
    return Row(
        f"feed to broker at {rate:,} trades/s, {len(times_ms)} decisions, the way back included",
        f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, where a dict loop makes {loop / 1e6:.1f} M",
        f"p99 {REACH_MS:.0f} ms, where the loop makes {LOOP / 1e6:.0f} M: {reach_ms:.1f} ms here",
        p99 < reach_ms,
    )
