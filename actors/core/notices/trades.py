"""The notices of round trips: opened, closed, corrected (domain 8.9)."""

from actors.core.notices.codes import Told
from actors.core.notices.notice import Notice, Severity
from actors.core.notices.words import average, clock, dollars, price, span
from protocol.orders import PositionClosed, PositionOpened


def trade_opened(fact: PositionOpened) -> Notice:
    """Return that a position was entered, with the stop and target that rest at the broker."""
    return Notice(
        severity=Severity.INFO,
        code=Told.TRADE_OPENED,
        title=f"{fact.direction.upper()} {fact.quantity} {fact.contract}",
        ts_ns=fact.ts_ns,
        fields=(
            ("entry", average(fact.contract, fact.entry_sum, fact.quantity)),
            ("stop", price(fact.contract, fact.stop_price)),
            ("target", price(fact.contract, fact.target_price)),
            ("at", clock(fact.ts_ns)),
        ),
    )


def trade_closed(fact: PositionClosed, corrected: bool = False) -> Notice:
    """Return how a round trip ended; `corrected` where the venue changed what was told before."""
    result = dollars(fact.pnl_cents, signed=True)
    side = f"{fact.direction.upper()} {fact.quantity} {fact.contract}"
    return Notice(
        severity=Severity.WARNING if corrected else Severity.INFO,
        code=Told.TRADE_CORRECTED if corrected else Told.TRADE_CLOSED,
        title=f"{'corrected: ' if corrected else ''}{result} on {side}",
        ts_ns=fact.ts_ns,
        fields=(
            ("entry", average(fact.contract, fact.entry_sum, fact.quantity)),
            ("exit", average(fact.contract, fact.exit_sum, fact.quantity)),
            ("reason", fact.reason.replace("_", " ")),
            ("commission", dollars(fact.commission_cents)),
            ("held", span(fact.ts_ns - fact.opened_ns)),
            ("at", clock(fact.ts_ns)),
        ),
    )
