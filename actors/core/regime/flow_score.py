"""The order-flow score: four components, and points only for those that agree (domain 4.4).

Absorption, book and tape pull with a weight that grows with their ratio; the profile does not
pull. Their net decides the direction, and confidence adds up the points of the components that
point the same way. Adding all points whatever their direction would give full confidence to any
quarrel among them.

The score says how sure order flow is, for whoever weighs it against a context. It opens nothing by
itself: an entry that looks at order flow alone is that of the metrics, with stops by the
instrument and not of eight ticks whatever it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from protocol.patterns import FAMILY, Direction, Family, Pattern
from protocol.signals import PPM, FlowRegime, SignalRaised

ABSORPTION_POINTS_PPM, BOOK_POINTS_PPM = 300_000, 250_000
TAPE_POINTS_PPM, PROFILE_POINTS_PPM = 200_000, 250_000
NET_MIN_PPM = 500_000
# How many times one side is the other in a signal of strength 1.
ABSORPTION_RATIO, TAPE_RATIO, BOOK_RATIO_MAX = 5, 10, 10
ON_TAPE = frozenset({Pattern.TAPE_BUYING_ABSORPTION, Pattern.TAPE_SELLING_ABSORPTION})


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


def evidence_of(signals: Iterable[SignalRaised], profile: Direction) -> FlowEvidence:
    """Return what signals say: absorption in bars, absorption on the tape, the book's metrics.

    Of several signals of one component the strongest speaks for it, the first of equal ones.
    """
    strongest: dict[str, SignalRaised] = {}
    for signal in signals:
        component = _component(signal.pattern)
        held = strongest.get(component)
        if held is None or signal.strength_ppm > held.strength_ppm:
            strongest[component] = signal
    pulls = {component: _pull(signal) for component, signal in strongest.items()}
    return FlowEvidence(
        absorption=pulls.get("absorption"),
        book=pulls.get("book"),
        tape=pulls.get("tape"),
        profile=profile,
    )


def _component(pattern: Pattern) -> str:
    if FAMILY[pattern] is Family.FLOW:
        return "book"
    if pattern in ON_TAPE:
        return "tape"
    return "absorption" if FAMILY[pattern] is Family.ABSORPTION else ""


def _pull(signal: SignalRaised) -> Pull:
    """Return the pull of a signal; the strength of the book is (bid - ask) / (bid + ask)."""
    strength = signal.strength_ppm
    if FAMILY[signal.pattern] is Family.FLOW:
        ratio_ppm = min((PPM + strength) * PPM // max(PPM - strength, 1), BOOK_RATIO_MAX * PPM)
    else:
        ratio_ppm = strength * (TAPE_RATIO if signal.pattern in ON_TAPE else ABSORPTION_RATIO)
    return Pull(signal.direction, ratio_ppm)


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
