"""An engine that looks at every event on its own and remembers them all."""

from dataclasses import dataclass, field
from fractions import Fraction

from actors.core.flow.book import NO_MID, NOTHING, Book, Touch
from actors.core.flow.confirm import confirmed
from actors.core.flow.cooldown import Cooldown
from actors.core.flow.exits import flow_exit
from actors.core.flow.night import is_night
from actors.core.flow.rules import FlowRule
from actors.core.flow.score import Metrics, score
from actors.core.session.calendar import last_rth_open
from protocol.patterns import Direction
from tests.actors.core.flow.engines import SECOND, Change, Trade


@dataclass
class SlowEngine:
    """Takes one event at a time and answers every question from all of them."""

    rule: FlowRule
    trades: list[Trade] = field(default_factory=list)
    states: list[tuple[int, Touch]] = field(default_factory=list)
    found: list[tuple] = field(default_factory=list)  # Signals and metrics, in order.
    late: int = 0
    refused: int = 0
    end: int | None = None  # Of the open slice.
    floor: int | None = None  # What is earlier is late.

    def __post_init__(self) -> None:
        self.book, self.cooldown = Book(), Cooldown(self.rule.cooldown_ns)

    def trade(self, trade: Trade) -> None:
        if trade[3] < 1:
            self.refused += 1
        elif self.floor is not None and trade[0] < self.floor:
            self.late += 1
        else:
            self.advance(trade[0])
            self.trades.append(trade)

    def change(self, change: Change) -> None:
        floor = self.states[-1][0] if self.states else change[0]
        floor = floor if self.floor is None else max(floor, self.floor)
        ts = max(change[0], floor)
        self.late += ts != change[0]
        self.advance(ts)
        self.book.change(*change[1:])
        self.states.append((ts, self.book.touch))

    def advance(self, ts: int) -> None:
        step = self.rule.step_ns
        if self.end is not None and ts >= self.end:
            self.judge(self.end)
        if self.end is None or ts >= self.end:
            self.end = (ts // step + 1) * step
            self.floor = self.end - step

    def until(self, ts: int) -> None:
        if self.end is not None and ts >= self.end:
            self.judge(self.end)
            self.floor, self.end = self.end, None

    def judge(self, end: int) -> None:
        metrics, rule = self.measure(end), self.rule
        self.found.append(metrics)
        for held in (Direction.LONG, Direction.SHORT) * rule.exits:
            if (reason := flow_exit(metrics, held, rule)) is not None:
                self.found.append((end, held, reason))
        verdict = score(metrics, rule)
        mids = [self.mid(end - second * SECOND) for second in range(7, -1, -1)]
        if (
            verdict.direction is not Direction.NONE
            and verdict.confidence_ppm >= rule.confidence_min_ppm
            and self.price(end) is not None
            and (is_night(end) or not rule.night_only)
            and confirmed([m for m in mids if m is not None], verdict.direction, rule.confirmation)
            and self.cooldown.allows(end)
        ):
            self.cooldown.signalled(end)
            self.found.append((end, verdict, self.price(end), metrics.low_quality))

    def measure(self, end: int) -> Metrics:
        session = last_rth_open(end - 1)
        seen = [trade for trade in self.trades if end - self.rule.window_ns <= trade[0] < end]
        volume = {side: sum(size for *_, found, size in seen if found == side) for side in "BSU"}
        both = volume["B"] + volume["S"]
        return Metrics(
            imbalance_ppm=self.mean(end, 0),
            delta=sum(
                size * (side == "B") - size * (side == "S")
                for ts, _, side, size in self.trades
                if session <= ts < end
            ),
            aggressive_ppm=nearest(Fraction(volume["B"] - volume["S"], both or 1) * 1_000_000),
            depth_ppm=self.mean(end, 2) if self.rule.levels_known else None,
            intensity=len(seen) * 60 / (self.rule.window_ns / SECOND),
            buy_volume=volume["B"],
            sell_volume=volume["S"],
            low_quality=volume["U"] * 5 > both + volume["U"],
        )

    def mean(self, end: int, first: int) -> int:
        area = 0
        ends = [ts for ts, _ in self.states[1:]] + [end]
        for (ts, touch), until in zip(self.states, ends, strict=False):
            bid, ask = touch[first], touch[first + 1]
            length = min(until, end) - max(ts, end - self.rule.window_ns)
            if bid + ask and length > 0:
                area += nearest(Fraction((bid - ask) * 1_000_000, bid + ask)) * length
        return nearest(Fraction(area, self.rule.window_ns))

    def price(self, ts: int) -> int | None:
        before = [trade for trade in self.trades if trade[0] < ts]
        return max(enumerate(before), key=lambda at: (at[1][0], at[0]))[1][1] if before else None

    def mid(self, ts: int) -> int | None:
        touch = next((found for when, found in reversed(self.states) if when < ts), NOTHING)
        price = self.price(ts)
        if touch.twice_mid == NO_MID:
            return None if price is None else 2 * price
        return touch.twice_mid


def nearest(exact: Fraction) -> int:
    size = int(abs(exact) + Fraction(1, 2))
    return size if exact >= 0 else -size
