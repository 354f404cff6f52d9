"""The recap as one page (domain 8.7): drawn from the document alone, in one file.

It needs no network and no script: drawings are inline, what hovers is a title and stands in a
table or in the document. Every text is escaped where it comes in.
"""

from typing import Any

from ops.recap.charts import day_chart
from ops.recap.style import STYLE
from ops.recap.tables import (
    breakdown_table,
    errors_table,
    heat_table,
    interval,
    statistics_table,
    study_table,
    trips_table,
)
from ops.recap.timeline import absences, gaps
from ops.recap.words import (
    DASH,
    clock,
    counted,
    day,
    money,
    named,
    number,
    share,
    span,
    text,
    tone,
)

Section = dict[str, Any]
MARK = (
    '<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M3 16V9M8 16V4M13 16v-5M18 16V7"/></svg>'
)
STATUS = {
    "COMPLETED": "\u2713 COMPLETED", "HALTED": "\u25a0 HALTED", "NO_SESSION": "\u25cb NO SESSION",
}  # fmt: skip
INFERRED_SHARE_MAX = 0.20  # Domain 1.2: above it the quality is low.


def page(document: Section) -> str:
    """Return the whole page of a document."""
    title = f"Recap {document['trading_date']}"
    held = document["session"]["status"] != "NO_SESSION"
    body = _held(document) if held else _nothing(document)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(title)}</title><style>{STYLE}</style></head>\n<body>"
        f"{_header(document)}<main>{body}</main>{_footer(document)}</body></html>\n"
    )


def _held(document: Section) -> str:
    """Return the parts of a date that was traded or could have been."""
    analytics, trips = document["analytics"], document["trades"]
    chart = f'<div class="scroll">{day_chart(document)}</div>'
    series = f"bars of {text(document['session']['series'])}, times in New York"
    told = "<p>No round trip was closed on this date.</p>"
    if trips:
        told = trips_table(trips, document["session"]["tick_size"])
    study = [one for one in analytics["signals"] if not one["low_n"]]
    few = [one for one in analytics["signals"] if one["low_n"]]
    return "".join((
        _hero(document),
        _notes(document),
        _panel("The day", chart, series),
        _panel("Round trips", told, "excursions in ticks, money in dollars", long=True),
        _panel("From signal to round trip", _funnel(document), "widths by the square root"),
        _panel("Signals by pattern and regime", heat_table(document["signals"]),
               "raised, \u2713 approved by the router", long=True),
        '<div class="pair">',
        _panel("Statistics", statistics_table(analytics), _fills(analytics)),
        _panel("Round trips so far, by what they share", breakdown_table(analytics["breakdowns"])),
        "</div>",
        _panel("What the market did after a signal", _study(study, few),
               "mean move in ticks in the signal's direction, traded or not", long=True),
        _panel("Restarts and gaps", _restarts(document)),
        _panel("Errors", _errors(document), f"{document['summary']['errors']:,}", long=True),
    ))  # fmt: skip


def _nothing(document: Section) -> str:
    words = f"No bar belongs to {day(document['trading_date'])}: the market was closed, the floor"
    words += " did not run, or its books are elsewhere."
    return (
        f'<div class="hero"><div class="net soft">No session<small>{words}</small></div></div>'
        + _panel("Restarts and gaps", _restarts(document))
        + _panel("Errors", _errors(document), f"{document['summary']['errors']:,}")
    )


def _header(document: Section) -> str:
    session = document["session"]
    badges = [f'<span class="badge plain">{text(session["mode"].upper())}</span>'] if (
        session["mode"]) else []
    badges += ['<span class="badge plain">REPLAY</span>'] if session["replayed"] else []
    badges += ['<span class="badge">SIMULATED</span>'] if session["simulated"] else []
    what = text(session["contract"] or session["symbol"])
    status = f'<span class="status {text(session["status"])}">{STATUS[session["status"]]}</span>'
    return (
        f'<header><span class="mark">{MARK}Floorwatch</span>'
        f"<h1>{day(document['trading_date'])}<small>{what}</small></h1>{''.join(badges)}{status}"
        "</header>"
    )


def _hero(document: Section) -> str:
    session, summary = document["session"], document["summary"]
    found = document["analytics"]["day"]
    net = summary["net"]
    fall = found["drawdown"]
    facts = (
        ("Balance", money(session["end_balance"]), f"from {money(session['start_balance'])}"),
        ("Round trips", f"{summary['trades']:,}",
         f"{summary['wins']} won, {summary['losses']} lost, {summary['breakeven']} even"),
        ("Win rate", interval(found), ""),
        ("Profit factor", number(found["profit_factor"]),
         f"expectancy {money(found['expectancy'], sign=True)}"),
        ("Drawdown", money(fall["amount"]), f"{share(fall['share'], 2)} of its peak"),
        ("Tier", named(session["tier"]), ""),
    )  # fmt: skip
    told = "".join(
        f"<div><dt>{name}</dt><dd>{value}<small>{more}</small></dd></div>"
        for name, value, more in facts
        if value != DASH
    )
    fees = f"net, dollars, after {money(summary['commission'])} of commission"
    return (
        f'<div class="hero"><div class="net {tone(net)}">{money(net, sign=True)}'
        f'<small>{fees}</small></div><dl class="facts">{told}</dl></div>'
    )


def _notes(document: Section) -> str:
    """Return what must be known before any number above is believed."""
    session = document["session"]
    notes = []
    if session["halt_reason"] is not None:
        notes.append(("halted", f"<b>Halted:</b> {text(session['halt_reason'])}"))
    notes.append(("", _model(session["fills"], session["mode"])))
    if session["simulated"]:
        notes.append(("loud", "<b>Simulated:</b> trades of these bars were never traded; signals"
                              " from them are synthetic, and no claim rests on them."))
    if (session["inferred_share"] or 0) > INFERRED_SHARE_MAX:
        notes.append(("loud", f"<b>Quality low:</b> the side of"
                              f" {share(session['inferred_share'], 0)} of the volume was inferred"
                              " or is unknown; delta and what is built on it are guesses."))
    if document["bars"] and not session["whole"]:
        ended, close = document["bars"][-1]["end"], session["hours"]["rth_close"]
        notes.append(("loud", f"<b>Not the whole day:</b> the bars end at {clock(ended)}, the"
                              f" regular session at {clock(close)}."))
    if session["open_positions"]:
        held = counted(session["open_positions"], "position")
        notes.append(("loud", f"<b>Still held:</b> {held} when the books end; not in the result"
                              " above."))
    return "".join(f'<p class="note {kind}">{words}</p>' for kind, words in notes)


def _model(fills: Section, mode: str | None) -> str:
    if mode == "live":
        return "<b>Fills</b> are the venue's own executions."
    return (
        f"<b>Fill model {text(fills['model'])}:</b> no order reached a market. The paper exchange"
        f" fills on the trades of the tape, {fills['latency_ms']} ms after a decision at the"
        f" earliest; market orders slip {counted(fills['slippage_ticks'], 'tick')}, stops"
        f" {fills['stop_slippage_ticks']}, targets fill when price trades"
        f" {text(fills['target_fill'])} them. Commission is in every result."
    )


def _fills(analytics: Section) -> str:
    return f"net of commission, fill model {text(analytics['fill_model'])}"


def _funnel(document: Section) -> str:
    """Return how many signals came how far; by the root, or the last steps could not be seen."""
    summary = document["summary"]
    entered = sum(order["kind"] == "bracket" for order in document["orders"])
    steps = (
        ("raised", summary["signals"]), ("approved by the router", summary["approved"]),
        ("denied by risk", summary["denied"]), ("brackets sent", entered),
        ("round trips", summary["trades"]),
    )  # fmt: skip
    most = max(count for _, count in steps) or 1
    rows = (
        f'<span>{name}</span><i style="width:{100 * (count / most) ** 0.5:.1f}%"></i>'
        f"<b>{count:,}</b>"
        for name, count in steps
    )
    return f'<div class="funnel">{"".join(rows)}</div>'


def _study(study: list[Section], few: list[Section]) -> str:
    told = study_table(study) if study else "<p>No pattern was seen often enough in a regime.</p>"
    if few:
        told += f"<details><summary>{len(few):,} more, seen too rarely to say much</summary>"
        told += study_table(few) + "</details>"
    return told


def _restarts(document: Section) -> str:
    restarts, summary = document["restarts"], document["summary"]
    if not (restarts["events"] or restarts["away"] or restarts["gaps"]):
        return "<p>No restart, no gap.</p>"
    words = f"{counted(summary['restarts'], 'restart')}, away {span(summary['downtime_s'])} in all"
    if restarts["clock"] == "machine":
        words += "; a tape was replayed, so these are times of the machine, not of the market"
    parts = [f"<p>{words}.</p>"]
    parts += [f'<div class="scroll">{drawn}</div>' for drawn in (
        absences(restarts), gaps(restarts)) if drawn]
    for gap in restarts["gaps"]:
        until = clock(gap["to"]) if gap["to"] else "not ended"
        parts.append(f"<p>{text(gap['kind'])} {text(gap['what'])}: {clock(gap['from'])} to {until},"
                     f" {text(gap['reason'])}</p>")
    for one in restarts["events"]:
        parts.append(f"<p>{clock(one['ts'])} {text(one['source'])}: {text(one['text'])}</p>")
    return "".join(parts)


def _errors(document: Section) -> str:
    errors = document["errors"]
    return errors_table(errors) if errors else "<p>None.</p>"


def _panel(title: str, body: str, more: str = "", *, long: bool = False) -> str:
    small = f"<small>{more}</small>" if more else ""
    kind = "panel long" if long else "panel"
    return f'<section class="{kind}"><h2>{title}{small}</h2>{body}</section>'


def _footer(document: Section) -> str:
    made = document["generated_at"][:19].replace("T", " ")
    return (
        f"<footer>Made {text(made)} New York on {text(document['server'])}, schema"
        f" {document['schema']}; the same as JSON: {text(document['trading_date'])}_recap.json"
        "</footer>"
    )
