"""The replica as plain values for the page, in sections that change apart from each other. Pure.

Prices stay ticks on the way; the page multiplies with the tick size that stands beside them.
"""

from datetime import UTC, datetime
from typing import Any

from protocol.instruments import Instrument, UnknownSymbol, instrument, parse_contract
from protocol.market import BarClosed
from protocol.units import NANOS_PER_MS, NANOS_PER_S
from web.api.prices import plain
from web.records import Advice, Bracket, Event, Journey
from web.replica import Replica

Section = dict[str, Any]
BAR_COLUMNS = (
    "end", "open", "high", "low", "close", "volume", "delta", "delta_max", "delta_min", "cvd",
    "poc", "value_low", "value_high", "trades", "inferred",
)
ROWS_MAX = 60  # Of a table on the page.


def sections(replica: Replica) -> dict[str, Section]:
    """Return everything the page shows of trading, by section."""
    return {
        "head": _head(replica),
        "bars": _bars(replica),
        "footprint": footprint(replica.bars[-1]) if replica.bars else {},
        "signals": {"rows": _signals(replica)},
        "setups": {"rows": _setups(replica)},
        "orders": {"rows": [_event(event) for event in _last(replica.events)]},
    }


def footprint(bar: BarClosed) -> Section:
    """Return one bar level by level."""
    return {
        "end": _ms(bar.end_ns),
        "low": bar.low,
        "sells": bar.sells,
        "buys": bar.buys,
        "unknowns": bar.unknowns,
        "open": bar.open,
        "close": bar.close,
        "poc": bar.poc,
        "value_low": bar.value_low,
        "value_high": bar.value_high,
        "volume": bar.volume,
        "delta": bar.delta,
    }


def _head(replica: Replica) -> Section:
    last = replica.bars[-1] if replica.bars else None
    judged = replica.regimes[-1] if replica.regimes else None
    halted, day = replica.halted, replica.day
    return {
        "contract": replica.contract,
        "instrument": _instrument(replica),
        "simulated": replica.simulated,
        "clock": _ms(replica.clock_ns),
        "cut": replica.cut,
        "ended": replica.ended,
        "last": None if last is None else last.close,
        "regime": None if judged is None else {
            "name": judged.regime,
            "confidence": judged.confidence_ppm / 10_000,
            "reason": judged.reason,
            "bars": judged.bars,
        },
        "condition": _condition(replica),
        "day": {
            "date": None if day.on is None else day.on.isoformat(),
            "pnl_cents": day.pnl_cents,
            "commission_cents": day.commission_cents,
            "trips": day.trips,
            "wins": day.wins,
            "curve": [pnl for _, pnl in day.curve],
        },
        "balance_cents": replica.account.balance_cents,
        "tier": _tier(replica),
        "halted": None if halted is None else {
            "reason": halted.reason,
            "day_pnl_cents": halted.day_pnl_cents,
            "limit_cents": halted.limit_cents,
        },
        "position": _position(replica),
        "feed_lost": [
            {"contract": contract, "reason": why} for contract, why in replica.feed.lost.items()
        ],
        "fence": [{"cause": cause, "detail": told} for cause, told in replica.fence.items()],
        "counts": dict(replica.counts),
    }


def _position(replica: Replica) -> Section | None:
    """Return the last position opened; its entry is the average, in ticks and parts of them."""
    held = [position for position in replica.positions.values() if position.quantity]
    if not held:
        return None
    position = held[-1]
    bracket = replica.brackets.get(position.bracket_id)
    opened = None if bracket is None else bracket.opened
    return {
        "since": _ms(position.ts_ns if opened is None else opened.ts_ns),
        "direction": position.direction,
        "quantity": position.quantity,
        "entry": plain(position.entry_sum / position.quantity),
        "stop": position.stop_price,
        "target": position.target_price,
    }


def _tier(replica: Replica) -> Section | None:
    """Return the capital tier that stands, None where the account has none."""
    told = replica.tier
    if told is None:
        return None
    return {
        "name": told.name,
        "instrument": told.instrument,
        "quantity_max": told.quantity_max,
        "loss_limit_cents": told.loss_limit_cents,
    }


def _condition(replica: Replica) -> Section | None:
    judged = replica.condition
    if judged is None:
        return None
    return {
        "name": judged.condition,
        "flow": judged.flow,
        "cvd": judged.cvd,
        "threshold": judged.threshold,
        "vwap_bands": judged.vwap_bands,
        "value_low": judged.value_low,
        "value_high": judged.value_high,
        "poc": judged.poc,
        "reason": judged.reason,
    }


def _instrument(replica: Replica) -> Section:
    """Return how to write a price of the contract; of an unknown one as plain ticks."""
    found = _known(replica)
    if found is None:
        return {"symbol": replica.contract, "name": "", "tick": 1.0, "decimals": 0}
    exponent = found.tick.normalize().as_tuple().exponent
    return {
        "symbol": found.symbol,
        "name": found.name,
        "tick": found.tick_size,
        "decimals": max(0, -int(exponent)),
        "tick_cents": found.tick_cents_num / found.tick_cents_den,
    }


def _known(replica: Replica) -> Instrument | None:
    near = datetime.fromtimestamp(replica.clock_ns // NANOS_PER_S, UTC).date()
    try:
        return instrument(parse_contract(replica.contract, near).root)
    except UnknownSymbol:
        return None


def _bars(replica: Replica) -> Section:
    regimes = {judged.ts_ns: judged.regime for judged in replica.regimes}
    rows = [
        (
            _ms(bar.end_ns), bar.open, bar.high, bar.low, bar.close, bar.volume, bar.delta,
            bar.delta_max, bar.delta_min, bar.cvd, bar.poc, bar.value_low, bar.value_high,
            bar.trades, bar.inferred_volume,
        )
        for bar in replica.bars
    ]
    return {
        "columns": BAR_COLUMNS,
        "rows": rows,
        "regimes": [regimes.get(bar.end_ns, "") for bar in replica.bars],
    }


def _signals(replica: Replica) -> list[Section]:
    rows = [
        _signal(id, journey, replica.brackets.get(journey.bracket_id))
        for id, journey in reversed(replica.signals.items())
    ]
    return rows[:ROWS_MAX]


def _setups(replica: Replica) -> list[Section]:
    rows = (_setup(advice) for advice in reversed(replica.setups.values()))
    return [row for row in rows if row is not None][:ROWS_MAX]


def _setup(advice: Advice) -> Section | None:
    setup, ended = advice.recommended, advice.ended
    if setup is None:
        return None
    return {
        "id": setup.id,
        "at": _ms(setup.ts_ns),
        "setup": setup.setup,
        "direction": setup.direction,
        "entry": setup.entry,
        "stop": setup.stop,
        "target_1": setup.target_1,
        "target_2": setup.target_2,
        "confidence": setup.confidence_ppm / 10_000,
        "reason": setup.reason,
        "ended": None if ended is None else ended.reason,
    }


def _signal(id: str, journey: Journey, bracket: Bracket | None) -> Section:
    told = journey.raised or journey.approved or journey.dropped or journey.denied
    row: Section = {"id": id, "at": 0 if told is None else _ms(told.ts_ns)}
    if (found := journey.raised or journey.approved) is not None:
        row |= {
            "pattern": found.pattern,
            "direction": found.direction,
            "strength": found.strength_ppm / 10_000,
            "price": found.last_price,
        }
    if journey.raised is not None:
        row |= {
            "low": journey.raised.zone_low,
            "high": journey.raised.zone_high,
            "low_quality": journey.raised.low_quality,
            "detail": journey.raised.detail,
        }
    if journey.zone is not None:
        row["zone"] = journey.zone.state
    return row | _fate(journey, bracket)


def _fate(journey: Journey, bracket: Bracket | None) -> Section:
    """Return how far a signal came: `steps` of five, and in one word where it is or ended."""
    if journey.dropped is not None:
        dropped = journey.dropped
        return {"steps": 1, "fate": "dropped", "why": f"{dropped.reason}: {dropped.detail}"}
    if journey.noted is not None:
        return {"steps": 2, "fate": "target only", "why": ""}
    if journey.denied is not None:
        denied = journey.denied
        return {"steps": 2, "fate": "denied", "why": f"{denied.reason}: {denied.detail}"}
    if bracket is None:
        approved = journey.approved is not None
        return {"steps": 2 if approved else 1, "fate": "approved" if approved else "raised",
                "why": ""}
    steps = {"open": 4, "closed": 5}.get(bracket.stage, 3)
    fate: Section = {"steps": steps, "fate": bracket.stage, "why": bracket.detail}
    if bracket.stage == "approved":
        fate["fate"] = "bracket approved"
    if bracket.closed is not None:
        fate["pnl_cents"] = bracket.closed.pnl_cents
    return fate


def _event(event: Event) -> Section:
    return {
        "at": _ms(event.ts_ns),
        "what": event.what,
        "client_id": event.client_id,
        "leg": event.leg,
        "direction": event.direction,
        "quantity": event.quantity,
        "price": event.price,
        "detail": event.detail,
    }


def _last(entries: Any) -> list[Any]:
    return list(reversed(entries))[:ROWS_MAX]


def _ms(ts_ns: int) -> int:
    return ts_ns // NANOS_PER_MS
