"""From settings and instrument to the numbers that the calculations work with.

Settings speak a person's units: seconds, shares, dollars, "HH:MM". Rules speak ours: nanoseconds,
parts per million, cents, minutes of the day. This is the one place between them, but for the
patterns: each of their rules is made from its own settings, beside the rule.
"""

from actors.core.flow.rules import cooldown_ns
from actors.core.orderflow.cvd import CvdReset
from actors.core.orderflow.footprint import BarRule
from actors.core.orders.desk_rule import DeskRule
from actors.core.orders.fills import PaperRule
from actors.core.orders.money import TickValue
from actors.core.regime.permit import RouterRule, pairs
from actors.core.regime.scores import RegimeRule
from actors.core.risk.changes import Limits
from actors.core.risk.rule import Band, EntryRule, RiskRule, Terms, day_margins
from actors.core.risk.sizing import SizeRule
from actors.core.risk.tiers import TierRule
from actors.core.risk.windows import TOPSTEP_FLAT, Hours, no_trade_window
from actors.core.session.calendar import Schedule, clock_minute
from actors.core.session.news import scheduled
from protocol.instruments import INSTRUMENTS, Instrument, instrument_of
from protocol.orders import EntryKind
from protocol.patterns import Pattern
from protocol.risk_settings import RiskSettings
from protocol.series import BarKind, Series, parse_series
from protocol.settings import (
    BarSettings,
    CalendarSettings,
    DeskSettings,
    PaperSettings,
    RouterSettings,
    Settings,
)
from protocol.signals import PPM
from protocol.units import NANOS_PER_MS, NANOS_PER_S, Contracts


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


def risk_rule(settings: Settings, own: Instrument) -> RiskRule:
    """Return the limits of the account and the terms of whatever it may hold."""
    risk, topstep = settings.risk, settings.risk.preset == "topstep"
    return RiskRule(
        symbol=own.symbol,
        currency=risk.currency,
        terms={root: _terms(settings, one) for root, one in INSTRUMENTS.items()},
        tiers=TierRule.of(settings.tiers) if settings.tiers.enabled else None,
        size=_sizes(settings),
        hours=hours_of(risk, settings.calendar),
        entry=_entry(settings),
        band=_band(risk) if risk.reduce_band else None,
        stop_slippage_ticks=settings.paper.stop_slippage_ticks,
        loss_limit_cents=round(risk.daily_loss_dollars * 100),
        profit_target_cents=round(risk.daily_profit_dollars * 100),
        balance_cents=round(settings.paper.balance_dollars * 100),
        positions_max=risk.positions_max,
        symbol_positions_max=risk.symbol_positions_max,
        trades_max=risk.trades_max,
        flatten_again_ns=risk.flatten_again_s * NANOS_PER_S,
        reject_block_ns=risk.reject_block_s * NANOS_PER_S,
        low_quality_allowed=risk.low_quality_entries == "allow",
        cooldown_ns=cooldown_ns(settings.flow),
        hold_min_ns=settings.flow.hold_min_s * NANOS_PER_S,
        locked_when_lost=topstep,
        scaled_at_start=topstep,
    )


def outermost(settings: Settings) -> Limits:
    """Return the limits as set; while the floor runs they can be tightened, and loosened again."""
    return Limits.of(risk_rule(settings, instrument_of(settings.feed.symbol)))


def _terms(settings: Settings, one: Instrument) -> Terms:
    risk = settings.risk
    return Terms(
        tick=tick_value(one),
        commission_cents=commission_cents(settings.paper, one),
        stop_ticks=risk.stop_ticks or one.stop_ticks,
        target_ticks=risk.target_ticks or one.target_ticks,
        margin_cents=day_margins(risk.day_margins).get(one.symbol),
    )


def _sizes(settings: Settings) -> SizeRule:
    risk, tiers = settings.risk, settings.tiers
    return SizeRule(
        quantity=risk.quantity,
        quantity_max=risk.quantity_max,
        families_min=tiers.families_min,
        wins_min=tiers.wins_min,
        losses_min=tiers.losses_min,
        ranging_ppm=round(risk.size_ranging * PPM),
        volatile_ppm=round(risk.size_volatile * PPM),
    )


def hours_of(risk: RiskSettings, calendar: CalendarSettings) -> Hours:
    """Return when may be entered and held, on the days that close early, too."""
    return Hours(
        first_entry=clock_minute(risk.first_entry),
        last_entry=clock_minute(risk.last_entry),
        flatten=clock_minute(risk.flatten),
        no_trade=tuple(no_trade_window(text) for text in risk.no_trade),
        hard_stop=TOPSTEP_FLAT if risk.preset == "topstep" else None,
        schedule=Schedule.of(calendar.closed, calendar.early),
    )


def _entry(settings: Settings) -> EntryRule:
    risk = settings.risk
    return EntryRule(
        kind=EntryKind(risk.entry),
        life_ns=risk.entry_bars * period_s(settings.bars) * NANOS_PER_S,
        breakeven_ticks=risk.breakeven_ticks,
        breakeven_offset_ticks=risk.breakeven_offset_ticks if risk.breakeven_ticks else 0,
        trail_start_ticks=risk.trail_start_ticks,
        trail_ticks=risk.trail_ticks if risk.trail_start_ticks else 0,
    )


def _band(risk: RiskSettings) -> Band:
    return Band(
        halve_ppm=round(risk.reduce_share * PPM), stop_ppm=round(risk.stop_share * PPM)
    )


def desk_rule(desk: DeskSettings) -> DeskRule:
    """Return how long the desk waits for what."""
    return DeskRule(
        ack_ns=desk.ack_s * NANOS_PER_S,
        attempts_max=desk.attempts_max,
        backoff_ns=desk.backoff_ms * NANOS_PER_MS,
        rest_ns=desk.rest_s * NANOS_PER_S,
        flatten_ns=desk.flatten_s * NANOS_PER_S,
        protect_ns=desk.protect_s * NANOS_PER_S,
        reconcile_ns=desk.reconcile_s * NANOS_PER_S,
        losses_max=desk.losses_max,
        losses_within_ns=desk.losses_within_s * NANOS_PER_S,
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
        partial=paper.partial == "traded",
        displayed=Contracts(paper.displayed_contracts),
        depth_slippage=paper.depth_slippage == "on",
    )
