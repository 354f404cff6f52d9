"""Round trips from the books, joined with the signal they came from; tables and figures of them.

A trip that is corrected has its last figures; one that a correction opens again is none any more.
What the books do not tell is null: how far the market went meanwhile stands in the day's recap,
where there is one.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from protocol.orders import BracketApproved, PositionChanged, PositionClosed, PositionOpened
from protocol.patterns import Direction
from protocol.signals import PPM, SignalApproved
from protocol.units import NANOS_PER_S
from web.api.books import Books
from web.api.csv_text import csv_of
from web.api.endpoint import Answer, Call
from web.api.prices import ms, plain, price, symbol_of
from web.api.problems import Problem
from web.records import trading_date

RECAPS_READ_MAX = 10  # For one page.
RECAP_BYTES_MAX = 16 * 1024 * 1024
ORDERS: dict[str, Callable[["Trip"], Any]] = {
    "closed": lambda trip: trip.closed.ts_ns,
    "opened": lambda trip: trip.closed.opened_ns,
    "pnl": lambda trip: trip.closed.pnl_cents,
    "quantity": lambda trip: trip.closed.quantity,
    "pattern": lambda trip: trip.pattern,
    "regime": lambda trip: trip.regime,
    "reason": lambda trip: str(trip.closed.reason),
    "held": lambda trip: trip.closed.ts_ns - trip.closed.opened_ns,
}
SORTS = tuple(sign + name for name in ORDERS for sign in ("-", ""))
DIMENSIONS = {
    "pattern": "pattern", "regime": "regime", "hour": "hour_et", "weekday": "weekday",
    "direction": "direction", "reason": "exit_reason", "symbol": "symbol", "session": "session",
    "family": "family", "month": "month", "size": "size",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trip:
    """A round trip and what it came from."""

    closed: PositionClosed
    bracket: BracketApproved | None
    signal: SignalApproved | None

    @property
    def pattern(self) -> str:
        """The pattern, "" where it is not known."""
        return "" if self.signal is None else str(self.signal.pattern)

    @property
    def regime(self) -> str:
        """The regime at the entry, "" where it is not known."""
        return "" if self.signal is None else str(self.signal.regime)

    @property
    def ticks(self) -> float:
        """What was won, in ticks of the average entry and exit; 0 where all was taken back."""
        sign = -1 if self.closed.direction is Direction.SHORT else 1
        quantity = max(1, self.closed.quantity)
        return sign * (self.closed.exit_sum - self.closed.entry_sum) / quantity


def trades(call: Call) -> Answer:
    """Round trips that fit a filter, sorted, as JSON or CSV."""
    chosen = _chosen(call)
    sort: str = call.values["sort"]
    chosen.sort(key=lambda trip: trip.closed.bracket_id)
    chosen.sort(key=ORDERS[sort.removeprefix("-")], reverse=sort.startswith("-"))
    page, follows = _page(chosen, call.values["cursor"], call.values["limit"])
    excursions = _excursions(call.house.run_dir, page)
    rows = [trade_row(trip, excursions.get(trip.closed.bracket_id)) for trip in page]
    if call.csv:
        return Answer(text=csv_of(rows), media="text/csv")
    return Answer({"rows": rows, "next": follows})


def statistics(call: Call) -> Answer:
    """What round trips came to, in all and by a dimension (domain 9)."""
    from actors.core.analytics.breakdown import breakdown, results
    from actors.core.analytics.equity import drawdown_of, equity_of

    chosen = _chosen(call)
    outcomes = [_outcome(trip) for trip in chosen]
    fall = drawdown_of(equity_of(_start_cents(call), [o.net_cents for o in outcomes]))
    groups = breakdown(outcomes, DIMENSIONS[call.values["by"]])
    return Answer({
        "by": call.values["by"],
        "total": _result_row("all", results(outcomes), None, None),
        "drawdown_cents": fall.cents,
        "drawdown_share": fall.share,
        "rows": [_result_row(g.value, g.results, g.mae_ticks, g.mfe_ticks) for g in groups],
        "next": None,
    })


def equity(call: Call) -> Answer:
    """The balance after every round trip, and how far it is below its highest."""
    start_cents = balance = peak = _start_cents(call)
    rows = []
    for trip in _chosen(call):
        balance += trip.closed.pnl_cents
        peak = max(peak, balance)
        rows.append({
            "at_ms": ms(trip.closed.ts_ns),
            "id": trip.closed.bracket_id,
            "pnl_cents": trip.closed.pnl_cents,
            "balance_cents": balance,
            "drawdown_cents": peak - balance,
        })
    cursor, limit = call.values["cursor"], call.values["limit"]
    first = 0 if cursor is None else _behind(rows, cursor, lambda row: row["id"])
    page = rows[first:first + limit]
    follows = page[-1]["id"] if first + limit < len(rows) else None
    return Answer({"start_cents": start_cents, "rows": page, "next": follows})


def trips_of(books: Books) -> list[Trip]:
    """Return the round trips that the books know, in the order in which they were closed."""
    closed: dict[str, PositionClosed] = {}
    held = [PositionOpened, PositionChanged, PositionClosed]
    # Of more than can be read at once the oldest are left out, not the newest.
    for entry in reversed(list(books.rows("desk", held, newest_first=True))):
        match entry.message:
            case PositionClosed() as trip:
                closed[trip.bracket_id] = trip
            case PositionOpened(bracket_id=id) | PositionChanged(bracket_id=id):
                closed.pop(id, None)
    brackets = {
        entry.message.bracket_id: entry.message
        for entry in books.rows("risk", [BracketApproved], newest_first=True)
        if isinstance(entry.message, BracketApproved)
    }
    signals = {
        entry.message.signal_id: entry.message
        for entry in books.rows("router", [SignalApproved], newest_first=True)
        if isinstance(entry.message, SignalApproved)
    }
    trips = []
    for id, trip in closed.items():
        bracket = brackets.get(id)
        signal = None if bracket is None else signals.get(bracket.signal_id)
        trips.append(Trip(trip, bracket, signal))
    return sorted(trips, key=lambda trip: trip.closed.ts_ns)


def trade_row(trip: Trip, far: tuple[float | None, float | None] | None) -> dict[str, Any]:
    """Return a round trip for a table."""
    closed, bracket, signal = trip.closed, trip.bracket, trip.signal
    quantity = max(1, closed.quantity)
    entry, left = closed.entry_sum / quantity, closed.exit_sum / quantity
    risk_cents = None if bracket is None else bracket.risk_cents
    mae, mfe = far or (None, None)
    return {
        "id": closed.bracket_id,
        "signal_id": None if bracket is None else bracket.signal_id,
        "contract": closed.contract,
        "symbol": symbol_of(closed.contract),
        "direction": str(closed.direction),
        "quantity": closed.quantity,
        "opened_ms": ms(closed.opened_ns),
        "closed_ms": ms(closed.ts_ns),
        "entry": price(entry, closed.contract),
        "entry_ticks": plain(entry),
        "exit": price(left, closed.contract),
        "exit_ticks": plain(left),
        "ticks": plain(trip.ticks),
        "reason": str(closed.reason),
        "pnl_cents": closed.pnl_cents,
        "gross_cents": closed.pnl_cents + closed.commission_cents,
        "commission_cents": closed.commission_cents,
        "risk_cents": risk_cents,
        "r": round(closed.pnl_cents / risk_cents, 4) if risk_cents else None,
        "mae_ticks": None if mae is None else plain(mae),
        "mfe_ticks": None if mfe is None else plain(mfe),
        "pattern": trip.pattern or None,
        "regime": trip.regime or None,
        "strength": None if signal is None else signal.strength_ppm / PPM,
        "held_s": max(0, closed.ts_ns - closed.opened_ns) / NANOS_PER_S,
    }


def _chosen(call: Call) -> list[Trip]:
    """Return the trips that the filter of a call lets through."""
    with call.house.books() as books:
        trips = trips_of(books)
    wanted = call.values
    return [
        trip
        for trip in trips
        if wanted["from_ms"] is None or ms(trip.closed.ts_ns) >= wanted["from_ms"]
        if wanted["to_ms"] is None or ms(trip.closed.ts_ns) <= wanted["to_ms"]
        if wanted["pattern"] in (None, trip.pattern)
        if wanted["regime"] in (None, trip.regime)
        if wanted["reason"] in (None, str(trip.closed.reason))
    ]


def _page(trips: Sequence[Trip], cursor: str | None, limit: int) -> tuple[list[Trip], str | None]:
    first = 0
    if cursor is not None:
        first = _behind(trips, cursor, lambda trip: trip.closed.bracket_id)
    page = list(trips[first:first + limit])
    return page, page[-1].closed.bracket_id if first + limit < len(trips) else None


def _behind(rows: Sequence[Any], cursor: str, id_of: Callable[[Any], str]) -> int:
    for index, row in enumerate(rows):
        if id_of(row) == cursor:
            return index + 1
    raise Problem(404, f"cursor: no row {cursor[:60]!r} here, wanted `next` of the page before")


def _start_cents(call: Call) -> int:
    return round(call.house.settings.paper.balance_dollars * 100)


def _outcome(trip: Trip) -> Any:
    from actors.core.analytics.outcome import Outcome

    closed, signal = trip.closed, trip.signal
    risk_cents = 0 if trip.bracket is None else trip.bracket.risk_cents
    unknown = dict.fromkeys(("mae_ticks", "mfe_ticks", "slippage_ticks", "stop_slippage_ticks"))
    return Outcome(
        opened_ns=closed.opened_ns,
        closed_ns=closed.ts_ns,
        symbol=symbol_of(closed.contract),
        direction=closed.direction,
        quantity=closed.quantity,
        net_cents=closed.pnl_cents,
        commission_cents=closed.commission_cents,
        risk_cents=risk_cents if risk_cents > 0 else None,
        ticks=trip.ticks,
        **unknown,
        reason=str(closed.reason),
        pattern=None if signal is None else signal.pattern,
        regime=trip.regime,
        condition="",
        flow="",
        tier=0,
        confluence=0,
        strength_ppm=None if signal is None else signal.strength_ppm,
        confidence_ppm=None if signal is None else signal.regime_confidence_ppm,
        synthetic=False,
    )


def _result_row(
    value: str, results: Any, mae_ticks: float | None, mfe_ticks: float | None
) -> dict[str, Any]:
    row = {name: found for name, found in asdict(results).items() if name != "breakeven_rate"}
    return {"value": value, **row, "mae_ticks": mae_ticks, "mfe_ticks": mfe_ticks}


def _excursions(
    run_dir: Path, trips: Iterable[Trip]
) -> dict[str, tuple[float | None, float | None]]:
    """Return how far the market went in each trip, by bracket id, as the recaps tell."""
    days = sorted({trading_date(trip.closed.ts_ns).isoformat() for trip in trips}, reverse=True)
    found = {}
    for day in days[:RECAPS_READ_MAX]:
        for row in recap_trades(run_dir / "data" / "recaps" / f"{day}_recap.json"):
            found[str(row["bracket_id"])] = (row["mae"], row["mfe"])
    return found


def recap_trades(path: Path) -> list[dict[str, Any]]:
    """Return the round trips of a recap; none where it is missing or not what we know."""
    try:
        if path.stat().st_size > RECAP_BYTES_MAX:
            return []
        rows = json.loads(path.read_text(encoding="utf-8"))["trades"]
        return [row for row in rows if {"bracket_id", "mae", "mfe"} <= row.keys()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
