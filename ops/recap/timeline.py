"""When processes were away and when feed, link or fence kept the floor from trading, as SVG.

Gaps are of the market's clock, absences of the machine's. Where a tape was replayed the two have
nothing to do with each other, so each has a drawing of its own.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from actors.core.session.calendar import NEW_YORK
from ops.recap.axes import Scale
from ops.recap.charts import LEFT, WIDTH, label, line, seconds
from ops.recap.words import clock, text

Section = dict[str, Any]
LANE, TOP, NAMES = 22, 10, 110  # Height of a lane, where the first begins, width of the names.
MARKS = 5
NAME_MAX = 18
SHORT_S = 2.0  # A stretch of time that is drawn is never shorter.


def absences(restarts: Section) -> str:
    """Return the lanes of processes that were restarted or away; empty without any."""
    spans = [
        (f"{one['id']}", one["from"], one["to"], f"{one['id']} away: {one['reason']}")
        for one in restarts["away"]
    ]
    points = [(one["source"], one["ts"], one["text"]) for one in restarts["events"]]
    return _lanes(spans, points, "Processes that were away and restarts, by the machine's clock")


def gaps(restarts: Section) -> str:
    """Return the lanes of gaps in feed, link and fence; empty without any."""
    spans = [
        (f"{gap['kind']} {gap['what']}", gap["from"], gap["to"], gap["reason"])
        for gap in restarts["gaps"]
        if gap["from"] is not None
    ]
    return _lanes(spans, [], "Gaps, by the market's clock")


def _lanes(
    spans: Sequence[tuple[str, str, str | None, str]],
    points: Sequence[tuple[str, str, str]],
    about: str,
) -> str:
    if not spans and not points:
        return ""
    instants = [seconds(at) for _, begin, end, _ in spans for at in (begin, end) if at is not None]
    instants += [seconds(at) for _, at, _ in points]
    middle = (min(instants) + max(instants)) / 2
    half = max(SHORT_S, max(instants) - min(instants)) * 0.58
    x = Scale(middle - half, middle + half, NAMES, WIDTH - LEFT)
    names = list(dict.fromkeys([name for name, *_ in spans] + [name for name, *_ in points]))
    bottom = TOP + LANE * len(names)
    parts = [_clock(x, bottom)]
    for lane, name in enumerate(names):
        at = TOP + LANE * lane + LANE / 2
        parts.append(label(LEFT, at + 4, text(name[:NAME_MAX])))
        parts.append(line(NAMES, at, WIDTH - LEFT, at, "grid"))
        parts += [_span(x, at, one) for one in spans if one[0] == name]
        parts += [_point(x, at, one) for one in points if one[0] == name]
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {bottom + 26}" role="img"'
        f' aria-label="{text(about)}">' + "".join(parts) + "</svg>"
    )


def _clock(x: Scale, bottom: float) -> str:
    """Return the time axis: a few instants with as much of the clock as tells them apart."""
    wide = x.high - x.low
    parts = [line(NAMES, bottom, WIDTH - LEFT, bottom, "rule")]
    for mark in range(MARKS):
        at = x.low + (x.high - x.low) * (mark + 0.5) / MARKS
        local = datetime.fromtimestamp(at, UTC).astimezone(NEW_YORK)
        told = f"{local:%H:%M}" if wide > MARKS * 60 else f"{local:%H:%M:%S}"
        if wide < MARKS * 2:
            told += f".{local.microsecond // 100_000}"
        parts.append(line(x(at), bottom, x(at), bottom + 4, "rule"))
        parts.append(label(x(at), bottom + 17, told, anchor="middle"))
    return "".join(parts)


def _span(x: Scale, middle: float, span: tuple[str, str, str | None, str]) -> str:
    _, begin, end, why = span
    left = x(seconds(begin))
    right = x(seconds(end)) if end is not None else WIDTH - LEFT
    until = clock(end) if end is not None else "not ended"
    return (
        f'<rect class="gap" x="{left:g}" y="{middle - 6:g}" height="12" rx="2"'
        f' width="{max(3.0, right - left):.1f}">'
        f"<title>{clock(begin)} to {until}: {text(why)}</title></rect>"
    )


def _point(x: Scale, middle: float, point: tuple[str, str, str]) -> str:
    _, at, words = point
    here = x(seconds(at))
    return (
        f'<path class="alarm" d="M{here:g} {middle - 6:g}l6 6l-6 6l-6-6z">'
        f"<title>{clock(at)}: {text(words)}</title></path>"
    )
