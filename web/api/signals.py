"""Signals from the books, each with how far it came: dropped, denied, or a bracket of it.

A signal and what the router said of it carry the same instant, so the answers to a page of
signals are found by its first and last instant. Risk answers at the cut behind them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from protocol.orders import BracketApproved, BracketDenied
from protocol.signals import PPM, SignalApproved, SignalDropped, SignalRaised, TargetNoted
from protocol.units import NANOS_PER_MS, NANOS_PER_S
from web.api.books import Books
from web.api.csv_text import csv_of
from web.api.endpoint import Answer, Call
from web.api.prices import ms, price

RISK_WITHIN_NS = 120 * NANOS_PER_S
PART = 256
SCAN_MAX = 10 * PART  # Signals that one page may look at.
Fates = dict[str, dict[str, Any]]


def signals(call: Call) -> Answer:
    """Signals that fit a filter, the newest first, as JSON or CSV."""
    with call.house.books() as books:
        rows, follows = _page(call, books)
    if call.csv:
        return Answer(text=csv_of(rows), media="text/csv")
    return Answer({"rows": rows, "next": follows})


def signal_row(raised: Any, fates: Fates) -> dict[str, Any]:
    """Return a signal for a table."""
    contract = raised.contract
    row = {
        "id": raised.id,
        "at_ms": ms(raised.ts_ns),
        "contract": contract,
        "series": raised.series,
        "pattern": str(raised.pattern),
        "direction": str(raised.direction),
        "strength": raised.strength_ppm / PPM,
        "confidence": raised.confidence_ppm / PPM,
        "price": price(raised.last_price, contract),
        "ticks": raised.last_price,
        "zone_low": price(raised.zone_low, contract),
        "zone_high": price(raised.zone_high, contract),
        "actionable": raised.actionable,
        "low_quality": raised.low_quality,
        "synthetic": raised.synthetic,
        "detail": raised.detail,
    }
    unknown = {"regime": None, "regime_confidence": None, "fate": "raised", "why": "",
               "bracket_id": None}  # fmt: skip
    return row | unknown | fates.get(raised.id, {})


def _page(call: Call, books: Books) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of signals, newest first, and where the next begins.

    Whether one fits is often known only with what became of it, so they are looked at in parts.
    """
    wanted, limit = call.values, call.values["limit"]
    pattern = (wanted["pattern"] or "").encode()
    after, before = _span(wanted, books)
    rows: list[dict[str, Any]] = []
    seen = 0
    while seen < SCAN_MAX:
        part = list(books.rows(
            "detector", [SignalRaised], after=after, before=before, most=PART, newest_first=True,
            holding=pattern,
        ))  # fmt: skip
        fates = _fates(books, [entry.message for entry in part], pattern)
        for entry in part:
            if len(rows) == limit:
                return rows, str(before)
            before = entry.seq
            row = signal_row(entry.message, fates)
            if all(wanted[name] in (None, row[name]) for name in ("pattern", "regime", "fate")):
                rows.append(row)
        if len(part) < PART:
            return rows, None
        seen += len(part)
    return rows, str(before)


def _span(wanted: Mapping[str, Any], books: Books) -> tuple[int, int | None]:
    """Return the numbers between which a page lies, both left out."""
    after, before = 0, None if wanted["cursor"] is None else int(wanted["cursor"])
    if wanted["to_ms"] is not None:
        until = books.number_at("detector", SignalRaised, (wanted["to_ms"] + 1) * NANOS_PER_MS)
        before = until if before is None else min(before, until)
    if wanted["from_ms"] is not None:
        after = books.number_at("detector", SignalRaised, wanted["from_ms"] * NANOS_PER_MS) - 1
    return after, before


def _fates(books: Books, raised: Sequence[Any], pattern: bytes) -> Fates:
    """Return what became of signals, by id; `pattern` is that of all of them, if they have one."""
    if not raised:
        return {}
    first_ns, last_ns = raised[-1].ts_ns, raised[0].ts_ns
    fates: Fates = {}
    for kind, fate in ((SignalDropped, "dropped"), (TargetNoted, "target"),
                       (SignalApproved, "approved")):  # fmt: skip
        for told in books.between("router", kind, first_ns, last_ns, pattern):
            fates[told.signal_id] = _answered(told, fate)  # type: ignore[attr-defined]
    for denied in _of_risk(books, BracketDenied, first_ns, last_ns):
        of_it = fates.setdefault(denied.signal_id, {})
        of_it |= {"fate": "denied", "why": f"{denied.reason}: {denied.detail}"}
    for approved in _of_risk(books, BracketApproved, first_ns, last_ns):
        of_it = fates.setdefault(approved.signal_id, {})
        of_it |= {"fate": "bracket", "why": "", "bracket_id": approved.bracket_id}
    return fates


def _of_risk(books: Books, kind: Any, first_ns: int, last_ns: int) -> Iterable[Any]:
    return books.between("risk", kind, first_ns, last_ns + RISK_WITHIN_NS)


def _answered(told: Any, fate: str) -> dict[str, Any]:
    why = f"{told.reason}: {told.detail}" if fate == "dropped" else ""
    return {
        "regime": str(told.regime),
        "regime_confidence": told.regime_confidence_ppm / PPM,
        "fate": fate,
        "why": why,
    }
