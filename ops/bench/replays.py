"""Replays through the whole floor, in one process and in all of them.

How fast a machine is at all changes with who else is on it, by the minute and several times over.
So each replay through all processes stands beside the plainest work there is, a loop over a dict,
right before and right after it: the number to reach was set where that loop makes `LOOP`.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from actors.core.columns import Trades
from ops.bench import floor, patterns, peers
from ops.bench.floor import Walk
from ops.bench.row import Row
from protocol.settings import Settings

REACH_LOCAL = 10e6
REACH_LIVE = 0.5e6
Found = TypeVar("Found")
LOOP = 5e6  # Trades a second, the least of where the numbers to reach were set.


def replay_rows(
    settings: Settings, recorded: Path | None, directory: Path, *, quick: bool
) -> Iterator[Row]:
    """Replay a liquid day in both runtimes, and the recorded one if it is there."""
    rounds = 1 if quick else 3
    walk = Walk(rate=100, seconds=20_000, seed=5)
    rate = max(floor.replay_local_walk(settings, walk) for _ in range(rounds))
    yield Row(
        f"back-test, whole floor, one core, {walk.count / 1e6:.0f} M simulated trades",
        f"{rate / 1e6:.1f} M trades/s",
        f"{REACH_LOCAL / 1e6:.0f} M",
        rate >= REACH_LOCAL,
    )
    if recorded is not None:
        local = max(floor.replay_local_file(settings, recorded) for _ in range(rounds))
        yield Row(
            "replay of the recorded day, local, reading included",
            f"{local / 1e6:.2f} M trades/s",
            "about 1,085 trades a bar: the cost is per bar",
        )
        path, trades = recorded, patterns.trades_of_file(recorded)
        live = [
            beside_loop(trades, lambda: floor.replay_live_file(settings, path, directory))
            for _ in range(rounds)
        ]
        yield live_row(f"replay of the recorded day, {floor.WEEKS} times, live", live)
    one = beside_loop(walk.trades(), lambda: floor.replay_live_walk(settings, walk, directory))
    yield live_row(f"replay of {walk.count / 1e6:.0f} M simulated trades, live", [one])


def beside_loop(trades: Trades, measure: Callable[[], Found]) -> tuple[Found, float]:
    """Return what was found, and the rate of the dict loop around it: the higher of the two."""
    before = peers.dict_loop(trades)[0]
    found = measure()
    return found, max(before, peers.dict_loop(trades)[0])


def live_row(what: str, measured: list[tuple[float, float]]) -> Row:
    """Return the best of what was measured, by itself or beside the loop."""
    rate, loop = max(measured)
    ratio = max(one / beside for one, beside in measured)
    return Row(
        f"{what}, all processes",
        f"{rate / 1e6:.2f} M trades/s, where a dict loop makes {loop / 1e6:.1f} M;"
        f" at best {ratio:.2f} x the loop",
        f"{REACH_LIVE / 1e6:.1f} M, where the loop makes {LOOP / 1e6:.0f} M:"
        f" {REACH_LIVE / LOOP:.2f} x",
        rate >= REACH_LIVE or ratio >= REACH_LIVE / LOOP,
    )
