"""The recap of one trading date as a document of plain values (domain 8.7): JSON as it stands.

Everything in it comes from the books and from what supervisors wrote down, never from a log, so a
signal that was rejected is in it with its reason like one that was taken. The page is drawn from
the document alone: what one of the two says, the other cannot contradict.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from actors.core.analytics.outcome import Outcome
from actors.core.session.calendar import REGULAR, Schedule, day_of, rth_close_ns, trading_date
from ops.recap.analysis import Account, analytics, first_balance, marked_from
from ops.recap.figures import dollars, instant, price, ratio
from ops.recap.orders import order_rows, trip_row
from ops.recap.outcomes import Far, outcomes_of
from ops.recap.signals import signal_rows
from ops.recap.sources import Away, downtime_s
from ops.recap.told import Told, decided_on
from ops.recap.troubles import away_row, errors_of, gaps_of, restarts_of
from protocol.account import TradingHalted
from protocol.instruments import instrument_of, root_of
from protocol.market import BarClosed
from protocol.settings import PaperSettings
from protocol.signals import PPM
from protocol.system import Alarm

SCHEMA = 1
ERRORS_MAX = 50  # The first ones: what comes later often follows from them.
HEARTBEAT = (
    "timestamp", "last_tick_time", "tick_count", "bar_count", "signal_count", "feed_connected",
    "reconnect_count", "daily_pnl", "trade_count", "open_positions", "is_halted", "halt_reason",
    "tier_name", "balance", "mode", "symbol", "trading_date", "regime", "fence",
)  # fmt: skip
Section = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the books do not tell: where the run was, what was away, and when this is written."""

    now_ns: int
    server: str
    mode: str  # "paper", "live", or "" where there was no run.
    replayed: bool  # Its processes lived by another clock than its bars.
    paper: PaperSettings
    symbol: str  # As set; the bars know better.
    schedule: Schedule = REGULAR
    alarms: Sequence[Alarm] = ()
    aways: Sequence[Away] = ()
    heartbeat: Section = field(default_factory=dict)
    far: Far = field(default_factory=dict)


def document(told: Told, around: Surroundings) -> Section:
    """Return the recap of a date; one without bars is a valid document, too."""
    trips = told.trips()
    outcomes = outcomes_of(told, trips, around.far)
    today = [(t, o) for t, o in zip(trips, outcomes, strict=True) if _is_of(o, told.date)]
    account = _account(told, outcomes, around.paper)
    alarms = [alarm for alarm in around.alarms if _belongs(alarm.ts_ns, told.date, around)]
    aways = [away for away in around.aways if _belongs(away.died_ns, told.date, around)]
    parts: Section = {
        "signals": signal_rows(told),
        "regimes": _regimes(told),
        "bars": [_bar(bar) for bar in told.decisive()],
        "trades": [trip_row(told, trip, outcome) for trip, outcome in today],
        "orders": order_rows(told),
        "equity": _equity(told, account),
        "errors": errors_of(told, alarms),
        "analytics": analytics(told, outcomes, account, fill_model(around)),
    }
    restarts = {
        "clock": "machine" if around.replayed else "market",
        "events": restarts_of(alarms),
        "away": [away_row(away) for away in aways],
        "gaps": gaps_of(told),
    }
    own = [outcome for _, outcome in today]
    counts = {
        "denied": len(told.denied),
        "restarts": len(restarts["events"]),
        "downtime_s": ratio(downtime_s(aways)),
    }
    head = {
        "schema": SCHEMA,
        "generated_at": instant(around.now_ns),
        "trading_date": told.date.isoformat(),
        "server": around.server,
        "session": _session(told, account, sum(one.net_cents for one in own), around),
        "heartbeat": _heartbeat(around.heartbeat, told.date),
        "summary": _summary(own, parts) | counts,
        "restarts": restarts,
    }
    return head | parts | {"errors": parts["errors"][:ERRORS_MAX]}


def _summary(own: Sequence[Outcome], parts: Section) -> Section:
    """Return the counts and sums of the date; errors are all of them, also where not all follow."""
    net, fees = sum(one.net_cents for one in own), sum(one.commission_cents for one in own)
    return {
        "bars": len(parts["bars"]),
        "signals": len(parts["signals"]),
        "approved": sum(row["approved"] for row in parts["signals"]),
        "trades": len(own),
        "orders": len(parts["orders"]),
        "wins": sum(one.net_cents > 0 for one in own),
        "losses": sum(one.net_cents < 0 for one in own),
        "breakeven": sum(one.net_cents == 0 for one in own),
        "gross": dollars(net + fees),
        "commission": dollars(fees),
        "net": dollars(net),
        "errors": len(parts["errors"]),
    }


def fill_model(around: Surroundings) -> str:
    """Return the stamp of domain 9: how fills came about."""
    return f"tick/{around.paper.target_fill}" if around.mode != "live" else "venue"


def _is_of(outcome: Outcome, on: date) -> bool:
    return trading_date(outcome.closed_ns) == on


def _belongs(ts_ns: int, on: date, around: Surroundings) -> bool:
    """Say whether what happened to a process belongs to the date: in a replay all of it does."""
    return around.replayed or trading_date(ts_ns) == on


def _account(told: Told, outcomes: Sequence[Outcome], paper: PaperSettings) -> Account:
    """Return the balances of the books; what they never told is the paper account's."""
    before = [one for one in told.balances if decided_on(one.ts_ns) < told.date]
    earlier = [one for one in outcomes if trading_date(one.closed_ns) < told.date]
    if before:
        start = int(before[-1].balance_cents)
    elif told.balances:
        start = told.balances[0].balance_cents - told.balances[0].day_pnl_cents
    else:
        start = round(paper.balance_dollars * 100) + sum(one.net_cents for one in earlier)
    return Account(first_cents=first_balance(start, earlier), start_cents=start)


def _session(told: Told, account: Account, net: int, around: Surroundings) -> Section:
    bars = told.decisive()
    contracts = list(dict.fromkeys(bar.contract for bar in bars))
    halt = told.halts[-1] if told.halts and isinstance(told.halts[-1], TradingHalted) else None
    status = "COMPLETED" if bars else "NO_SESSION"
    if bars and halt is not None:
        status = "HALTED"
    volume = sum(bar.volume for bar in bars)
    inferred = sum(bar.inferred_volume for bar in bars)
    day = day_of(told.date)
    close_ns = rth_close_ns(day, around.schedule)
    if close_ns <= day.rth_open_ns:  # A date without a regular session: it ends when trading does.
        close_ns = day.rth_close_ns
    paper = around.paper
    return {
        "mode": around.mode or None,
        "symbol": root_of(contracts[-1] if contracts else around.symbol),
        "contract": contracts[-1] if contracts else None,
        "contracts": contracts,
        "tick_size": float(instrument_of(contracts[-1] if contracts else around.symbol).tick),
        "series": told.series,
        "tier": told.tiers[-1].name if told.tiers else None,
        "start_balance": dollars(account.start_cents),
        "end_balance": dollars(account.start_cents + net),
        "reported_balance": dollars(told.balances[-1].balance_cents) if told.balances else None,
        "status": status,
        "halt_reason": halt.reason if halt is not None else None,
        "open_positions": len(told.opened.keys() - told.closed.keys()),
        "replayed": around.replayed,
        "simulated": any(bar.simulated for bar in bars),
        "whole": bool(bars) and bars[-1].end_ns >= rth_close_ns(day, around.schedule),
        "inferred_share": ratio(inferred / volume) if volume else None,
        "hours": {
            "start": instant(day.start_ns), "open": instant(day.open_ns),
            "rth_open": instant(day.rth_open_ns), "rth_close": instant(close_ns),
            "end": instant(day.end_ns),
        },
        "fills": {
            "model": fill_model(around),
            "latency_ms": paper.latency_ms,
            "slippage_ticks": paper.slippage_ticks,
            "stop_slippage_ticks": paper.stop_slippage_ticks,
            "target_fill": paper.target_fill,
        },
    }  # fmt: skip


def _heartbeat(told: Section, on: date) -> Section:
    """Return what the heartbeat says of this date; of another date it says nothing here."""
    if told.get("trading_date", on.isoformat()) != on.isoformat():
        return {}
    return {name: told[name] for name in HEARTBEAT if name in told}


def _bar(bar: BarClosed) -> Section:
    return {
        "start": instant(bar.start_ns), "end": instant(bar.end_ns),
        "o": price(bar.open, bar.contract), "h": price(bar.high, bar.contract),
        "l": price(bar.low, bar.contract), "c": price(bar.close, bar.contract),
        "volume": bar.volume, "delta": bar.delta,
        "max_delta": bar.delta_max, "min_delta": bar.delta_min,
        "poc": price(bar.poc, bar.contract),
    }  # fmt: skip


def _regimes(told: Told) -> list[Section]:
    """Return the regimes of the date, each from when it began to stand."""
    found: list[Section] = []
    for judged in told.regimes:
        if not found or found[-1]["regime"] != judged.regime:
            confidence = ratio(judged.confidence_ppm / PPM)
            found.append(
                {"ts": instant(judged.ts_ns), "regime": judged.regime, "confidence": confidence}
            )
    return found


def _equity(told: Told, account: Account) -> Section:
    balance, closed = account.start_cents, []
    for trip in told.of_date():
        balance += trip.pnl_cents
        closed.append({"ts": instant(trip.ts_ns), "balance": dollars(balance)})
    curve = marked_from(told, account.first_cents)
    return {
        "start": dollars(account.start_cents),
        "closed": closed,
        "marked": [
            {"ts": instant(ts_ns), "balance": dollars(cents)}
            for ts_ns, cents in curve
            if decided_on(ts_ns) == told.date
        ],
    }
