"""All metrics of tape and book at once, for many instants: what engine and back-test both ask."""

from collections.abc import Sequence

import numpy as np

from actors.core.flow.metrics import (
    aggressive_ratio,
    cumulative_delta,
    imbalance_ratio,
    intensity,
    session_starts,
    window_volume,
)
from actors.core.flow.rules import FlowRule
from actors.core.flow.score import Metrics
from actors.core.flow.windows import BookSteps, Tape
from actors.core.patterns.raised import LOW_QUALITY_PPM
from protocol.signals import PPM


def measure(tape: Tape, book: BookSteps, at: Sequence[int], rule: FlowRule) -> list[Metrics]:
    """Return the metrics of what happened before each instant of `at`, UTC nanoseconds."""
    instants, window = np.array(at, np.int64), rule.window_ns
    since = session_starts(instants)
    delta = cumulative_delta(tape.ts, tape.buys, tape.sells, instants, since)
    delta += np.where(since == tape.carried_since_ns, tape.carried_delta, 0)
    buys = window_volume(tape.ts, tape.buys, instants, window)
    sells = window_volume(tape.ts, tape.sells, instants, window)
    volume = window_volume(tape.ts, tape.sizes, instants, window)
    inferred = window_volume(tape.ts, tape.inferred, instants, window)
    imbalance = imbalance_ratio(book.ts, book.bid_size, book.ask_size, instants, window)
    # A depth that is not known is no metric: the touch again would count the same thing twice.
    depth: Sequence[int | None] = [None] * len(instants)
    if rule.levels_known:
        depth = imbalance_ratio(book.ts, book.bid_depth, book.ask_depth, instants, window).tolist()
    return [
        Metrics(
            imbalance_ppm=m1,
            delta=m2,
            aggressive_ppm=m3,
            depth_ppm=m4,
            intensity=m5,
            buy_volume=bought,
            sell_volume=sold,
            low_quality=weak,
        )
        for m1, m2, m3, m4, m5, bought, sold, weak in zip(
            imbalance.tolist(),
            delta.tolist(),
            aggressive_ratio(buys, sells).tolist(),
            depth,
            intensity(tape.ts, instants, window).tolist(),
            buys.tolist(),
            sells.tolist(),
            (inferred * PPM > volume * LOW_QUALITY_PPM).tolist(),
            strict=True,
        )
    ]
