"""The day in one drawing: price, balance, signals and regime over the same hours, as SVG.

The panes share their time, so one look down says what the market was when something was entered.
Every sign has a shape or a place of its own; colour only repeats it.
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ops.recap.axes import (
    Hours,
    Labels,
    Scale,
    decimals_of,
    hours_between,
    padded,
    ticks_between,
)
from ops.recap.words import MINUS, clock, money, named, number, text

Section = dict[str, Any]
WIDTH, LEFT, RIGHT = 1216, 10, 78  # The values stand at the right, as on every floor.
PRICE, BALANCE, SIGNALS, REGIME = (22, 372), (402, 492), (522, 586), (616, 676)  # Top, bottom.
HEIGHT = 704
RTH_WEIGHT = 3.0  # An hour of the regular session is drawn so many times as wide as one of night.
HOUR_ROOM = 46  # Pixels between two hours that are written.
TRIPS_NAMED_MAX = 24
REGIMES = ("trending_up", "trending_down", "ranging", "volatile", "no_trade")
HALF = 5.5  # Of a mark, in pixels.


def day_chart(document: Section) -> str:
    """Return the drawing of a date that has bars."""
    bars = document["bars"]
    end = seconds(bars[-1]["end"])
    x = _time(document["session"]["hours"], seconds(bars[0]["start"]), end)
    parts = [
        _shading(document["session"]["hours"], x),
        _hours(bars, x),
        _price(document, x),
        _balance(document["equity"], x),
        _signals(document, x),
        _regimes(document, x, end),
    ]
    about = "Candles with round trips, the balance, signals by direction and the regime"
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{about}">'
        + "".join(parts)
        + "</svg>"
    )


def seconds(instant: str) -> float:
    """Return an instant of the document in seconds since 1970."""
    return datetime.fromisoformat(instant).timestamp()


def label(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    """Return a text of the drawing; `words` are escaped already."""
    return f'<text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{anchor}">{words}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """Return a line of the drawing."""
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" class="{kind}"/>'


def _time(hours: Section, start: float, end: float) -> Hours:
    """Return the scale of the hours: most is decided in the regular session, so it has room."""
    rth = [seconds(hours[name]) for name in ("rth_open", "rth_close")]
    inside = [instant for instant in rth if start < instant < end]
    knots = [start, *inside, max(end, start + 1)]
    weights = [
        RTH_WEIGHT if rth[0] <= begin < rth[1] else 1.0 for begin in knots[:-1]
    ]
    return Hours(knots, weights, LEFT, WIDTH - RIGHT)


def _shading(hours: Section, x: Hours) -> str:
    """Return the regular session as a lighter stretch, named; nothing where it is not in sight."""
    left, right = x(seconds(hours["rth_open"])), x(seconds(hours["rth_close"]))
    if right - left < 1:
        return ""
    tall = REGIME[1] - PRICE[0]
    named_it = ""
    if right - left > 240:
        words = f"regular session, drawn {RTH_WEIGHT:g} times as wide"
        named_it = label(right - 6, PRICE[0] + 13, words, "faint", "end")
    return (
        f'<rect class="rth" x="{left:g}" y="{PRICE[0]}" width="{right - left:g}" height="{tall}"/>'
        + named_it
    )


def _hours(bars: Sequence[Section], x: Hours) -> str:
    start = datetime.fromisoformat(bars[0]["start"])
    end = datetime.fromisoformat(bars[-1]["end"]).astimezone(start.tzinfo)
    parts, written = [], LEFT - HOUR_ROOM / 2
    for hour in hours_between(start, end):
        at = x(hour.timestamp())
        if at - written >= HOUR_ROOM and at < WIDTH - RIGHT - 8:
            parts.append(line(at, PRICE[0], at, REGIME[1], "grid"))
            parts.append(label(at, REGIME[1] + 18, f"{hour:%H:%M}", anchor="middle"))
            written = at
    parts.append(label(WIDTH - RIGHT + 8, REGIME[1] + 18, "New York", "faint"))
    return "".join(parts)


def _pane(name: str, pane: tuple[int, int]) -> str:
    """Return the heading of a pane and the line it stands on."""
    return label(LEFT, pane[0] - 8, name, "pane") + line(
        LEFT, pane[1], WIDTH - RIGHT, pane[1], "rule"
    )


def _levels(y: Scale, values: Sequence[float]) -> str:
    """Return the lines and numbers of a value axis."""
    decimals = decimals_of(values)
    parts = []
    for value in values:
        words = number(value, decimals)
        parts.append(line(LEFT, y(value), WIDTH - RIGHT, y(value), "grid"))
        parts.append(label(WIDTH - RIGHT + 8, y(value) + 3.5, words))
    return "".join(parts)


def _price(document: Section, x: Hours) -> str:
    bars, trips = document["bars"], document["trades"]
    reached = [bar[name] for bar in bars for name in ("h", "l")]
    reached += [trip[name] for trip in trips for name in ("entry_price", "exit_price")]
    low, high = padded(reached, 0.09)
    y = Scale(low, high, PRICE[1], PRICE[0])
    labels = Labels(LEFT, PRICE[0] + 20, WIDTH - RIGHT, PRICE[1] - 2)
    for bar in bars:
        middle, half = _middle(bar, x), _body(bar, x) / 2
        labels.block(middle - half, y(bar["h"]), middle + half, y(bar["l"]))
    for at_x, at_y in (mark for trip in trips for mark in _marks(trip, x, y)):
        labels.block(at_x - HALF, at_y - HALF, at_x + HALF, at_y + HALF)
    return (
        _pane(f"Price, {text(document['session']['contract'])}", PRICE)
        + _levels(y, ticks_between(low, high, 8))
        + "".join(_candle(bar, x, y) for bar in bars)
        + "".join(_trip(n, trip, x, y, labels) for n, trip in enumerate(trips, 1))
    )


def _middle(bar: Section, x: Hours) -> float:
    return x((seconds(bar["start"]) + seconds(bar["end"])) / 2)


def _body(bar: Section, x: Hours) -> float:
    """Return how wide a bar is drawn."""
    return max(1.0, min(14.0, (x(seconds(bar["end"])) - x(seconds(bar["start"]))) * 0.66))


def _candle(bar: Section, x: Hours, y: Scale) -> str:
    middle, body, upward = _middle(bar, x), _body(bar, x), bar["c"] >= bar["o"]
    top, bottom = y(max(bar["o"], bar["c"])), y(min(bar["o"], bar["c"]))
    told = (
        f"{clock(bar['start'], '%H:%M')} open {bar['o']:,} high {bar['h']:,}"
        f" low {bar['l']:,} close {bar['c']:,} volume {bar['volume']:,}"
        f" delta {bar['delta']:+,}"
    )
    return (
        f'<g class="{"up" if upward else "down"}"><title>{told}</title>'
        f'<path class="wick" d="M{middle:g} {y(bar["h"]):g}V{y(bar["l"]):g}"/>'
        f'<rect class="body" x="{middle - body / 2:.1f}" y="{top:g}" width="{body:.1f}"'
        f' height="{max(1.0, bottom - top):.1f}"/></g>'
    )


def _marks(trip: Section, x: Hours, y: Scale) -> tuple[tuple[float, float], ...]:
    """Return where a round trip was entered and where it was left."""
    begin, end = seconds(trip["entry_ts"] or trip["exit_ts"]), seconds(trip["exit_ts"])
    return (x(begin), y(trip["entry_price"])), (x(end), y(trip["exit_price"]))


def _trip(n: int, trip: Section, x: Hours, y: Scale, labels: Labels) -> str:
    """Return a round trip: where it was entered, where it was left and what it brought."""
    result = "won" if trip["pnl_net"] > 0 else "lost"
    (begin, entry), (end, left) = _marks(trip, x, y)
    words = f"{n}  {money(trip['pnl_net'], sign=True)}" if n <= TRIPS_NAMED_MAX else str(n)
    place = labels.place(end, left, len(words) * 6.2, 14)
    told = (
        f"{n}: {text(trip['direction'])} {trip['qty']} at {trip['entry_price']:,}, left at"
        f" {trip['exit_price']:,} by {named(trip['reason'])}, net {money(trip['pnl_net'])}"
    )
    parts = [
        f'<g class="trip {result}"><title>{told}</title>',
        line(begin, entry, end, left, "way"),
        _triangle(begin, entry, trip["direction"]),
        f'<path class="exit" d="M{end - 4.5:g} {left - 4.5:g}l9 9m0-9l-9 9"/>',
    ]
    if place is not None:
        parts.append(label(place[0], place[1] + 4, words, "on-chart"))
    return "".join(parts) + "</g>"


def _triangle(x: float, y: float, direction: str) -> str:
    tip, foot = (-1, 1) if direction == "long" else (1, -1)
    return (
        f'<path class="entry" d="M{x:g} {y + tip * HALF:g}L{x + HALF + 1:g} {y + foot * HALF:g}'
        f'H{x - HALF - 1:g}Z"/>'
    )


def _balance(equity: Section, x: Hours) -> str:
    """Return the balance: in steps as trips closed, thin as marked by every bar."""
    start, marked = equity["start"], equity["marked"]
    values = [start, *(point["balance"] for point in marked + equity["closed"])]
    low, high = padded(values, 0.12)
    y = Scale(low, high, BALANCE[1], BALANCE[0])
    begin = x.left
    thin = "".join(f"L{x(seconds(point['ts'])):g} {y(point['balance']):g}" for point in marked)
    steps = "".join(
        f"H{x(seconds(point['ts'])):g}V{y(point['balance']):g}" for point in equity["closed"]
    )
    parts = [
        _pane("Balance, dollars: closed (bold) and marked by the bars (thin)", BALANCE),
        _levels(y, ticks_between(low, high, 4)),
        line(LEFT, y(start), WIDTH - RIGHT, y(start), "start"),
        f'<path class="marked" d="M{begin:g} {y(start):g}{thin}"/>',
        f'<path class="closed" d="M{begin:g} {y(start):g}{steps}H{x.right:g}"/>',
    ]
    return "".join(parts)


def _signals(document: Section, x: Hours) -> str:
    """Return how many signals each bar brought, longs up and shorts down, the approved filled."""
    ends = [seconds(bar["end"]) for bar in document["bars"]]
    counts = {end: {"long": [0, 0], "short": [0, 0]} for end in ends}
    for signal in document["signals"]:
        at = seconds(signal["ts"])
        end = next((end for end in _from(ends, at)), None)
        if end is not None and signal["direction"] in counts[end]:
            counts[end][signal["direction"]][0] += 1
            counts[end][signal["direction"]][1] += signal["approved"]
    most = max((raised for way in counts.values() for raised, _ in way.values()), default=0) or 1
    middle = (SIGNALS[0] + SIGNALS[1]) / 2
    y = Scale(0, most, 0, middle - SIGNALS[0])
    parts = [_pane("Signals of each bar: longs up, shorts down, approved solid", SIGNALS)]
    for bar, end in zip(document["bars"], ends, strict=True):
        wide = _body(bar, x)
        left = _middle(bar, x) - wide / 2
        for direction, (raised, approved) in counts[end].items():
            for count, kind in ((raised, "raised"), (approved, "approved")):
                if count:
                    tall = max(1.5, y(count))
                    top = middle - tall if direction == "long" else middle
                    parts.append(
                        f'<rect class="{kind} {direction}" x="{left:.1f}" y="{top:.1f}"'
                        f' width="{wide:.1f}" height="{tall:.1f}"/>'
                    )
    parts.append(label(WIDTH - RIGHT + 8, SIGNALS[0] + 8, f"+{most:,}"))
    parts.append(label(WIDTH - RIGHT + 8, SIGNALS[1], f"{MINUS}{most:,}"))
    parts.append(line(LEFT, middle, WIDTH - RIGHT, middle, "rule"))
    return "".join(parts)


def _from(ends: Sequence[float], at: float) -> Sequence[float]:
    """Return the end of the bar that holds an instant, its own end included."""
    place = bisect_left(ends, at)
    return ends[place : place + 1]


def _regimes(document: Section, x: Hours, end: float) -> str:
    """Return a lane per regime: where it stood says which it was."""
    tall = (REGIME[1] - REGIME[0]) / len(REGIMES)
    parts = [_pane("Regime", REGIME)]
    told = document["regimes"]
    for lane, regime in enumerate(REGIMES):
        top = REGIME[0] + lane * tall
        parts.append(label(WIDTH - RIGHT + 8, top + tall - 3, named(regime), "lane"))
        for place, judged in enumerate(told):
            if judged["regime"] == regime:
                begin = x(seconds(judged["ts"]))
                until = seconds(told[place + 1]["ts"]) if place + 1 < len(told) else end
                parts.append(
                    f'<rect class="regime-{regime}" x="{begin:g}" y="{top + 2:.1f}"'
                    f' width="{max(1.0, x(until) - begin):.1f}" height="{tall - 4:.1f}" rx="1">'
                    f"<title>{named(regime)} from {clock(judged['ts'], '%H:%M')}</title></rect>"
                )
    return "".join(parts)
