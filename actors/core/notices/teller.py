"""From the floor's messages to the notices they bring, and the little that must be known for it.

A connection is told as restored only after it was told as lost. Everything known is plain values:
it is kept in a file beside how far the streams were read, so that a restart neither counts nor
tells anything twice.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from actors.core.notices import account, digest, hours, links, trades
from actors.core.notices.digest import Day, add_trip, day_of
from actors.core.notices.floor import floor_resumed, floor_started
from actors.core.notices.notice import Notice
from actors.core.notices.words import dollars
from actors.core.session.calendar import (
    NANOS_PER_MINUTE,
    Schedule,
    rth_close_ns,
    trading_date,
    trading_day,
)
from actors.core.session.calendar import (
    day_of as trading_hours,
)
from protocol.account import (
    BalanceReported,
    LimitsChanged,
    MarginRestored,
    MarginShort,
    StillExposed,
    TierChanged,
    TradingHalted,
    TradingResumed,
)
from protocol.day import ActionTaken, ChoreEnded, ChoreResult, DayAction, PreflightJudged
from protocol.fence import FenceClosed, FenceOpened
from protocol.market import Cut, FeedLost, FeedRestored
from protocol.message import Message
from protocol.orders import PositionClosed, PositionOpened
from protocol.reports import LinkChanged
from protocol.signals import RegimeJudged

# What `notices_of` looks into; everything else need not even be decoded for it.
TOLD: frozenset[type[Message]] = frozenset(
    {
        Cut, RegimeJudged, BalanceReported, PositionOpened, PositionClosed, TradingHalted,
        TradingResumed, LimitsChanged, FeedLost, FeedRestored, LinkChanged, FenceClosed,
        FenceOpened, TierChanged, MarginShort, MarginRestored, StillExposed, ActionTaken,
        PreflightJudged, ChoreEnded,
    }
)  # fmt: skip
DAYS_MAX = 8
TELLING = ("regime", "risk", "desk")  # Whose streams a day is told by.
GRACE_NS = NANOS_PER_MINUTE  # After it a digest waits for no stream any more.


@dataclass(slots=True)
class Known:
    """What the teller keeps; plain values but for the days."""

    balance_cents: int = 0
    days: dict[str, Day] = field(default_factory=dict)
    reached: dict[str, int] = field(default_factory=dict)  # The last cut's instant, by stream.
    digested: str = ""  # The last date that was told.
    feed_lost: bool = False
    feed_why: str = ""  # It is lost, as was told last.
    link_lost: bool = False
    open: list[str] = field(default_factory=list)  # Brackets that hold something.


def notices_of(
    known: Known, source: str, message: Message, now_ns: int, schedule: Schedule
) -> list[Notice]:
    """Take a message of a stream in and return what is to be told of it; `now_ns` is UTC."""
    match message:
        case Cut():
            known.reached[source] = max(message.ts_ns, known.reached.get(source, 0))
            return _digests(known, schedule) if source in TELLING else []
        case RegimeJudged():
            day = _day(known, message.ts_ns - 1)  # Judged at the end of its bar.
            day.bars += 1
            regime = str(message.regime)
            day.regimes[regime] = day.regimes.get(regime, 0) + 1
            return []
        case BalanceReported():
            known.balance_cents = message.balance_cents
            start_cents = message.balance_cents - message.day_pnl_cents
            _day(known, message.ts_ns).start_balance_cents = start_cents
            return []
        case PositionOpened():
            if message.bracket_id not in known.open:
                known.open.append(message.bracket_id)
            return [trades.trade_opened(message)]
        case PositionClosed():
            known.open = [id for id in known.open if id != message.bracket_id]
            return [trades.trade_closed(message, add_trip(_day(known, message.ts_ns), message))]
        case _:
            return _state(known, message, now_ns)


def by_the_clock(known: Known, now_ns: int, schedule: Schedule) -> list[Notice]:
    """Return the digest that is due by the clock of a live market, whatever the streams say."""
    day = trading_day(now_ns)
    close_ns = rth_close_ns(day, schedule)
    told = str(day.date) <= known.digested
    if told or day.date in schedule.closed or now_ns < close_ns + GRACE_NS:
        return []
    return [_digest(known, str(day.date), close_ns)]


def begun(known: Known, symbol: str, mode: str, goes_on: bool, now_ns: int) -> Notice:
    """Return that the floor has started, or goes on with what stands of the last day it saw."""
    if not goes_on:
        return floor_started(symbol, mode, dollars(known.balance_cents), now_ns)
    last = max(known.days, default="")
    day = known.days.get(last, Day())
    state = (
        ("balance", dollars(known.balance_cents)),
        (f"result of {last or 'the day'}", dollars(day.pnl_cents, signed=True)),
        ("trades", str(len(day.trips))),
        ("open positions", str(len(known.open))),
        ("halt", day.halt if day.halted else "none"),
    )
    return floor_resumed(symbol, mode, state, now_ns)


def kept(known: Known) -> dict[str, Any]:
    """Return all that is known as plain values for a file."""
    return asdict(known)


def known_of(values: Mapping[str, Any]) -> Known:
    """Return what was kept; what is not that raises ValueError."""
    try:
        days = {key: day_of(day) for key, day in values["days"].items()}
        for key in days:
            date.fromisoformat(key)
        return Known(**{**values, "days": days})
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{type(error).__name__} {error}: wanted what a teller keeps") from None


def _state(known: Known, message: Message, now_ns: int) -> list[Notice]:
    match message:
        case TradingHalted():
            day = _day(known, message.ts_ns)
            day.halted, day.halt = True, message.reason
            return [account.trading_halted(message)]
        case TradingResumed():
            _day(known, message.ts_ns).halted = False
            return [account.trading_resumed(message)]
        case LimitsChanged():
            return [account.limits_changed(message)]
        case FeedLost() | FeedRestored():
            before = known.feed_lost, known.feed_why
            known.feed_lost = isinstance(message, FeedLost)
            known.feed_why = message.reason if isinstance(message, FeedLost) else ""
            now = known.feed_lost, known.feed_why
            return [links.feed_changed(message, now_ns)] if before != now else []
        case LinkChanged():
            was_lost, known.link_lost = known.link_lost, not message.up
            return [links.link_changed(message)] if was_lost != known.link_lost else []
        case FenceClosed() | FenceOpened():
            return [links.fence_changed(message)]
        case TierChanged():
            return [account.tier_changed(message)]
        case MarginShort() | MarginRestored():
            return [account.margin_changed(message)]
        case StillExposed():
            return [account.still_exposed(message)]
        case ActionTaken(action=DayAction.RTH_OPEN):
            return [hours.session_started(message, known.balance_cents)]
        case PreflightJudged():
            return [hours.preflight_judged(message)]
        case ChoreEnded(result=ChoreResult.FAILED):
            return [hours.chore_failed(message)]
        case _:
            return []


def _day(known: Known, ts_ns: int) -> Day:
    key = str(trading_date(ts_ns))
    if key not in known.days:
        known.days[key] = Day()
        while len(known.days) > DAYS_MAX:
            del known.days[min(known.days)]
    return known.days.get(key) or Day()  # Of a date so old that it is forgotten: told nowhere.


def _digests(known: Known, schedule: Schedule) -> list[Notice]:
    passed_ns = min(known.reached.get(stream, 0) for stream in TELLING)
    notices = []
    for key in sorted(known.days):
        day = trading_hours(date.fromisoformat(key))
        close_ns = rth_close_ns(day, schedule)
        if key > known.digested and close_ns <= passed_ns and day.date not in schedule.closed:
            notices.append(_digest(known, key, close_ns))
    return notices


def _digest(known: Known, key: str, close_ns: int) -> Notice:
    known.digested = key
    day = known.days.get(key, Day())
    return digest.digest(key, day, known.balance_cents - day.pnl_cents, close_ns)
