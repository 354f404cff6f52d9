"""What has to be bought for a symbol between two instants: one piece a trading date and contract.

A root, "ES", is the front month of each trading date by the rule of the house, so that a replay
of the files takes what was bought. A continuous symbol, "ES.v.0", is what the vendor says it was
on that date, and a contract is itself. Spreads and options, which a parent symbol would bring
along, are none of ours.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from actors.adapters.history.port import History, HistoryError, Piece, Spans
from actors.core.session.calendar import SATURDAY, TradingDay, day_of, trading_day
from protocol.instruments import (
    INSTRUMENTS,
    UnknownSymbol,
    front_month,
    instrument,
    parse_contract,
)

DAYS_MAX = 400  # Of one order: a slip of the pen must not ask for a decade.


def pieces_of(
    history: History, dataset: str, schema: str, symbol: str, start_ns: int, end_ns: int
) -> list[Piece]:
    """Return the pieces of `symbol` from an instant up to another, resolved and in order."""
    days = list(_days(start_ns, end_ns))
    names = _contracts(history, dataset, symbol, [day.date for day in days])
    for name in dict.fromkeys(names):
        _check(history, dataset, name, days)
    return [
        Piece(
            dataset=dataset,
            schema=schema,
            contract=name,
            start_ns=max(day.start_ns, start_ns),
            end_ns=min(day.end_ns, end_ns),
        )
        for day, name in zip(days, names, strict=True)
    ]


def _days(start_ns: int, end_ns: int) -> Iterator[TradingDay]:
    if start_ns >= end_ns:
        raise HistoryError(f"from {start_ns} to {end_ns} ns, wanted the end behind the start")
    day = trading_day(start_ns)
    for _ in range(DAYS_MAX):
        if day.start_ns >= end_ns:
            return
        yield day
        day = trading_day(day.end_ns)
    raise HistoryError(f"more than {DAYS_MAX} trading dates at once; ask for less")


def _contracts(history: History, dataset: str, symbol: str, days: list[date]) -> list[str]:
    """Return the contract that a symbol means on each trading date."""
    root, dot, rule = symbol.partition(".")
    try:
        if symbol in INSTRUMENTS:
            return [front_month(symbol, day) for day in days]
        if not dot:
            parse_contract(symbol, days[0])
            return [symbol] * len(days)
        instrument(root)
    except UnknownSymbol as error:
        raise HistoryError(str(error)) from None
    if rule not in ("c.0", "v.0", "n.0"):
        raise HistoryError(f"found {symbol}, wanted a continuous symbol like {root}.v.0")
    spans = history.contracts(dataset, symbol, *_bounds(days))
    return [_on(spans, day, symbol) for day in days]


def _check(history: History, dataset: str, name: str, days: list[TradingDay]) -> None:
    first, end = _bounds([day.date for day in days])
    if not history.contracts(dataset, name, first, end):
        raise HistoryError(f"{name} was not traded in {dataset} from {first} to {end}")


def _bounds(days: list[date]) -> tuple[str, str]:
    """Return the UTC days of trading dates: the first begins on the calendar day before it."""
    first = day_of(days[0]).date - timedelta(days=1)
    while first.weekday() >= SATURDAY:
        first -= timedelta(days=1)
    return first.isoformat(), (days[-1] + timedelta(days=1)).isoformat()


def _on(spans: Spans, day: date, symbol: str) -> str:
    """Return what a symbol means on the day that gives a trading date its name."""
    for first, end, name in spans:
        if first <= day.isoformat() < end:
            return name
    raise HistoryError(f"{symbol} means no contract on {day}")
