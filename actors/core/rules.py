"""From settings and instrument to the numbers that the calculations work with.

Settings speak a person's units: seconds, shares, dollars, "HH:MM". Rules speak ours: nanoseconds,
parts per million, cents, minutes of the day. This is the one place between them, but for the
patterns: each of their rules is made from its own settings, beside the rule.
"""

from actors.core.flow.rules import cooldown_ns
from actors.core.orderflow.cvd import CvdReset
from actors.core.orderflow.footprint import BarRule
from actors.core.orders.fills import PaperRule
from actors.core.orders.money import TickValue
from actors.core.regime.permit import RouterRule, pairs
from actors.core.regime.scores import RegimeRule
from actors.core.risk.limits import RiskRule
from actors.core.session.calendar import Schedule, clock_minute
from actors.core.session.news import scheduled
from protocol.instruments import Instrument
from protocol.patterns import Pattern
from protocol.series import BarKind, Series, parse_series
from protocol.settings import (
    BarSettings,
    PaperSettings,
    RouterSettings,
    Settings,
)
from protocol.signals import PPM
from protocol.units import NANOS_PER_MS, NANOS_PER_S


def series_of(bars: BarSettings) -> tuple[Series, ...]:
    """Return the series to build; decisions are taken on the first."""
    return tuple(parse_series(text) for text in bars.series)


def bar_rules(bars: BarSettings, contract: str) -> tuple[BarRule, ...]:
    """Return which bars to build of a contract, one rule per series."""
    return tuple(
        BarRule(
            contract=contract,
            series=series,
            split=bars.split,
            value_area_ppm=round(bars.value_area * PPM),
            value_rows=bars.value_rows,
            cvd_reset=CvdReset(bars.cvd_reset),
        )
        for series in series_of(bars)
    )


def period_s(bars: BarSettings) -> int:
    """Return the seconds of the bars decided on; five minutes where no clock ends them."""
    series = series_of(bars)[0]
    return series.size if series.kind is BarKind.TIME else 300


def regime_rule(settings: Settings, own: Instrument, contract: str) -> RegimeRule:
    """Return the numbers of the classification, and the days and hours that forbid trading."""
    regime, calendar = settings.regime, settings.calendar
    return RegimeRule(
        contract=contract,
        bars_min=regime.bars_min,
        score_min=regime.score_min,
        bars_in_regime_min=regime.bars_in_regime_min,
        normalize=regime.normalize,
        minutes_after_open=regime.minutes_after_open,
        minutes_before_close=regime.minutes_before_close,
        volume_ratio_min=regime.volume_ratio_min,
        minutes_around_news=regime.minutes_around_news,
        news=scheduled(calendar.news),
        schedule=Schedule.of(calendar.closed, calendar.early),
        vwap_near_ticks=0.5 / own.tick_size,
    )


def router_rule(router: RouterSettings, bars: BarSettings) -> RouterRule:
    """Return what the router lets through; a signal lives for one bar."""
    return RouterRule(
        enabled=pairs(router.enabled),
        disabled_patterns=frozenset(Pattern(name) for name in router.disabled_patterns),
        strength_min_ppm=round(router.strength_min * PPM),
        confidence_min_ppm=round(router.confidence_min * PPM),
        ttl_ns=(router.ttl_s or period_s(bars)) * NANOS_PER_S,
        synthetic_allowed=router.synthetic == "allow",
    )


def tick_value(own: Instrument) -> TickValue:
    """Return what a tick is worth, in cents as an exact fraction."""
    return TickValue(own.tick_cents_num, own.tick_cents_den)


def commission_cents(paper: PaperSettings, own: Instrument) -> int:
    """Return the commission per side and contract; the instrument's unless one is set."""
    return own.commission_cents if paper.commission_cents < 0 else paper.commission_cents


def risk_rule(settings: Settings, own: Instrument, contract: str) -> RiskRule:
    """Return the limits."""
    risk = settings.risk
    return RiskRule(
        contract=contract,
        quantity=risk.quantity,
        stop_ticks=risk.stop_ticks or own.stop_ticks,
        target_ticks=risk.target_ticks or own.target_ticks,
        stop_slippage_ticks=settings.paper.stop_slippage_ticks,
        tick=tick_value(own),
        commission_cents=commission_cents(settings.paper, own),
        loss_limit_cents=round(risk.daily_loss_dollars * 100),
        profit_target_cents=round(risk.daily_profit_dollars * 100),
        balance_cents=round(settings.paper.balance_dollars * 100),
        first_entry_minute=clock_minute(risk.first_entry),
        last_entry_minute=clock_minute(risk.last_entry),
        flatten_minute=clock_minute(risk.flatten),
        low_quality_allowed=risk.low_quality_entries == "allow",
        cooldown_ns=cooldown_ns(settings.flow),
        hold_min_ns=settings.flow.hold_min_s * NANOS_PER_S,
    )


def paper_rule(paper: PaperSettings, own: Instrument, contract: str) -> PaperRule:
    """Return the terms of the paper exchange."""
    return PaperRule(
        contract=contract,
        latency_ns=paper.latency_ms * NANOS_PER_MS,
        slippage_ticks=paper.slippage_ticks,
        stop_slippage_ticks=paper.stop_slippage_ticks,
        target_fill=paper.target_fill,
        commission_cents=commission_cents(paper, own),
    )
