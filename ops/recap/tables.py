"""The tables of the page: round trips, signals by regime, statistics, what the market did then."""

from collections import Counter
from collections.abc import Callable, Sequence
from math import log1p
from typing import Any

from ops.recap.axes import decimals_of
from ops.recap.charts import REGIMES
from ops.recap.words import (
    ARROWS,
    DASH,
    cells,
    clock,
    counted,
    money,
    named,
    number,
    share,
    span,
    text,
    ticks,
    tone,
)

Section = dict[str, Any]
LOW = '<span class="low" title="taken of too few to say much">low n</span>'
REASONS_MAX = 4
PRICES = ("entry_price", "exit_price")
BREAKDOWNS = (
    ("pattern", "Pattern"), ("regime", "Regime"), ("direction", "Direction"),
    ("exit_reason", "Exit"), ("hour_et", "Hour of entry, New York"),
)  # fmt: skip


def trips_table(trips: Sequence[Section], tick: float) -> str:
    """Return every round trip with its fills, its reach, its fees and its result."""
    decimals = decimals_of([tick, *(trip[name] for trip in trips for name in PRICES)])
    heads = (
        "#", "side and size", "pattern", "regime", "entry", "from", "exit", "to", "reason",
        "held", "MAE", "MFE", "slip", "fees", "net", "R",
    )  # fmt: skip
    rows = [
        "<tr>"
        + cells(
            str(n),
            f"{ARROWS[trip['direction']]} {text(trip['direction'])} {trip['qty']:,}",
            named(trip["pattern"]),
            named(trip["regime"]),
            clock(trip["entry_ts"]),
            number(trip["entry_price"], decimals),
            clock(trip["exit_ts"]),
            number(trip["exit_price"], decimals),
            named(trip["reason"]),
            span(trip["duration_s"]),
            ticks(trip["mae"]),
            ticks(trip["mfe"]),
            ticks(trip["slippage_ticks"], sign=True),
            money(trip["commission"]),
            money(trip["pnl_net"], sign=True),
            number(trip["r"], sign=True),
            classes=(
                "", f"l {'buy' if trip['direction'] == 'long' else 'sell'}", "l", "l soft", "",
                "", "", "", "l", "soft", "", "", "soft", "soft", tone(trip["pnl_net"]),
                tone(trip["pnl_net"]),
            ),
        )
        + "</tr>"
        for n, trip in enumerate(trips, 1)
    ]  # fmt: skip
    fees, net = sum(t["commission"] for t in trips), sum(t["pnl_net"] for t in trips)
    foot = f'<td colspan="13">together</td><td>{money(fees)}</td>'
    foot += f'<td class="{tone(round(net, 2))}">{money(net, sign=True)}</td><td></td>'
    head = cells(*heads, of="th", classes=("", "l", "l", "l", "", "", "", "", "l"))
    return _table(head, rows, foot)


def heat_table(signals: Sequence[Section]) -> str:
    """Return how often each pattern was raised in each regime, and what became of it."""
    found: dict[str, list[Section]] = {}
    for signal in signals:
        found.setdefault(signal["pattern"], []).append(signal)
    patterns = sorted(found, key=lambda pattern: (-len(found[pattern]), pattern))
    most = max(
        (n for own in found.values() for n in Counter(s["regime"] for s in own).values()), default=1
    )
    rows = [_heat_row(pattern, found[pattern], most) for pattern in patterns]
    heads = ("pattern", *(named(regime) for regime in REGIMES), "raised", "approved", "target")
    head = cells(*heads, "rejected, by reason", of="th", classes=("l",) + ("",) * 8 + ("l",))
    head = head.replace("<th>", '<th style="text-align:center">', len(REGIMES))
    raised, approved, noted = _fates(signals)
    foot = f'<td colspan="{len(REGIMES) + 1}">together</td><td>{raised:,}</td>'
    foot += f"<td>{approved:,}</td><td>{noted:,}</td><td></td>"
    return _table(head, rows, foot)


def _heat_row(pattern: str, own: Sequence[Section], most: int) -> str:
    arrow = {"long": "buy", "short": "sell"}.get(own[0]["direction"], "soft")
    sign = ARROWS.get(own[0]["direction"], "")
    parts = [f'<td><span class="{arrow}">{sign}</span> {named(pattern)}</td>']
    for regime in REGIMES:
        here = [signal for signal in own if signal["regime"] == regime]
        approved = sum(signal["approved"] for signal in here)
        shade = 0.06 + 0.5 * log1p(len(here)) / log1p(most) if here else 0
        mark = f"<b>\u2713{approved:,}</b>" if approved else ""
        words = f"{len(here):,}{mark}" if here else '<span class="faint">\u00b7</span>'
        parts.append(
            f'<td class="heat" style="background:rgb(var(--accent-wash)/{shade:.2f})">{words}</td>'
        )
    raised, approved, noted = _fates(own)
    why = Counter(named(s["reject_reason"]) for s in own if s["reject_reason"])
    told = [f"{reason}\u00a0{count:,}" for reason, count in why.most_common(REASONS_MAX)]
    more = len(why) - REASONS_MAX
    told += [f"{more}\u00a0more"] if more > 0 else []
    parts.append(f"<td>{raised:,}</td><td>{approved or DASH}</td><td>{noted or DASH}</td>")
    parts.append(f'<td class="why">{", ".join(told)}</td>')
    return f"<tr>{''.join(parts)}</tr>"


def _fates(signals: Sequence[Section]) -> tuple[int, int, int]:
    return (
        len(signals), sum(s["approved"] for s in signals), sum(s["target"] for s in signals)
    )  # fmt: skip


def statistics_table(analytics: Section) -> str:
    """Return the statistics of the day beside those of all days, with intervals and marks."""
    pair = (analytics["day"], analytics["to_date"])
    rows = [_row(name, pair, tell) for name, tell in _STATISTICS]
    return _table(cells("", "this day", "all days so far", of="th"), rows)


def breakdown_table(breakdowns: Section) -> str:
    """Return the round trips so far by what they have in common."""
    heads = ("", "n", "win rate, 95\u202f%", "profit factor", "MAE", "MFE", "average", "net")
    rows = []
    for name, title in BREAKDOWNS:
        rows.append(f'<tr class="sub"><td colspan="{len(heads)}">{title}</td></tr>')
        rows += [_group(group) for group in breakdowns[name]]
    return _table(cells(*heads, of="th"), rows)


def study_table(study: Sequence[Section]) -> str:
    """Return the mean moves behind signals, in ticks in their direction."""
    horizons = list(study[0]["moves_ticks"]) if study else []
    after = [counted(int(bars), "bar") for bars in horizons]
    heads = ("pattern", "regime", "n", *after, "session's end")
    rows = []
    for one in study:
        moves = [*(one["moves_ticks"][bars] for bars in horizons), one["at_end_ticks"]]
        told = (
            named(one["pattern"]), named(one["regime"]),
            f"{one['n']:,}{LOW if one['low_n'] else ''}",
            *(number(move, 1, sign=True) for move in moves),
        )  # fmt: skip
        tones = (tone(round(move or 0, 1)) for move in moves)
        rows.append(f"<tr>{cells(*told, classes=('', 'l soft', '', *tones))}</tr>")
    return _table(cells(*heads, of="th", classes=("", "l")), rows)


def errors_table(errors: Sequence[Section]) -> str:
    """Return what went wrong, in the words in which it was written down."""
    rows = [
        "<tr>"
        + cells(clock(one["ts"]), text(one["source"]), text(one["code"]), text(one["text"]),
                classes=("", "l", "l", "why"))
        + "</tr>"
        for one in errors
    ]  # fmt: skip
    head = cells("at", "who", "code", "what", of="th", classes=("", "l", "l", "l"))
    return _table(head, rows)


def interval(found: Section) -> str:
    """Return the win rate with its interval, and whether it is taken of few."""
    if not found["n"]:
        return DASH
    marked = LOW if found["low_n"] else ""
    return f"{share(found['win_rate'])} <span class=\"soft\">{bounds(found)}</span>{marked}"


def bounds(found: Section) -> str:
    """Return the interval of a win rate that there is."""
    return f"{number(found['win_rate_low'] * 100, 1)}{DASH}{share(found['win_rate_high'])}"


def _group(group: Section) -> str:
    told = cells(
        named(group["value"]), f"{group['n']:,}", interval(group),
        number(group["profit_factor"]), number(group["mae_ticks"], 1),
        number(group["mfe_ticks"], 1), money(group["expectancy"], sign=True),
        money(group["net"], sign=True),
        classes=("", "", "", "", "soft", "soft", tone(group["expectancy"]), tone(group["net"])),
    )  # fmt: skip
    return f"<tr>{told}</tr>"


def _row(name: str, pair: Sequence[Section], tell: Callable[[Section], str]) -> str:
    return f"<tr>{cells(name, *(tell(found) for found in pair))}</tr>"


def _table(head: str, rows: Sequence[str], foot: str = "") -> str:
    ending = f"<tfoot><tr>{foot}</tr></tfoot>" if foot else ""
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody>{ending}</table></div>"
    )


def _fall(fall: Section) -> str:
    return f"{money(fall['amount'])} <span class=\"soft\">{share(fall['share'], 2)}</span>"


def _of_days(name: str) -> Callable[[Section], str]:
    """Return what tells a ratio of days; one of too few days is withheld, and says so."""

    def tell(found: Section) -> str:
        days = found["days"]
        return f"{DASH}{LOW}" if days["low_n"] else number(days[name])

    return tell


_STATISTICS: tuple[tuple[str, Callable[[Section], str]], ...] = (
    ("round trips: won, lost, even",
     lambda f: f"{f['n']:,}: {f['wins']:,}, {f['losses']:,}, {f['breakeven']:,}"),
    ("win rate", lambda f: f"{share(f['win_rate'])}{LOW if f['low_n'] else ''}"),
    ("its 95\u202f% interval", lambda f: bounds(f) if f["n"] else DASH),
    ("win rate at which it comes to nothing", lambda f: share(f["breakeven_rate"])),
    ("net", lambda f: money(f["net"], sign=True)),
    ("commission", lambda f: money(f["commission"])),
    ("profit factor", lambda f: number(f["profit_factor"])),
    ("expectancy", lambda f: money(f["expectancy"], sign=True)),
    ("expectancy, R", lambda f: number(f["expectancy_r"], 3, sign=True)),
    ("average win", lambda f: money(f["average_win"], sign=True)),
    ("average loss", lambda f: money(f["average_loss"])),
    ("payoff", lambda f: number(f["payoff"])),
    ("drawdown, closed", lambda f: _fall(f["drawdown"])),
    ("drawdown, marked by bars", lambda f: _fall(f["drawdown_marked"])),
    ("recovery factor", lambda f: number(f["recovery_factor"])),
    ("most in a row: won, lost", lambda f: f"{f['wins_in_a_row']}, {f['losses_in_a_row']}"),
    ("days: won, lost, flat",
     lambda f: "{winning:,}, {losing:,}, {flat:,}".format(**f["days"])),
    ("Sharpe, of days", _of_days("sharpe")),
    ("Sortino, of days", _of_days("sortino")),
    ("Calmar", _of_days("calmar")),
    ("held, mean", lambda f: span(f["activity"]["held_s"])),
    ("in the market, of regular hours", lambda f: share(f["activity"]["exposure_of_rth"])),
    ("MAE, ticks, mean", lambda f: number(f["activity"]["mae_ticks"], 1)),
    ("MFE, ticks, mean", lambda f: number(f["activity"]["mfe_ticks"], 1)),
    ("efficiency of winners", lambda f: number(f["activity"]["efficiency"])),
    ("slippage, ticks: entry, stop",
     lambda f: f"{number(f['activity']['slippage_ticks'])},"
               f" {number(f['activity']['stop_slippage_ticks'])}"),
)  # fmt: skip
