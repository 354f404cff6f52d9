"""The order-flow score: four components, and points only for those that agree (domain 4.4).

Absorption, book and tape pull with a weight that grows with their ratio; the profile does not
pull. Their net decides the direction, and confidence adds up the points of the components that
point the same way. Adding all points whatever their direction would give full confidence to any
quarrel among them.
"""

from dataclasses import dataclass

from protocol.patterns import Direction
from protocol.signals import PPM, FlowRegime

ABSORPTION_POINTS_PPM, BOOK_POINTS_PPM = 300_000, 250_000
TAPE_POINTS_PPM, PROFILE_POINTS_PPM = 200_000, 250_000
NET_MIN_PPM = 500_000
CONFIDENCE_MIN_PPM = 600_000
STOP_TICKS, TARGET_TICKS = 8, 16


@dataclass(frozen=True, slots=True)
class Pull:
    """One component: which way it points and how many times one side outweighs the other."""

    direction: Direction
    ratio_ppm: int

    def __post_init__(self) -> None:
        if self.ratio_ppm < 0:
            raise ValueError(f"ratio {self.ratio_ppm} ppm, wanted at least 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowEvidence:
    """What was seen; a component that is absent neither pulls nor gives points."""

    absorption: Pull | None = None
    book: Pull | None = None
    tape: Pull | None = None
    profile: Direction = Direction.NONE  # What the location supports: `supported`.


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowScore:
    """The verdict; ppm."""

    direction: Direction  # NONE where the net is too small.
    net_ppm: int  # Of the weights, long less short.
    confidence_ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowEntry:
    """The entry that a score is enough for."""

    direction: Direction
    confidence_ppm: int
    stop_ticks: int
    target_ticks: int


def flow_score(evidence: FlowEvidence) -> FlowScore:
    """Return the direction of the net pull and the confidence of those that agree with it."""
    weighed = (
        (evidence.absorption, 3, 2 * PPM, ABSORPTION_POINTS_PPM),
        (evidence.book, 2, 3 * PPM // 2, BOOK_POINTS_PPM),
        (evidence.tape, 2, 3 * PPM // 2, TAPE_POINTS_PPM),
    )
    pulls = [
        (pull.direction, min(pull.ratio_ppm // divisor, weight_max), points)
        for pull, divisor, weight_max, points in weighed
        if pull is not None
    ]
    net = sum(_SIGN[direction] * weight for direction, weight, _ in pulls)
    if abs(net) < NET_MIN_PPM:
        return FlowScore(direction=Direction.NONE, net_ppm=net, confidence_ppm=0)
    direction = Direction.LONG if net > 0 else Direction.SHORT
    confidence = sum(points for pointed, _, points in pulls if pointed is direction)
    if evidence.profile is direction:
        confidence += PROFILE_POINTS_PPM
    return FlowScore(direction=direction, net_ppm=net, confidence_ppm=confidence)


def flow_entry(score: FlowScore) -> FlowEntry | None:
    """Return the entry for a score with a direction and enough confidence; None otherwise."""
    if score.direction is Direction.NONE or score.confidence_ppm < CONFIDENCE_MIN_PPM:
        return None
    return FlowEntry(
        direction=score.direction,
        confidence_ppm=score.confidence_ppm,
        stop_ticks=STOP_TICKS,
        target_ticks=TARGET_TICKS,
    )


def supported(
    flow: FlowRegime, close: int, value: tuple[int, int] | None, accepted: Direction
) -> Direction:
    """Return the direction that the location supports; prices in ticks, `value` low and high.

    In rotation, back into value from its edges; in a driven market, on beyond the edge that was
    accepted (`accepted`: on which side of value two closes were seen, NONE inside).
    """
    if value is None:
        return Direction.NONE
    low, high = value
    if flow is FlowRegime.ROTATIONAL:
        if close <= low and close < high:
            return Direction.LONG
        return Direction.SHORT if close >= high and close > low else Direction.NONE
    if flow is FlowRegime.BULLISH and close > high and accepted is Direction.LONG:
        return Direction.LONG
    if flow is FlowRegime.BEARISH and close < low and accepted is Direction.SHORT:
        return Direction.SHORT
    return Direction.NONE


_SIGN = {Direction.LONG: 1, Direction.SHORT: -1, Direction.NONE: 0}
