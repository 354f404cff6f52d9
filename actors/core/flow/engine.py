"""The metric engine: raises FLOW_BUYING and FLOW_SELLING from trades and book (domain 3).

Event time is laid out in slices of `step_ns`, from multiples of it since 1970. A slice is judged
when a trade or a change of the book at or after its end arrives, or a cut that promises that there
is no earlier one, and what counts is what was known before that: everything with an earlier time
that had arrived. A slice in which nothing happened is
not judged: nothing new can be learnt from it, and over a weekend there are thousands.

So how trades and changes are cut into batches does not matter, and neither does which of the two
comes first, as long as both have brought a slice before either goes on to the next. Where they
have not, a trade from before the open slice is counted as late and left out. A late change of the
book is counted too but never left out, since the book would stay wrong: it takes effect at the
time of the change before it, or at the start of the open slice.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from actors.core.columns import Trades, falls
from actors.core.flow.confirm import SAMPLES, Confirmation, confirmed
from actors.core.flow.cooldown import Cooldown
from actors.core.flow.exits import flow_exit
from actors.core.flow.liquidity import LINGER_SAMPLES_MIN, LiquidityZones
from actors.core.flow.measure import measure
from actors.core.flow.metrics import session_starts
from actors.core.flow.night import is_night
from actors.core.flow.rules import FlowRule
from actors.core.flow.score import Metrics, Score, score
from actors.core.flow.stops import FlowBracket, bracket
from actors.core.flow.windows import NEVER, BookSteps, BookWindow, Tape, TradeWindow
from actors.core.ids import derived_id
from actors.core.orders.money import SIGN
from protocol.market import DepthBatch
from protocol.patterns import Direction, Pattern
from protocol.signals import FlowTurned, SignalRaised
from protocol.units import NANOS_PER_S, Nanos, Ticks

SERIES = "trades"
Found = list[SignalRaised | FlowTurned]
PATTERN = {Direction.LONG: Pattern.FLOW_BUYING, Direction.SHORT: Pattern.FLOW_SELLING}


class FlowEngine:
    """Judges the flow of one contract. A new contract needs a new engine.

    `metrics` are those of the last slice judged, for whoever looks.
    """

    def __init__(self, rule: FlowRule, contract: str, simulated: bool) -> None:
        self.rule = rule
        self.contract = contract
        self.simulated = simulated
        self.cooldown = Cooldown(rule.cooldown_ns)
        self.zones = None if rule.zones is None else LiquidityZones(rule.zones)
        self.metrics: Metrics | None = None
        self.trades = TradeWindow()
        self.book = BookWindow()
        self.slice_end_ns = NEVER  # Of the slice still open; NEVER where none is.
        self.frontier_ns = NEVER  # What is earlier comes too late to be judged.
        self.sampled_ns = NEVER  # Of the last price that the zones have seen.
        self.depth_ns = NEVER  # Of the last change of the book.
        self.late = 0  # Trades left out and changes moved.
        self.refused = 0  # Trades of no size.

    def add_trades(self, trades: Trades) -> Found:
        """Take in trades in the order of arrival and return what the slices ended came to."""
        found: Found = []
        start = 0
        for stop in _stops(trades):
            if trades.size[start] < 1:
                self.refused += 1
            else:
                found += self._add_ordered(trades.slice(start, stop))
            start = stop
        return found

    def add_depth(self, depth: DepthBatch) -> Found:
        """Take in changes of the book and return what the slices ended came to."""
        if (depth.contract, depth.simulated) != (self.contract, self.simulated):
            raise ValueError(
                f"depth of {depth.contract}, simulated {depth.simulated};"
                f" wanted {self.contract}, simulated {self.simulated}"
            )
        if len(depth) == 0:
            return []
        sent = np.frombuffer(depth.ts_event, "<i8")
        floor = np.int64(max(self.depth_ns, self.frontier_ns))
        ts = np.maximum.accumulate(np.maximum(sent, floor))
        self.late += int(np.count_nonzero(ts != sent))
        self.depth_ns = int(ts[-1])
        self.book.add(depth, ts)
        return self._judge_before(ts)

    def lose_book(self) -> None:
        """Take note that nobody knows the book any more: its next changes tell all of it anew.

        What says so has no time; the book counts as lost since its last change.
        """
        if self.depth_ns != NEVER:
            self.depth_ns = max(self.depth_ns, self.frontier_ns)
            self.book.lose(self.depth_ns)

    def until(self, ts_ns: int) -> Found:
        """Return what the open slice came to if it is over at `ts_ns`.

        Whoever asks promises that all trades and changes before `ts_ns` have been taken in.
        """
        end_ns = self.slice_end_ns
        if end_ns == NEVER or ts_ns < end_ns:
            return []
        self.slice_end_ns, self.frontier_ns = NEVER, end_ns
        return self._judge_ends([end_ns], end_ns + self.rule.step_ns)

    def _add_ordered(self, trades: Trades) -> Found:
        frontier = self.frontier_ns
        if trades.ts_event[0] < frontier:
            late = int(np.searchsorted(trades.ts_event, frontier))
            self.late += late
            trades = trades.slice(late, len(trades))
            if len(trades) == 0:
                return []
        self.trades.add(trades)
        return self._judge_before(trades.ts_event)

    def _judge_before(self, ts: NDArray[np.int64]) -> Found:
        """Judge the slices that ended before or at the times `ts`, which never fall."""
        step = self.rule.step_ns
        if self.slice_end_ns == NEVER:
            self._open((int(ts[0]) // step + 1) * step)
        if ts[-1] < self.slice_end_ns:
            return []
        numbers = ts[np.searchsorted(ts, self.slice_end_ns) :] // step
        opened = numbers[np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))]
        ends = [self.slice_end_ns, *((opened + 1) * step).tolist()]
        self._open(ends.pop())
        return self._judge_ends(ends, self.slice_end_ns)

    def _open(self, end_ns: int) -> None:
        self.slice_end_ns, self.frontier_ns = end_ns, end_ns - self.rule.step_ns

    def _judge_ends(self, ends: list[int], next_ns: int) -> Found:
        """Judge the slices of `ends`; the next one to be judged ends at `next_ns` or later."""
        tape, book = self.trades.join(), self.book.join()
        judged: Found = []
        for end_ns, found in zip(ends, measure(tape, book, ends, self.rule), strict=True):
            if book.lost(end_ns):
                found = replace(found, depth_ppm=None)
            self.metrics = found
            self._sample(end_ns, tape, book)
            judged += [*self._turned(end_ns, found), *self._judge(end_ns, found, tape, book)]
        # The next slice sees back this far, and a confirmation or a zone its eight seconds.
        sees = max(self.rule.window_ns, self.rule.step_ns + SAMPLES * NANOS_PER_S)
        since = session_starts(np.array([next_ns], np.int64))
        self.trades.forget(next_ns - sees, int(since[0]))
        self.book.forget(next_ns - sees)
        return judged

    def _sample(self, end_ns: int, tape: Tape, book: BookSteps) -> None:
        """Show the zones one price for every second since the last slice.

        Of a time in which nothing happened they see no more than makes a stay.
        """
        if self.zones is None:
            return
        quiet_ns = end_ns - self.rule.step_ns - LINGER_SAMPLES_MIN * NANOS_PER_S
        first_ns = max(self.sampled_ns, quiet_ns) + NANOS_PER_S
        self.sampled_ns = end_ns
        for instant in range(first_ns, end_ns + 1, NANOS_PER_S):
            half_ticks = price_at(instant, tape, book)
            if half_ticks is not None:
                self.zones.add(half_ticks)

    def _turned(self, end_ns: int, found: Metrics) -> list[FlowTurned]:
        """Return the direction that the metrics oppose; never both at once."""
        if not self.rule.exits:
            return []
        reasons = ((held, flow_exit(found, held, self.rule)) for held in SIGN)
        return [
            FlowTurned(contract=self.contract, ts_ns=Nanos(end_ns), against=held, reason=reason)
            for held, reason in reasons
            if reason is not None
        ]

    def _judge(
        self, end_ns: int, found: Metrics, tape: Tape, book: BookSteps
    ) -> list[SignalRaised]:
        verdict = score(found, self.rule)
        price = tape.last_price(end_ns)
        if (
            verdict.direction is Direction.NONE
            or verdict.confidence_ppm < self.rule.confidence_min_ppm
            or price is None  # A market without a trade has no price to act at.
            or (self.rule.night_only and not is_night(end_ns))
            or not self._confirmed(end_ns, verdict.direction, tape, book)
            or not self.cooldown.allows(end_ns)
        ):
            return []
        self.cooldown.signalled(end_ns)
        stops = bracket(price, verdict.direction, self.rule.stops, self.zones)
        return [self._raised(end_ns, verdict, price, stops, found.low_quality)]

    def _confirmed(
        self, end_ns: int, direction: Direction, tape: Tape, book: BookSteps
    ) -> bool:
        if self.rule.confirmation is Confirmation.OFF:
            return True
        return confirmed(samples(end_ns, tape, book), direction, self.rule.confirmation)

    def _raised(
        self, end_ns: int, verdict: Score, price: int, stops: FlowBracket, low_quality: bool
    ) -> SignalRaised:
        pattern = PATTERN[verdict.direction]
        return SignalRaised(
            id=derived_id(self.contract, SERIES, pattern, end_ns, price),
            contract=self.contract,
            series=SERIES,
            ts_ns=Nanos(end_ns),
            pattern=pattern,
            direction=verdict.direction,
            strength_ppm=verdict.strength_ppm,
            confidence_ppm=verdict.confidence_ppm,
            actionable=True,
            ref_price=Ticks(price),
            last_price=Ticks(price),
            zone_low=Ticks(price),
            zone_high=Ticks(price),
            stop_ticks=stops.stop_ticks,
            target_ticks=stops.target_ticks,
            detail=f"{verdict.reason}, {stops.risk_cents / 100:,.2f} dollars at risk",
            low_quality=low_quality,
            synthetic=self.simulated,
        )


def samples(end_ns: int, tape: Tape, book: BookSteps) -> list[int]:
    """Return the mids of the last eight seconds in half ticks, one a second, oldest first."""
    instants = range(end_ns - (SAMPLES - 1) * NANOS_PER_S, end_ns + 1, NANOS_PER_S)
    prices = (price_at(instant, tape, book) for instant in instants)
    return [price for price in prices if price is not None]


def price_at(ts_ns: int, tape: Tape, book: BookSteps) -> int | None:
    """Return the mid just before `ts_ns` in half ticks.

    Where the book has no mid the last trade stands for it; where there is neither, nothing.
    """
    twice = book.mid(ts_ns)
    if twice is not None:
        return twice
    price = tape.last_price(ts_ns)
    return None if price is None else 2 * price


def _stops(trades: Trades) -> list[int]:
    """Return where to cut trades: where time falls, and around each trade without a size."""
    if len(trades) == 0:
        return []
    stops = {*falls(trades.ts_event).tolist(), len(trades)}
    if int(trades.size.min()) < 1:
        sizeless = np.flatnonzero(trades.size < 1).tolist()
        stops.update(sizeless, [row + 1 for row in sizeless])
    return sorted(stops - {0})
