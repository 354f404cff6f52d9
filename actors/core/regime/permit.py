"""Which signals a regime lets through to risk (domain 4.5).

The table of patterns and regimes is configuration. The checks run in one fixed order and the
first that fails gives its code; every signal is answered: approved, noted as a target, or dropped.

A signal that points nowhere or is marked as too weak to act on counts as a pattern that is not
enabled: the codes are a closed list, and like such a pattern it is there to be looked at.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from protocol.patterns import MAGNETS, Direction, Pattern
from protocol.signals import (
    DropReason,
    Regime,
    RegimeJudged,
    SignalApproved,
    SignalDropped,
    SignalRaised,
    TargetNoted,
)

_ALLOWED = {
    Regime.TRENDING_UP: (Direction.LONG,),
    Regime.TRENDING_DOWN: (Direction.SHORT,),
    Regime.RANGING: (Direction.LONG, Direction.SHORT),
    Regime.VOLATILE: (Direction.LONG, Direction.SHORT),
    Regime.NO_TRADE: (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterRule:
    """What is let through."""

    enabled: frozenset[tuple[Pattern, Regime]]
    disabled_patterns: frozenset[Pattern]
    strength_min_ppm: int
    confidence_min_ppm: int
    ttl_ns: int  # A signal lives for one bar.
    synthetic_allowed: bool  # True only where nothing but paper is at stake.


def permit(
    signal: SignalRaised, regime: RegimeJudged | None, rule: RouterRule
) -> SignalApproved | TargetNoted | SignalDropped:
    """Return the signal approved under `regime`, the latest there is, or dropped with its code.

    A pattern that only draws price is noted as a target where others would be approved.

    The time of the judgement is now. A judgement of another contract, or one that lies more than
    a bar before the signal, says nothing about it and counts as none.
    """
    if regime is not None and (
        regime.contract != signal.contract or regime.ts_ns < signal.ts_ns - rule.ttl_ns
    ):
        regime = None
    if regime is None:
        detail = "no judgement of this contract for this bar"
        return _dropped(signal, None, DropReason.UNKNOWN_REGIME, detail)
    refusal = _refusal(signal, regime, rule)
    if refusal is not None:
        return _dropped(signal, regime, *refusal)
    return _noted(signal, regime) if signal.pattern in MAGNETS else _approved(signal, regime)


def pairs(enabled: Iterable[str]) -> frozenset[tuple[Pattern, Regime]]:
    """Return the settings "pattern:regime" as pairs; a word that is neither is refused."""
    return frozenset(_pair(words) for words in enabled)


def _pair(words: str) -> tuple[Pattern, Regime]:
    pattern, colon, regime = words.partition(":")
    if not colon:
        raise ValueError(f"enabled {words!r}, wanted pattern:regime")
    return Pattern(pattern), Regime(regime)


def _refusal(
    signal: SignalRaised, regime: RegimeJudged, rule: RouterRule
) -> tuple[DropReason, str] | None:
    """Return the first check of a judged signal that fails, with what was found."""
    if regime.regime is Regime.NO_TRADE:
        return DropReason.NO_TRADE, regime.reason
    if signal.pattern in rule.disabled_patterns:
        return DropReason.PATTERN_DISABLED, f"{signal.pattern} is switched off"
    if (signal.pattern, regime.regime) not in rule.enabled:
        # Most signals end here. Added up, since a name of an enum is slow to format.
        return DropReason.PATTERN_NOT_ENABLED, signal.pattern + " in " + regime.regime
    if signal.direction is Direction.NONE:
        return DropReason.PATTERN_NOT_ENABLED, f"{signal.pattern} points nowhere"
    if not signal.actionable:
        return DropReason.PATTERN_NOT_ENABLED, f"{signal.pattern} too weak to act on"
    if signal.direction not in _ALLOWED[regime.regime]:
        return DropReason.BIAS_CONFLICT, f"{signal.direction} in {regime.regime}"
    if signal.strength_ppm < rule.strength_min_ppm:
        return DropReason.LOW_STRENGTH, _short(signal.strength_ppm, rule.strength_min_ppm)
    if regime.confidence_ppm < rule.confidence_min_ppm:
        detail = _short(regime.confidence_ppm, rule.confidence_min_ppm)
        return DropReason.LOW_REGIME_CONFIDENCE, detail
    if signal.synthetic and not rule.synthetic_allowed:
        return DropReason.SYNTHETIC, "made from simulated trades"
    if regime.ts_ns - signal.ts_ns > rule.ttl_ns:
        age_s = (regime.ts_ns - signal.ts_ns) / 1e9
        return DropReason.EXPIRED, f"{age_s:g} s old, wanted at most {rule.ttl_ns / 1e9:g} s"
    return None


def _approved(signal: SignalRaised, regime: RegimeJudged) -> SignalApproved:
    return SignalApproved(
        signal_id=signal.id,
        contract=signal.contract,
        ts_ns=signal.ts_ns,
        pattern=signal.pattern,
        direction=signal.direction,
        strength_ppm=signal.strength_ppm,
        ref_price=signal.ref_price,
        last_price=signal.last_price,
        stop_ticks=signal.stop_ticks,
        target_ticks=signal.target_ticks,
        regime=regime.regime,
        regime_confidence_ppm=regime.confidence_ppm,
        low_quality=signal.low_quality,
    )


def _noted(signal: SignalRaised, regime: RegimeJudged) -> TargetNoted:
    return TargetNoted(
        signal_id=signal.id,
        contract=signal.contract,
        ts_ns=signal.ts_ns,
        pattern=signal.pattern,
        direction=signal.direction,
        price=signal.ref_price,
        regime=regime.regime,
        regime_confidence_ppm=regime.confidence_ppm,
    )


def _dropped(
    signal: SignalRaised, regime: RegimeJudged | None, reason: DropReason, detail: str
) -> SignalDropped:
    # The answer to most signals, so it is made without names.
    return SignalDropped.of(  # type: ignore[no-any-return]
        signal.id,
        signal.contract,
        signal.ts_ns,
        signal.pattern,
        signal.direction,
        Regime.NO_TRADE if regime is None else regime.regime,
        0 if regime is None else regime.confidence_ppm,
        reason,
        detail,
    )


def _short(found_ppm: int, wanted_ppm: int) -> str:
    return f"{found_ppm / 1e6:.3f}, wanted {wanted_ppm / 1e6:.3f}"
