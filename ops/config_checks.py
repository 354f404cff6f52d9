"""What one setting alone cannot say: words that must be known, values that must fit together."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any

from actors.adapters.address import BadAddress, parse_address
from actors.core.flow.rules import FlowRule
from actors.core.risk.rule import day_margins
from actors.core.risk.tiers import TierRule, same_prices
from actors.core.risk.windows import no_trade_window
from protocol.instruments import (
    INSTRUMENTS,
    UnknownSymbol,
    instrument_of,
    parse_contract,
    root_of,
)
from protocol.pattern_settings import ExhaustionSettings, FlowSettings, TapeAbsorptionSettings
from protocol.patterns import Pattern
from protocol.risk_settings import RiskSettings, TierSettings
from protocol.series import parse_series
from protocol.signals import Regime

HEARTBEAT_LEAST_S = 5  # The gateway sends none more often.
CLOCK_TIMES = ("first_entry", "last_entry", "flatten")


def cross_checks(records: Mapping[str, Any]) -> Iterator[str]:
    """Yield every complaint about `records`, the sections that are sound in themselves."""
    checks: dict[str, Callable[[Any], Iterator[str]]] = {
        "feed": lambda feed: _symbol_check(feed.symbol),
        "bars": lambda bars: _series_checks(bars.series),
        "exhaustion": _exhaustion_check,
        "tape_absorption": _window_check,
        "router": lambda router: _router_checks(router.enabled, router.disabled_patterns),
        "risk": _risk_checks,
        "tiers": _tier_checks,
        "store": lambda store: _address_check(store.url),
        "databento": lambda databento: _patience_check(
            databento.heartbeat_s, databento.stall_s
        ),
    }
    for section, check in checks.items():
        if section in records:
            yield from check(records[section])
    if "tiers" in records and "feed" in records:
        yield from _feed_of_tiers(records["tiers"], records["feed"].symbol)
    if "feed" in records and "flow" in records:
        yield from _flow_check(records["flow"], records["feed"].symbol)


def _symbol_check(symbol: str) -> Iterator[str]:
    try:
        # Either a root, whose month follows from the data, or one contract by name.
        if symbol not in INSTRUMENTS:
            parse_contract(symbol, date.today())
    except UnknownSymbol as error:
        yield f"feed.symbol: {error}"


def _patience_check(heartbeat_s: int, stall_s: int) -> Iterator[str]:
    if heartbeat_s < HEARTBEAT_LEAST_S:
        yield f"databento.heartbeat_s: {heartbeat_s}, wanted at least {HEARTBEAT_LEAST_S}"
    if stall_s <= heartbeat_s:
        yield f"databento.stall_s: {stall_s}, wanted above the {heartbeat_s} of heartbeat_s"


def _series_checks(series: tuple[str, ...]) -> Iterator[str]:
    if not series or len(set(series)) < len(series):
        yield f"bars.series: found {series!r}, wanted at least one and each once"
    for text in series:
        try:
            parse_series(text)
        except ValueError as error:
            yield f"bars.series: {error}"


def _exhaustion_check(rule: ExhaustionSettings) -> Iterator[str]:
    if rule.levels_max < rule.levels_min:
        yield (
            f"exhaustion.levels_max: found {rule.levels_max},"
            f" wanted at least levels_min, {rule.levels_min}"
        )


def _window_check(rule: TapeAbsorptionSettings) -> Iterator[str]:
    if rule.windows_max < rule.windows_min:
        yield (
            f"tape_absorption.windows_max: found {rule.windows_max},"
            f" wanted at least windows_min, {rule.windows_min}"
        )


def _flow_check(flow: FlowSettings, symbol: str) -> Iterator[str]:
    if not flow.enabled or list(_symbol_check(symbol)):
        return
    try:
        # Where no stop is known nothing may be entered, and a default would be no stop.
        FlowRule.of(flow, instrument_of(symbol))
    except ValueError as error:
        yield f"flow: {error}"


def _router_checks(enabled: Iterable[str], disabled: Iterable[str]) -> Iterator[str]:
    patterns, regimes = set(Pattern), set(Regime)
    for pair in enabled:
        pattern, colon, regime = pair.partition(":")
        if not colon or pattern not in patterns or regime not in regimes:
            yield (
                f"router.enabled: found {pair!r}, wanted pattern:regime of the patterns"
                f" {', '.join(Pattern)} and the regimes {', '.join(Regime)}"
            )
    for pattern in disabled:
        if pattern not in patterns:
            yield f"router.disabled_patterns: found {pattern!r}, wanted one of {', '.join(Pattern)}"


def _risk_checks(risk: RiskSettings) -> Iterator[str]:
    times = {name: getattr(risk, name) for name in CLOCK_TIMES}
    bad = {n: t for n, t in times.items() if not re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]", t)}
    for name, text in bad.items():
        yield f"risk.{name}: found {text!r}, wanted a New York time of day like '09:35'"
    if not bad and list(times.values()) != sorted(times.values()):
        found = ", ".join(f"{name} {text}" for name, text in times.items())
        yield f"risk: found {found}; wanted these times in this order, none before the last"
    last = "16:10" if risk.preset == "topstep" else "16:59"
    if not bad and risk.flatten > last:
        yield f"risk.flatten: found {risk.flatten!r}, wanted {last} at the latest"
    if risk.quantity > risk.quantity_max:
        yield f"risk.quantity: found {risk.quantity}, wanted at most {risk.quantity_max}"
    if risk.symbol_positions_max > risk.positions_max:
        most = f"wanted at most {risk.positions_max}"
        yield f"risk.symbol_positions_max: found {risk.symbol_positions_max}, {most}"
    if not 0 < risk.reduce_share <= risk.stop_share:
        found = f"{risk.reduce_share} and stop_share {risk.stop_share}"
        yield f"risk.reduce_share: found {found}, wanted above 0 and no more than the other"
    yield from _stop_checks(risk)
    yield from _refused("risk.day_margins", lambda: day_margins(risk.day_margins))
    for window in risk.no_trade:
        yield from _refused("risk.no_trade", partial(no_trade_window, window))


def _stop_checks(risk: RiskSettings) -> Iterator[str]:
    if risk.breakeven_ticks and risk.breakeven_offset_ticks >= risk.breakeven_ticks:
        found, most = risk.breakeven_offset_ticks, risk.breakeven_ticks
        yield f"risk.breakeven_offset_ticks: found {found}, wanted less than {most}"
    if risk.trail_start_ticks and not risk.trail_ticks:
        yield "risk.trail_ticks: found 0, wanted at least 1 where trail_start_ticks is set"


def _tier_checks(tiers: TierSettings) -> Iterator[str]:
    yield from _refused("tiers.table", lambda: TierRule.of(tiers))


def _feed_of_tiers(tiers: TierSettings, symbol: str) -> Iterator[str]:
    if not tiers.enabled:
        return
    try:
        table, feed = TierRule.of(tiers).tiers, root_of(symbol)
    except ValueError:
        return  # Said already, of the table or of the feed.
    for tier in table:
        if not same_prices((tier.instrument, feed)):
            yield (
                f"tiers.table: found {tier.instrument} in {tier.name!r},"
                f" wanted an instrument with the prices of feed.symbol, {symbol}"
            )


def _refused(key: str, convert: Callable[[], object]) -> Iterator[str]:
    try:
        convert()
    except ValueError as error:
        yield f"{key}: {error}"


def _address_check(url: str) -> Iterator[str]:
    if url:
        try:
            parse_address(url)
        except BadAddress as error:
            yield f"store.url: {error}"
