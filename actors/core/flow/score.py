"""From five metrics to a direction and a confidence (domain 3).

The direction comes first, from M1, the imbalance of the book. Every other metric adds its weight
only if it points the same way; earlier systems added it in either direction, so that opposing
evidence made a signal surer. M5, the intensity, has no direction and adds its weight to both.
"""

from dataclasses import dataclass

from actors.core.flow.rules import FlowRule
from protocol.patterns import Direction
from protocol.signals import PPM

IMBALANCE_PPM, DELTA_PPM, AGGRESSIVE_PPM, DEPTH_PPM, INTENSITY_PPM = (
    300_000, 250_000, 200_000, 150_000, 100_000,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """What was measured at the end of a slice."""

    imbalance_ppm: int  # M1, above 0 where more is bid than offered at the touch.
    delta: int  # M2, contracts since 09:30.
    aggressive_ppm: int  # M3, above 0 where buyers cross the spread.
    depth_ppm: int | None  # M4, as M1 over five levels; None where only the touch is known.
    intensity: float  # M5, trades a minute.
    buy_volume: int  # Of the window, contracts; sides unknown count in neither.
    sell_volume: int
    low_quality: bool  # More than a fifth of the window's volume has an inferred side or none.


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Which way the metrics point and how sure they are; NONE where nothing leads."""

    direction: Direction
    strength_ppm: int
    confidence_ppm: int
    reason: str


def score(found: Metrics, rule: FlowRule) -> Score:
    """Return direction, strength and confidence, with the metrics that contributed (domain 3)."""
    imbalance = _sign(found.imbalance_ppm, rule.imbalance_min_ppm)
    delta = _sign(found.delta, rule.delta_min)
    lead = imbalance or (0 if rule.require_primary else delta)
    if lead == 0:
        return Score(
            direction=Direction.NONE, strength_ppm=0, confidence_ppm=0, reason="no direction"
        )
    depth_ppm = found.depth_ppm or 0
    agreeing = [
        (imbalance == lead, IMBALANCE_PPM, f"imbalance ratio {_share(found.imbalance_ppm)}"),
        (delta == lead, DELTA_PPM, f"cumulative delta {found.delta:+,}"),
        (
            _sign(found.aggressive_ppm, rule.aggressive_min_ppm) == lead,
            AGGRESSIVE_PPM,
            f"aggressive ratio {_share(found.aggressive_ppm)}",
        ),
        (
            _sign(depth_ppm, rule.depth_min_ppm) == lead,
            DEPTH_PPM,
            f"level-2 imbalance {_share(depth_ppm)}",
        ),
        (
            found.intensity > rule.intensity_min,
            INTENSITY_PPM,
            f"intensity {found.intensity:.0f} a minute",
        ),
    ]
    return Score(
        direction=Direction.LONG if lead > 0 else Direction.SHORT,
        strength_ppm=abs(found.imbalance_ppm) if imbalance else _delta_strength_ppm(found, rule),
        confidence_ppm=sum(weight for agrees, weight, _ in agreeing if agrees),
        reason=", ".join(words for agrees, _, words in agreeing if agrees),
    )


def _delta_strength_ppm(found: Metrics, rule: FlowRule) -> int:
    """Return one half at the threshold of delta, rising to 1 at twice the threshold."""
    return min(abs(found.delta) * PPM // (2 * rule.delta_min), PPM)


def _sign(value: int, beyond: int) -> int:
    return (value > beyond) - (value < -beyond)


def _share(ppm: int) -> str:
    return f"{ppm / PPM:+.2f}"
