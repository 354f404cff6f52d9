"""What stands now, for programs: positions, session, tape; prices beside their ticks. Pure."""

from typing import Any

from actors.core.orders.money import SIGN, result_cents, tick_of
from protocol.instruments import UnknownSymbol
from protocol.orders import PositionChanged, PositionOpened
from protocol.units import Cents
from web.api.prices import ms, plain, price
from web.replica import Replica
from web.tape import SIDES

Section = dict[str, Any]


def positions_now(replica: Replica) -> Section:
    """Return every position with its stop and target, marked at the close of the last bar."""
    held = [held for held in replica.positions.values() if held.quantity]
    return {
        "rows": [_position(replica, one) for one in held],
        "balance_cents": replica.account.balance_cents,
        "day_pnl_cents": replica.day.pnl_cents,
        "halted": _halt(replica),
        "fence": _fence(replica),
        "next": None,
    }


def session_now(replica: Replica) -> Section:
    """Return whether trading goes on; what stands in the way of entries first."""
    return {
        "state": _state(replica),
        "contract": replica.contract,
        "clock_ms": ms(replica.clock_ns),
        "cut": replica.cut,
        "simulated": replica.simulated,
        "halted": _halt(replica),
        "fence": _fence(replica),
        "positions": sum(held.quantity > 0 for held in replica.positions.values()),
        "balance_cents": replica.account.balance_cents,
        "day_pnl_cents": replica.day.pnl_cents,
    }


def tape_rows(replica: Replica, limit: int) -> list[Section]:
    """Return the last trades, the newest first."""
    newest = replica.tape.trades[-limit:]
    return [
        {
            "at_ms": ms(ts_ns),
            "contract": contract,
            "price": price(ticks, contract),
            "ticks": ticks,
            "size": size,
            "side": SIDES.get(side, "unknown"),  # type: ignore[call-overload]
        }
        for ts_ns, contract, ticks, size, side in reversed(newest)
    ]


def _state(replica: Replica) -> str:
    if replica.ended:
        return "ended"
    if replica.fence:
        return "fenced"
    if replica.halted is not None:
        return "halted"
    return "trading" if replica.cut else "waiting"


def _halt(replica: Replica) -> str | None:
    return None if replica.halted is None else replica.halted.reason


def _fence(replica: Replica) -> dict[str, str]:
    return {str(cause): detail for cause, detail in replica.fence.items()}


def _position(replica: Replica, held: PositionOpened | PositionChanged) -> Section:
    contract, entry = held.contract, held.entry_sum / held.quantity
    bracket = replica.brackets.get(held.bracket_id)
    opened = None if bracket is None else bracket.opened
    mark = replica.bars[-1].close if replica.bars else None
    return {
        "id": held.bracket_id,
        "contract": contract,
        "direction": str(held.direction),
        "quantity": held.quantity,
        "since_ms": ms(held.ts_ns if opened is None else opened.ts_ns),
        "entry": price(entry, contract),
        "entry_ticks": plain(entry),
        "stop": price(held.stop_price, contract),
        "stop_ticks": held.stop_price,
        "target": price(held.target_price, contract),
        "target_ticks": held.target_price,
        "mark": None if mark is None else price(mark, contract),
        "unrealised_cents": None if mark is None else _unrealised(held, mark),
    }


def _unrealised(held: PositionOpened | PositionChanged, mark: int) -> Cents | None:
    try:
        tick = tick_of(held.contract)
    except UnknownSymbol:
        return None
    ticks = mark * held.quantity - held.entry_sum
    return result_cents(SIGN[held.direction] * ticks, 1, tick)
