"""A small day in the books: two bars, three signals of which one was traded, all told."""

import dataclasses
from datetime import date
from typing import Any

from actors.adapters.books import STREAMS, Books, MemoryBooks
from actors.books import SETTLING
from actors.core.orders.excursions import Extremes
from ops.recap.document import Surroundings, document
from ops.recap.told import Told, told_of
from protocol.account import BalanceReported
from protocol.market import Cut, CutReason, Settled
from protocol.message import Message
from protocol.orders import BracketDenied, DenyReason, EntryKind, Leg
from protocol.patterns import Direction, Pattern
from protocol.reports import OrderAccepted, OrderFilled
from protocol.settings import PaperSettings
from protocol.signals import DropReason, Regime, SignalDropped
from protocol.units import Nanos
from tests.makers import (
    CONTRACT,
    at,
    make_approved,
    make_bar,
    make_bracket,
    make_closed,
    make_opened,
    make_regime,
    make_signal,
    make_submitted,
)

DAY = "2025-12-02"
SERIES = "time:300"
NOW_NS = at("17:01")


def make_dropped(**fields: Any) -> SignalDropped:
    """Return a signal that the router dropped."""
    values: dict[str, Any] = {
        "signal_id": "signal-2", "contract": CONTRACT, "ts_ns": at("10:05"),
        "pattern": Pattern.BUY_IMBALANCE, "direction": Direction.LONG,
        "regime": Regime.VOLATILE, "regime_confidence_ppm": 800_000,
        "reason": DropReason.LOW_STRENGTH, "detail": "0.30 of 0.50",
    }  # fmt: skip
    return SignalDropped(**(values | fields))


def make_denied(**fields: Any) -> BracketDenied:
    """Return a signal that risk denied."""
    values: dict[str, Any] = {
        "signal_id": "signal-3", "contract": CONTRACT, "ts_ns": at("10:05"),
        "direction": Direction.LONG, "reason": DenyReason.POSITION_OPEN, "detail": "1 of 1",
    }  # fmt: skip
    return BracketDenied(**(values | fields))


def make_balance(**fields: Any) -> BalanceReported:
    """Return the balance at the start of a day."""
    values: dict[str, Any] = {"ts_ns": at("09:35"), "balance_cents": 250_000, "day_pnl_cents": 0}
    return BalanceReported(**(values | fields))


def make_filled(**fields: Any) -> OrderFilled:
    """Return the fill of an entry."""
    values: dict[str, Any] = {
        "exec_id": "exec-1", "corrects": "", "client_id": "client-1", "contract": CONTRACT,
        "ts_ns": at("10:05:01"), "leg": Leg.ENTRY, "direction": Direction.LONG, "quantity": 1,
        "left": 0, "price": 20_000, "commission_cents": 225, "stop_price": 19_984,
        "target_price": 20_024,
    }  # fmt: skip
    return OrderFilled(**(values | fields))


def make_accepted(**fields: Any) -> OrderAccepted:
    """Return that the broker took a bracket."""
    values: dict[str, Any] = {
        "client_id": "client-1", "contract": CONTRACT, "ts_ns": at("10:05"), "leg": Leg.ENTRY,
        "direction": Direction.LONG, "quantity": 1, "entry": EntryKind.MARKET,
        "limit_price": None, "expires_ns": None, "stop_ticks": 16, "target_ticks": 24,
        "breakeven_ticks": 0, "breakeven_offset_ticks": 0, "trail_start_ticks": 0,
        "trail_ticks": 0, "active_ns": at("10:05"), "reason": None,
    }  # fmt: skip
    return OrderAccepted(**(values | fields))


def streams() -> dict[str, list[Message]]:
    """Return what the books keep of the small day, by stream."""
    later = make_bar(start_ns=at("10:20"), end_ns=at("10:25"), low=20_022)
    return {
        "bars": [make_bar(), later],
        "detector": [
            make_signal(), make_signal(id="signal-2", pattern=Pattern.BUY_IMBALANCE),
            make_signal(id="signal-3", pattern=Pattern.BUYING_ABSORPTION),
        ],
        "regime": [make_regime()],
        "router": [
            make_approved(), make_dropped(),
            make_approved(signal_id="signal-3", pattern=Pattern.BUYING_ABSORPTION),
        ],
        "risk": [make_balance(), make_bracket(), make_denied()],
        "desk": [make_submitted(), make_opened(), make_closed()],
        "broker": [
            make_accepted(), make_filled(),
            make_filled(
                exec_id="exec-2", ts_ns=at("10:20"), leg=Leg.TARGET, price=20_024,
                stop_price=None, target_price=None,
            ),
        ],
    }  # fmt: skip


def books_of(told: dict[str, list[Message]]) -> Books:
    """Return books that hold these messages."""
    books = MemoryBooks()
    keep(books, told)
    return books


def keep(books: Books, told: dict[str, list[Message]]) -> None:
    """Write messages into books."""
    for stream, messages in told.items():
        for seq, message in enumerate(messages, 1):
            books.add(stream, seq, message)
    books.commit()


def settle(books: Books, end_ns: int) -> None:
    """Note in books that every stream has come to the end of a day."""
    after = books.positions()
    for stream in STREAMS:
        seq = after.get(stream, 0) + 1
        books.add(stream, seq, Cut(number=1, ts_ns=Nanos(end_ns), reason=CutReason.SESSION))
        if stream in SETTLING:
            books.add(stream, seq + 1, Settled(number=1))
    books.commit()


def with_more(**more: list[Message]) -> dict[str, list[Message]]:
    """Return the small day with more messages at the end of some streams."""
    told = streams()
    for stream, messages in more.items():
        told[stream] = [*told.get(stream, []), *messages]
    return told


def told(messages: dict[str, list[Message]] | None = None, day: str = DAY) -> Told:
    """Return what books of these messages tell of a day."""
    books = books_of(streams() if messages is None else messages)
    return told_of(books, date.fromisoformat(day), SERIES)


def around(**fields: Any) -> Surroundings:
    """Return the surroundings of a day in December on a paper broker."""
    usual = Surroundings(
        now_ns=NOW_NS, server="floor-1", mode="paper", replayed=False, paper=PaperSettings(),
        symbol="ES", far={"bracket-1": Extremes(19_991, 20_025)},
    )  # fmt: skip
    return dataclasses.replace(usual, **fields)


def written(messages: dict[str, list[Message]] | None = None, **fields: Any) -> dict[str, Any]:
    """Return the document of a day."""
    return document(told(messages), around(**fields))
