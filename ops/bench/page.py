"""The page in figures: how late it tells, what its readers cost the floor, how soon it is there.

Floor, clients and browser share this machine, so every figure is worse than one where they do not.
"""

from collections.abc import Iterator
from pathlib import Path

from ops.bench import page_browser
from ops.bench.page_floor import CLIENTS, SPEED, Figures, Plan, measured
from ops.bench.row import Row, percentile
from protocol.settings import Settings

# The page looks four times a second, as fast as a person reads: two looks are the most that one
# event may need.
REACH_GLANCE_MS = 500.0
REACH_RATIO = 1.2  # Or the noise, where that is more.
NOISE_MAX = 1.5  # Beyond it the machine has too much else to do for a verdict.
REACH_WEIGHT_KB = 500.0  # 0.4 s over 10 Mbit/s.
REACH_PAINT_MS = 1_000.0  # What a person waits without losing the thought.
QUICK = Plan(turns=2, turn_s=0.8, glances=20, visits=1)
WHOLE = Plan(turns=4, turn_s=5.0, glances=200, visits=5)


def page_rows(settings: Settings, directory: Path, *, quick: bool) -> Iterator[Row]:
    """Measure the page of a replay at ten times its own pace."""
    plan = QUICK if quick else WHOLE
    found = measured(settings, plan, directory)
    yield glance_row(found.glances_ms, plan.glances)
    yield crowd_row(found)
    yield from weight_rows(found)
    yield paint_row(found.visits_ms)


def glance_row(glances_ms: list[float], count: int) -> Row:
    """Return how long a fact of the desk's journal needs to the page's websocket."""
    what = f"event to websocket, {count} commands recorded by the desk at {SPEED}x"
    against = f"p99 {REACH_GLANCE_MS:.0f} ms: two looks of the page"
    if len(glances_ms) < count:
        return Row(what, f"{count - len(glances_ms)} of {count} never came", against, False)
    p50, p99 = percentile(glances_ms, 50), percentile(glances_ms, 99)
    found = f"p50 {p50:.0f} ms, p99 {p99:.0f} ms, recording included"
    return Row(what, found, against, p99 < REACH_GLANCE_MS)


def crowd_row(found: Figures) -> Row:
    """Return the latency from feed to broker with open pages beside that without."""
    alone = [ms for turn in found.alone_ms for ms in turn]
    crowded = [ms for turn in found.crowded_ms for ms in turn]
    ratio, noise = found.ratio(), found.noise()
    limit = max(REACH_RATIO, noise)
    reached = None if noise > NOISE_MAX else ratio <= limit
    well = not found.unwell() and found.green and found.restarts == 0
    fared = "all told everything" if not found.unwell() else f"{found.unwell()} missed some"
    stood = "floor green" if found.green else "floor NOT green"
    return Row(
        f"feed to broker with {CLIENTS} open pages at {SPEED}x, {len(crowded)} decisions",
        f"p50 {percentile(crowded, 50):.1f} ms, p99 {percentile(crowded, 99):.1f} ms"
        f" (ratio {ratio:.2f}); {fared}, {stood}, {found.restarts} restarts",
        f"without, in turns: p50 {percentile(alone, 50):.1f} ms, p99 {percentile(alone, 99):.1f}"
        f" ms; ratio {limit:.2f}, turns without differ by {noise:.2f}"
        + (": too noisy to say" if reached is None else ""),
        reached if well else False,
    )


def weight_rows(found: Figures) -> Iterator[Row]:
    """Yield what each page weighs with everything it loads."""
    for path, files in found.files.items():
        kilobytes = sum(file.sent for file in files) / 1e3
        packed = sum(file.packed for file in files)
        yield Row(
            f"weight of the page {path}, {len(files)} files",
            f"{kilobytes:.0f} kB as served, {packed or 'none'} compressed",
            f"{REACH_WEIGHT_KB:.0f} kB: 0.4 s over 10 Mbit/s",
            kilobytes < REACH_WEIGHT_KB,
        )


def paint_row(visits_ms: list[dict[str, float]]) -> Row:
    """Return how soon a browser has painted the page, and when it shows the news."""
    what = f"first paint of the page, Chromium without window or cache, {len(visits_ms)} times"
    against = f"{REACH_PAINT_MS:.0f} ms: a thought is not interrupted"
    if not visits_ms:
        return Row("first paint of the page", f"not measured: {page_browser.missing()}", against)
    painted = [visit["painted"] for visit in visits_ms]
    p50, live = (percentile([visit[of] for visit in visits_ms], 50) for of in ("painted", "live"))
    return Row(
        what,
        f"p50 {p50:.0f} ms, worst {max(painted):.0f} ms; live p50 {live:.0f} ms",
        against,
        max(painted) < REACH_PAINT_MS,
    )
