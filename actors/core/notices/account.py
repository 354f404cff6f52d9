"""The notices of the account: tier, halts, margin, what is held too long (domain 7.6 to 7.8)."""

from actors.core.notices.codes import Told
from actors.core.notices.notice import Notice, Severity
from actors.core.notices.words import clock, dollars, percent
from protocol.account import (
    LimitsChanged,
    MarginRestored,
    MarginShort,
    StillExposed,
    TierChanged,
    TradingHalted,
    TradingResumed,
)


def tier_changed(fact: TierChanged) -> Notice:
    """Return that another tier stands; one whose instrument is not fed trades nothing."""
    lines = () if fact.traded else (f"{fact.instrument} is not what the feed brings: no entries.",)
    return Notice(
        severity=Severity.INFO if fact.traded else Severity.WARNING,
        code=Told.TIER_CHANGED,
        title=f"Tier {fact.tier}: {fact.name}",
        ts_ns=fact.ts_ns,
        lines=lines,
        fields=(
            ("before", str(fact.before or "none")),
            ("balance", dollars(fact.balance_cents)),
            ("instrument", fact.instrument),
            ("contracts at most", str(fact.quantity_max)),
            ("daily loss limit", dollars(fact.loss_limit_cents)),
            ("one stop", f"{dollars(fact.stop_cents)}, {percent(fact.stop_share_ppm)}"),
        ),
    )


def trading_halted(fact: TradingHalted) -> Notice:
    """Return that no entries are made; at a limit all is left, and that is critical."""
    by_person = fact.limit_cents == 0
    result = (("day", dollars(fact.day_pnl_cents, signed=True)),)
    limit = () if by_person else (*result, ("limit", dollars(fact.limit_cents)))
    return Notice(
        severity=Severity.WARNING if by_person else Severity.CRITICAL,
        code=Told.TRADING_HALTED,
        title="Trading is halted",
        ts_ns=fact.ts_ns,
        lines=(fact.reason,),
        fields=(*limit, ("at", clock(fact.ts_ns))),
    )


def trading_resumed(fact: TradingResumed) -> Notice:
    """Return that entries are allowed again."""
    return Notice(
        severity=Severity.INFO,
        code=Told.TRADING_RESUMED,
        title="Trading is resumed",
        ts_ns=fact.ts_ns,
        lines=(fact.reason,),
        fields=(("at", clock(fact.ts_ns)),),
    )


def limits_changed(fact: LimitsChanged) -> Notice:
    """Return which limits a person set anew."""
    money = (("daily loss", fact.loss_limit_cents), ("daily profit", fact.profit_target_cents))
    counts = (("entries", fact.trades_max), ("contracts", fact.quantity_max))
    return Notice(
        severity=Severity.WARNING,
        code=Told.LIMITS_CHANGED,
        title="Limits are set anew",
        ts_ns=fact.ts_ns,
        lines=(f"by {fact.who}: {fact.reason}",),
        fields=(
            *((name, dollars(cents)) for name, cents in money if cents is not None),
            *((name, str(count)) for name, count in counts if count is not None),
            ("at", clock(fact.ts_ns)),
        ),
    )


def margin_changed(fact: MarginShort | MarginRestored) -> Notice:
    """Return that the balance ceased to carry the day margin, or carries it again."""
    short = isinstance(fact, MarginShort)
    return Notice(
        severity=Severity.WARNING if short else Severity.INFO,
        code=Told.MARGIN_HIGH if short else Told.MARGIN_NORMAL,
        title=f"The margin of {fact.contract} is {'too high' if short else 'carried again'}",
        ts_ns=fact.ts_ns,
        fields=(
            ("needed", dollars(fact.needed_cents)),
            ("equity", dollars(fact.equity_cents)),
            ("at", clock(fact.ts_ns)),
        ),
    )


def still_exposed(fact: StillExposed) -> Notice:
    """Return that something is held when nothing may be."""
    return Notice(
        severity=Severity.CRITICAL,
        code=Told.STILL_EXPOSED,
        title=f"{fact.quantity} {fact.contract} held at the hard stop",
        ts_ns=fact.ts_ns,
        lines=("Nothing may be held or on its way now. Look at the broker's own screen.",),
        fields=(("hard stop", clock(fact.hard_stop_ns)), ("at", clock(fact.ts_ns))),
    )
