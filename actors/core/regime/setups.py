"""Setups of the flow regime, recommended and followed to their end (domain 4.4).

A recommendation needs its location (plans.py), a context confidence at the floor or above, and
order flow that confirmed it within five minutes: for a fade exhaustion, absorption or lack of
participation at or beyond the level, for a move initiative or stacked imbalance. Order flow adds a
little and can forbid: the evidence that could confirm a setup of the other side vetoes this one.
How sure it is says the order-flow score (flow_score.py), or the heaviest signal where that is more:
the score needs the book to be sure of anything, and one strong signal against a setup is enough.
The weight of a signal is strength times confidence. Signals too weak to act on, or with sides that
cannot be trusted, count on neither side.

Recommendations are advice. One evaluation per bar of decision is all there is, so no debounce.
"""

from collections import deque
from dataclasses import dataclass

from actors.core.ids import derived_id
from actors.core.regime.condition import UNKNOWN_AUCTION, AuctionContext
from actors.core.regime.flow_score import FlowScore, evidence_of, flow_score, supported
from actors.core.regime.plans import Break, Plan, PlanRule, broken, plans, view
from actors.core.session.calendar import trading_date
from protocol.patterns import FAMILY, Direction, Family, Pattern
from protocol.settings import SetupSettings
from protocol.signals import (
    PPM,
    ConditionJudged,
    SetupEnd,
    SetupEnded,
    SetupRecommended,
    SignalRaised,
)
from protocol.units import NANOS_PER_S, Nanos, Ticks

SIGNALS_MAX = 4_096  # Of five minutes: far more than ever stood.
SAME_TICKS = 1  # Within it two prices of one setup are the same.
SIDES = (Direction.LONG, Direction.SHORT)
SIGN = {Direction.LONG: 1, Direction.SHORT: -1, Direction.NONE: 0}
TURNS = frozenset(
    pattern
    for pattern, family in FAMILY.items()
    if family in (Family.EXHAUSTION, Family.ABSORPTION, Family.PARTICIPATION)
)
MOVES = frozenset(
    {
        Pattern.STACKED_BUY,
        Pattern.STACKED_SELL,
        Pattern.INITIATIVE_BUYING,
        Pattern.INITIATIVE_SELLING,
    }
)
CONFIRMING = TURNS | MOVES
METRICS = frozenset(pattern for pattern, family in FAMILY.items() if family is Family.FLOW)
EVIDENCE = CONFIRMING | METRICS


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupRule:
    """What is recommended and for how long."""

    enabled: bool
    confidence_min_ppm: int
    boost_max_ppm: int
    veto_ppm: int
    confirm_ns: int
    life_ns: int
    recommendations_max: int
    reward_min_ppm: int  # To the first target, in millionths of the risk.
    low_quality_allowed: bool
    plan: PlanRule

    @classmethod
    def of(cls, settings: SetupSettings, low_quality_allowed: bool) -> "SetupRule":
        """Return the rule of the settings; low quality counts where entries on it are allowed."""
        return cls(
            enabled=settings.enabled,
            confidence_min_ppm=round(settings.confidence_min * PPM),
            boost_max_ppm=round(settings.boost_max * PPM),
            veto_ppm=round(settings.veto * PPM),
            confirm_ns=settings.confirm_s * NANOS_PER_S,
            life_ns=settings.life_s * NANOS_PER_S,
            recommendations_max=settings.recommendations_max,
            reward_min_ppm=round(settings.reward_min * PPM),
            low_quality_allowed=low_quality_allowed,
            plan=PlanRule(
                fade_ppm=round(settings.fade * PPM),
                bounce_ppm=round(settings.bounce * PPM),
                breakout_ppm=round(settings.breakout * PPM),
            ),
        )


class Setups:
    """Recommends setups of one symbol, and says when each stands no longer."""

    def __init__(self, rule: SetupRule) -> None:
        self.rule = rule
        self.signals: deque[SignalRaised] = deque(maxlen=SIGNALS_MAX)
        self.standing: list[SetupRecommended] = []  # The oldest first.
        self.last: ConditionJudged | None = None
        self.breaks = dict.fromkeys(SIDES, Break())

    def signal(self, signal: SignalRaised) -> None:
        """Remember what may confirm or forbid a setup."""
        trusted = self.rule.low_quality_allowed or not signal.low_quality
        if signal.pattern in EVIDENCE and signal.actionable and trusted:
            self.signals.append(signal)

    def condition(
        self, judged: ConditionJudged, auction: AuctionContext = UNKNOWN_AUCTION
    ) -> list[SetupRecommended | SetupEnded]:
        """Return what ended by this bar, then what is recommended at its close."""
        if not self.rule.enabled:
            return []
        ended = self._begin(judged)
        for standing in list(self.standing):
            reason = _end(standing, judged)
            if reason is not None:
                ended.append(self._ended(standing, judged.ts_ns, reason))
        answers: list[SetupRecommended | SetupEnded] = [*ended]
        for direction in SIDES:
            composite = auction.composite_low, auction.composite_high
            seen = view(judged, composite, SIGN[direction])
            before = self.breaks[direction]
            now = self.breaks[direction] = broken(before, seen)
            if auction.bias in (direction, Direction.NONE):
                for plan in plans(judged.flow, seen, before, now, direction, self.rule.plan):
                    answers += self._recommended(plan, judged)
        return answers

    def _begin(self, judged: ConditionJudged) -> list[SetupEnded]:
        """Forget what does not reach into this bar: another contract, another day, old signals."""
        last, self.last = self.last, judged
        ended = []
        if last is not None and last.contract != judged.contract:
            for standing in list(self.standing):
                ended.append(self._ended(standing, judged.ts_ns, SetupEnd.CONTRACT_CHANGED))
        elif last is not None and judged.ts_ns < last.ts_ns:
            raise ValueError(f"a condition at {judged.ts_ns}, wanted {last.ts_ns} or later")
        # An end at 17:00 belongs to the day that it ends.
        same_day = last is not None and _day(last) == _day(judged)
        if last is None or last.contract != judged.contract or not same_day:
            self.breaks = dict.fromkeys(SIDES, Break())
        fresh = (
            signal
            for signal in self.signals
            if signal.contract == judged.contract
            and signal.ts_ns >= judged.ts_ns - self.rule.confirm_ns
        )
        self.signals = deque(fresh, SIGNALS_MAX)
        return ended

    def _recommended(
        self, plan: Plan, judged: ConditionJudged
    ) -> list[SetupRecommended | SetupEnded]:
        """Return the recommendation of a plan if everything holds, after what it crowds out."""
        sign = SIGN[plan.direction]
        risk, reward = sign * (plan.entry - plan.stop), sign * (plan.target_1 - plan.entry)
        worth = risk > 0 and reward * PPM >= risk * self.rule.reward_min_ppm
        if not worth or plan.confidence_ppm < self.rule.confidence_min_ppm or self._same(plan):
            return []
        given = [signal for signal in self.signals if signal.ts_ns <= judged.ts_ns]
        for_it = max((s for s in given if _confirms(s, plan)), key=_weight, default=None)
        opposed = (s for s in given if s.pattern in CONFIRMING and SIGN[s.direction] == -sign)
        against = max((_weight(s) for s in opposed), default=0)
        score = self._score(given, judged)
        if SIGN[score.direction] == -sign:
            against = max(against, score.confidence_ppm)
        if for_it is None or against > self.rule.veto_ppm:
            return []
        sure = score.confidence_ppm if score.direction is plan.direction else 0
        recommended = self._recommendation(plan, judged, for_it, max(sure, _weight(for_it)))
        crowded = []
        while len(self.standing) >= self.rule.recommendations_max:
            oldest = self.standing[0]
            crowded.append(self._ended(oldest, judged.ts_ns, SetupEnd.CROWDED_OUT))
        self.standing.append(recommended)
        return [*crowded, recommended]

    def _score(self, given: list[SignalRaised], judged: ConditionJudged) -> FlowScore:
        """Return what all signals say together at the location of this close."""
        low, high = judged.value_low, judged.value_high
        value = None if low is None or high is None else (low, high)
        held = [direction for direction in SIDES if self.breaks[direction].accepted]
        accepted = held[0] if held else Direction.NONE
        profile = supported(judged.flow, judged.close, value, accepted)
        return flow_score(evidence_of(given, profile))

    def _recommendation(
        self, plan: Plan, judged: ConditionJudged, signal: SignalRaised, sure_ppm: int
    ) -> SetupRecommended:
        boost = min(self.rule.boost_max_ppm, self.rule.boost_max_ppm * sure_ppm // PPM)
        facts = (judged.contract, plan.setup, judged.ts_ns, plan.entry)
        return SetupRecommended(
            id=derived_id("setup", *facts),
            contract=judged.contract,
            ts_ns=judged.ts_ns,
            setup=plan.setup,
            direction=plan.direction,
            entry=Ticks(plan.entry),
            stop=Ticks(plan.stop),
            target_1=Ticks(plan.target_1),
            target_2=Ticks(plan.target_2),
            confidence_ppm=min(PPM, plan.confidence_ppm + boost),
            size_ppm=plan.size_ppm,
            expires_ns=Nanos(judged.ts_ns + self.rule.life_ns),
            synthetic=signal.synthetic,
            reason=f"{judged.flow} at {plan.level}, {signal.pattern} {_weight(signal) / PPM:.2f}",
        )

    def _same(self, plan: Plan) -> bool:
        """Return whether the same setup stands already, at this price or a tick from it."""
        return any(
            (standing.setup, standing.direction) == (plan.setup, plan.direction)
            and abs(standing.entry - plan.entry) <= SAME_TICKS
            for standing in self.standing
        )

    def _ended(self, standing: SetupRecommended, ts_ns: Nanos, reason: SetupEnd) -> SetupEnded:
        self.standing.remove(standing)
        return SetupEnded(
            id=standing.id,
            contract=standing.contract,
            ts_ns=ts_ns,
            setup=standing.setup,
            reason=reason,
        )


def _end(standing: SetupRecommended, judged: ConditionJudged) -> SetupEnd | None:
    """Return why a recommendation ends with this bar; of stop and target in one bar the stop.

    What a bar did that ends after the recommendation may lie after it, too: that bar is no stop.
    """
    long = standing.direction is Direction.LONG
    if judged.ts_ns > standing.expires_ns:
        return SetupEnd.EXPIRED
    if judged.low <= standing.stop if long else judged.high >= standing.stop:
        return SetupEnd.STOPPED
    if judged.high >= standing.target_2 if long else judged.low <= standing.target_2:
        return SetupEnd.TARGET_REACHED
    return SetupEnd.EXPIRED if judged.ts_ns == standing.expires_ns else None


def _confirms(signal: SignalRaised, plan: Plan) -> bool:
    """Return whether a signal speaks for a plan, and at the right place."""
    if signal.direction is not plan.direction:
        return False
    if not plan.fades:
        return signal.pattern in MOVES
    beyond = SIGN[plan.direction] * (plan.level - signal.ref_price)
    return signal.pattern in TURNS and beyond >= -plan.reach


def _weight(signal: SignalRaised) -> int:
    return signal.strength_ppm * signal.confidence_ppm // PPM


def _day(judged: ConditionJudged) -> object:
    return trading_date(judged.ts_ns - 1)
