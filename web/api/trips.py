"""Round trips from the books, joined with the signal they came from; tables and figures of them.

A trip that is corrected has its last figures; one that a correction opens again is none any more.
What the books do not tell is null: how far the market went meanwhile stands in the day's recap,
where there is one.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from protocol.orders import BracketApproved, PositionChanged, PositionClosed, PositionOpened
from protocol.patterns import Direction
from protocol.signals import PPM, SignalApproved
from protocol.units import NANOS_PER_S
from web.api.books import Books
from web.api.csv_text import csv_of
from web.api.endpoint import Answer, Call
from web.api.excursions import Far
from web.api.prices import ms, plain, price, symbol_of
from web.api.problems import Problem

if TYPE_CHECKING:  # Loaded by who asks for statistics, and by nobody before.
    from actors.core.analytics.breakdown import Group
    from actors.core.analytics.outcome import Outcome
    from actors.core.analytics.results import Results

UNKNOWN = Far(None, None)
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
    far = _far(call, page)
    rows = [trade_row(trip, far.get(trip.closed.bracket_id, UNKNOWN)) for trip in page]
    if call.csv:
        return Answer(text=csv_of(rows), media="text/csv")
    return Answer({"rows": rows, "next": follows})


def statistics(call: Call) -> Answer:
    """What round trips came to, in all and by a dimension (domain 9)."""
    from actors.core.analytics.breakdown import breakdown, results
    from actors.core.analytics.equity import drawdown_of, equity_of

    chosen, by = _chosen(call), DIMENSIONS[call.values["by"]]
    far = _far(call, chosen)
    outcomes = [_outcome(trip, far.get(trip.closed.bracket_id, UNKNOWN)) for trip in chosen]
    fall = drawdown_of(equity_of(_start_cents(call), [o.net_cents for o in outcomes]))
    measured = [outcome for outcome in outcomes if outcome.mae_ticks is not None]
    known = {group.value: group.results for group in breakdown(measured, by)}
    return Answer({
        "by": call.values["by"],
        "total": _result_row(_all(outcomes), results(measured)),
        "drawdown_cents": fall.cents,
        "drawdown_share": fall.share,
        "rows": [
            _result_row(group, known.get(group.value, results([])))
            for group in breakdown(outcomes, by)
        ],
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


def trade_row(trip: Trip, far: Far) -> dict[str, Any]:
    """Return a round trip for a table."""
    closed, bracket, signal = trip.closed, trip.bracket, trip.signal
    quantity = max(1, closed.quantity)
    entry, left = closed.entry_sum / quantity, closed.exit_sum / quantity
    risk_cents = None if bracket is None else bracket.risk_cents
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
        "mae_ticks": None if far.against is None else plain(far.against),
        "mfe_ticks": None if far.in_favour is None else plain(far.in_favour),
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


def _far(call: Call, trips: Sequence[Trip]) -> dict[str, Far]:
    """Return how far the market went in trips, by bracket, where a recap tells it."""
    return call.house.excursions.of(trip.closed.ts_ns for trip in trips)


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


def _outcome(trip: Trip, far: Far) -> "Outcome":
    from actors.core.analytics.outcome import Outcome

    closed, signal = trip.closed, trip.signal
    risk_cents = 0 if trip.bracket is None else trip.bracket.risk_cents
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
        mae_ticks=far.against,
        mfe_ticks=far.in_favour,
        slippage_ticks=None,
        stop_slippage_ticks=None,
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


def _all(outcomes: "Sequence[Outcome]") -> "Group":
    from actors.core.analytics.breakdown import Group, mean, results

    against = mean([outcome.mae_ticks for outcome in outcomes])
    return Group("all", results(outcomes), against, mean([o.mfe_ticks for o in outcomes]))


def _result_row(group: "Group", measured: "Results") -> dict[str, Any]:
    """Return a row of a group; `measured` counts the trips that its excursions are means of."""
    told = asdict(group.results)
    del told["breakeven_rate"]
    return {
        "value": group.value,
        **told,
        "mae_ticks": group.mae_ticks,
        "mfe_ticks": group.mfe_ticks,
        "excursions_n": measured.n,
        "excursions_low_n": measured.low_n,
    }
