"""Limits that a person sets anew while the floor trades.

Tighter stands at once, since whoever is frightened must not wait; looser stands from the next
trading date on, since nobody should raise a limit on the day that reached it. What the settings
say is the outermost: beyond that takes a stop, other settings and a start.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from actors.core.risk.rule import RiskRule
from actors.core.risk.tiers import Tier, TierRule
from actors.core.session.calendar import trading_date
from protocol.account import LimitsChanged
from protocol.commands import LimitsGiven


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What can be changed; the settings' own are the outermost."""

    loss_limit_cents: int
    profit_target_cents: int
    trades_max: int  # 0: no limit.
    quantity_max: int

    @classmethod
    def of(cls, rule: RiskRule) -> "Limits":
        """Return the limits of `rule`; of tiers it is their largest quantity."""
        tiers = () if rule.tiers is None else rule.tiers.tiers
        quantities = [tier.quantity_max for tier in tiers] or [rule.size.quantity_max]
        return cls(
            loss_limit_cents=rule.loss_limit_cents,
            profit_target_cents=rule.profit_target_cents,
            trades_max=rule.trades_max,
            quantity_max=max(quantities),
        )


NAMES = ("loss_limit_cents", "profit_target_cents", "trades_max", "quantity_max")


def refusal(given: LimitsGiven, outermost: Limits) -> str:
    """Return why limits cannot be set as given; empty if they can."""
    named = [name for name in NAMES if getattr(given, name) is not None]
    if not named:
        return f"no limit is given, wanted one of {', '.join(NAMES)} at least"
    for name in named:
        value, most = getattr(given, name), getattr(outermost, name)
        least = 0 if name == "trades_max" else 1
        if value < least:
            return f"{name} {value}, wanted at least {least}"
        if _strict(name, value) > _strict(name, most):
            words = "no limit" if name == "trades_max" and value == 0 else str(value)
            return f"{name} {words}, wanted at most {most}, as the settings say"
    return ""


def standing(outermost: Limits, changes: Iterable[LimitsChanged], today: date) -> Limits:
    """Return the limits that stand on a trading date after `changes`, given in their order."""
    values = {name: getattr(outermost, name) for name in NAMES}
    for change in changes:
        begun = trading_date(change.ts_ns) < today
        for name in NAMES:
            value = getattr(change, name)
            if value is not None and (begun or _strict(name, value) < _strict(name, values[name])):
                values[name] = value
    return Limits(**values)


def limited(rule: RiskRule, limits: Limits) -> RiskRule:
    """Return `rule` with the limits that stand."""
    most, tiers = limits.quantity_max, rule.tiers
    return replace(
        rule,
        loss_limit_cents=limits.loss_limit_cents,
        profit_target_cents=limits.profit_target_cents,
        trades_max=limits.trades_max,
        size=replace(
            rule.size,
            quantity=min(rule.size.quantity, most),
            quantity_max=min(rule.size.quantity_max, most),
        ),
        tiers=None if tiers is None else _narrowed(tiers, most),
    )


def _narrowed(tiers: TierRule, most: int) -> TierRule:
    def narrowed(tier: Tier) -> Tier:
        quantity_max = min(tier.quantity_max, most)
        return replace(tier, base=min(tier.base, most), quantity_max=quantity_max)

    return replace(tiers, tiers=tuple(map(narrowed, tiers.tiers)))


def _strict(name: str, value: int) -> float:
    return float("inf") if name == "trades_max" and value == 0 else value
