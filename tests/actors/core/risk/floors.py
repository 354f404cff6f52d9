"""A small honest desk before risk, and what risk may allow, worked out slowly from the facts."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from hypothesis import strategies as st

from actors.core.risk.holdings import client_id
from actors.core.session.calendar import NEW_YORK, trading_date
from actors.risk import RiskShell
from protocol.account import TradingHalted, TradingResumed
from protocol.desk import OrderStepped, Step
from protocol.fence import FenceCause, FenceClosed, FenceOpened
from protocol.instruments import instrument_of
from protocol.market import Cut, CutReason
from protocol.message import Message
from protocol.orders import (
    BracketApproved,
    BracketDenied,
    BracketEnded,
    ExitReason,
    FlattenOrdered,
    Leg,
    PositionChanged,
    PositionClosed,
    PositionOpened,
    StopCause,
)
from protocol.patterns import FAMILY, Direction, Pattern
from protocol.settings import Settings
from protocol.signals import FlowTurned, Regime, SignalApproved
from tests.makers import CONTRACT, at, make_approved, make_bar, make_closed

PATTERNS = {
    Direction.LONG: (Pattern.STACKED_BUY, Pattern.BUYING_ABSORPTION, Pattern.FLOW_BUYING),
    Direction.SHORT: (Pattern.STACKED_SELL, Pattern.SELLING_ABSORPTION, Pattern.FLOW_SELLING),
}
FLOW_STOPS = (12, 24)  # Of the metrics' signals; others take the instrument's.
SIGN = {Direction.LONG: 1, Direction.SHORT: -1}

STEP = st.one_of(
    st.tuples(st.just("bar"), st.integers(-30, 30)),
    st.tuples(st.just("signal"), st.integers(0, 2), st.booleans(), st.sampled_from(Regime)),
    st.tuples(st.just("cut"), st.sampled_from([1, 5, 5, 5, 60, 240, 1_440])),
    st.tuples(st.just("fill"), st.booleans()),
    st.tuples(st.just("leave"), st.booleans()),
    st.tuples(st.just("move"), st.integers(-8, 8)),
    st.tuples(st.just("end"), st.booleans()),
    st.tuples(st.just("cancel")),
    st.tuples(st.just("correct"), st.integers(-20_000, 20_000)),
    st.tuples(st.just("fence"), st.booleans()),
    st.tuples(st.just("turn"), st.booleans()),
    st.tuples(st.just("halt"), st.booleans()),
)
SIGNAL = st.tuples(
    st.just("signal"),
    st.integers(0, 2),
    st.booleans(),
    st.sampled_from([Regime.TRENDING_UP, Regime.RANGING, Regime.VOLATILE]),
)
# Single steps seldom make a round trip, so most of what is drawn is one, with a change of price.
TRADE = st.builds(
    lambda signals, whole, change, soon, leave: [
        *signals, ("cut", 5), ("fill", whole), ("bar", change), ("cut", soon), ("fill", True),
        *leave,
    ],
    st.lists(SIGNAL, min_size=1, max_size=2),
    st.booleans(),
    st.integers(-30, 30),
    st.sampled_from([1, 5]),
    st.sampled_from([[("leave", True)], [("leave", False), ("leave", True)], []]),
)  # fmt: skip
STEPS = st.lists(TRADE | TRADE | st.lists(STEP, max_size=3), min_size=4, max_size=14).map(
    lambda parts: [("bar", 0), ("cut", 1), *(step for part in parts for step in part)]
)


@dataclass(slots=True)
class Trip:
    """One bracket as the desk sees it."""

    approved: BracketApproved
    held: int = 0
    entered: int = 0
    entry_sum: int = 0  # Of what is held.
    gross: int = 0
    commission: int = 0
    stop: int = 0
    done: bool = False
    given_up: bool = False
    opened_ns: int = 0


@dataclass
class Desk:
    """Turns what risk decides into what a desk would tell, as the steps say."""

    settings: Settings
    ts_ns: int = at("09:35")
    price: int = 20_000
    number: int = 0
    trips: dict[str, Trip] = field(default_factory=dict)
    closed: list[PositionClosed] = field(default_factory=list)
    told: list[tuple[str, Message]] = field(default_factory=list)  # By stream, as risk reads it.
    fenced: bool = False
    halted_on: date | None = None
    turned: list[FlowTurned] = field(default_factory=list)  # Since the last cut.
    heard: list[FlowTurned] = field(default_factory=list)  # At the last cut.

    def live(self) -> Iterator[Trip]:
        return (trip for trip in self.trips.values() if not trip.done)

    def step(self, step: tuple[Any, ...], shell: RiskShell) -> list[Message]:
        """Do one step; return what risk answers, which only a cut brings."""
        self.number += 1
        match step:
            case ("bar", int(change)):
                self.price += change
                self._tell("bars", make_bar(close=self.price, end_ns=self.ts_ns), shell)
            case ("signal", int(which), bool(up), Regime() as regime):
                direction = Direction.LONG if up else Direction.SHORT
                stop, target = FLOW_STOPS if which == 2 else (0, 0)
                signal = make_approved(
                    signal_id=str(self.number),
                    direction=direction,
                    pattern=PATTERNS[direction][which],
                    regime=regime,
                    last_price=self.price,
                    stop_ticks=stop,
                    target_ticks=target,
                    ts_ns=self.ts_ns,
                )
                self._tell("router", signal, shell)
            case ("turn", bool(up)):
                against = Direction.LONG if up else Direction.SHORT
                said = FlowTurned(contract=CONTRACT, ts_ns=self.ts_ns, against=against, reason="")
                self.turned.append(said)
                self.turned.append(said)
                self._tell("detector", said, shell)
            case ("cut", int(minutes)):
                return self._cut(minutes, shell)
            case _:
                for fact in self._facts(step):
                    self._tell("desk", fact, shell)
        return []

    def _tell(self, stream: str, message: Message, shell: RiskShell) -> None:
        self.told.append((stream, message))
        shell.handlers[type(message), None](shell, message)

    def _cut(self, minutes: int, shell: RiskShell) -> list[Message]:
        self.turned, self.heard = [], self.turned
        self.ts_ns += minutes * 60 * 10**9
        cut = Cut(number=self.number, ts_ns=self.ts_ns, reason=CutReason.BAR)
        self.told.append(("cut", cut))
        answers = list(shell.on_cut(cut))
        for answer in answers:
            if isinstance(answer, BracketApproved):
                self.trips[answer.bracket_id] = Trip(answer)
        return answers

    def _facts(self, step: tuple[Any, ...]) -> Iterator[Message]:
        trip = next(self.live(), None)
        match step:
            case ("fill", bool(whole)) if trip is not None and not trip.given_up:
                yield from self._fill(trip, whole)
            case ("leave", bool(whole)) if trip is not None and trip.held:
                yield from self._leave(trip, whole)
            case ("move", int(ticks)) if trip is not None and trip.held:
                trip.stop += ticks
                yield self._changed(trip)
            case ("end", bool(rejected)) if trip is not None and not trip.entered:
                trip.done = True
                yield BracketEnded(
                    bracket_id=trip.approved.bracket_id, contract=trip.approved.contract,
                    ts_ns=self.ts_ns, reason="", rejected=rejected,
                )  # fmt: skip
            case ("cancel",) if trip is not None and 0 < trip.entered < trip.approved.quantity:
                trip.given_up = True
                yield OrderStepped(
                    client_id=client_id(trip.approved.bracket_id), number=1,
                    contract=trip.approved.contract, ts_ns=self.ts_ns, leg=Leg.ENTRY,
                    step=Step.CANCELLED, left=1, price=None, cause=None,
                )  # fmt: skip
            case ("correct", int(cents)) if self.closed:
                last = self.closed[-1]
                exec_id = f"{self.number}"
                changed = dataclasses.replace(last, pnl_cents=cents, exec_id=exec_id)
                self.closed[-1] = changed
                yield changed
            case ("fence", bool(close)):
                self.fenced = close
                kind = FenceClosed if close else FenceOpened
                yield kind(ts_ns=self.ts_ns, cause=FenceCause.LINK, detail="")
            case ("halt", bool(begins)):
                self.halted_on = trading_date(self.ts_ns) if begins else None
                if begins:
                    yield TradingHalted(
                        ts_ns=self.ts_ns, reason="person", day_pnl_cents=0, limit_cents=0
                    )
                else:
                    yield TradingResumed(ts_ns=self.ts_ns, reason="person")

    def _fill(self, trip: Trip, whole: bool) -> Iterator[Message]:
        left = trip.approved.quantity - trip.entered
        if not left:
            return
        count, first = left if whole else 1, not trip.entered
        trip.entered, trip.held = trip.entered + count, trip.held + count
        trip.opened_ns = trip.opened_ns or self.ts_ns
        trip.entry_sum += count * self.price
        trip.commission += count * self._own(trip).commission_cents
        trip.stop = self.price - SIGN[trip.approved.direction] * trip.approved.stop_ticks
        if first:
            yield PositionOpened(
                bracket_id=trip.approved.bracket_id, contract=trip.approved.contract,
                ts_ns=self.ts_ns, direction=trip.approved.direction, quantity=trip.held,
                entry_sum=trip.entry_sum, stop_price=trip.stop, target_price=0,
                exec_id=str(self.number), commission_cents=trip.commission,
            )  # fmt: skip
        else:
            yield self._changed(trip)

    def _leave(self, trip: Trip, whole: bool) -> Iterator[Message]:
        count = trip.held if whole else 1
        part = trip.entry_sum * count // trip.held
        ticks = SIGN[trip.approved.direction] * (count * self.price - part)
        trip.gross += ticks * self._own(trip).tick_cents_num
        trip.held, trip.entry_sum = trip.held - count, trip.entry_sum - part
        trip.commission += count * self._own(trip).commission_cents
        if trip.held:
            yield self._changed(trip)
            return
        trip.done = True
        self.closed.append(
            make_closed(
                bracket_id=trip.approved.bracket_id, contract=trip.approved.contract,
                ts_ns=self.ts_ns, direction=trip.approved.direction,
                pnl_cents=trip.gross - trip.commission, exec_id=str(self.number),
            )  # fmt: skip
        )
        yield self.closed[-1]

    def _changed(self, trip: Trip) -> PositionChanged:
        return PositionChanged(
            bracket_id=trip.approved.bracket_id, contract=trip.approved.contract,
            ts_ns=self.ts_ns, direction=trip.approved.direction, quantity=trip.held,
            entry_sum=trip.entry_sum, stop_price=trip.stop, target_price=0,
            stop_cause=StopCause.ANCHORED, realised_cents=trip.gross - trip.commission,
            commission_cents=trip.commission, exec_id=str(self.number),
        )  # fmt: skip

    def _own(self, trip: Trip) -> Any:
        return instrument_of(trip.approved.contract)


def day_cents(desk: Desk) -> int:
    """Return realised and unrealised of the trading date, from the desk's facts alone."""
    today = trading_date(desk.ts_ns)
    so_far: dict[str, int] = {}
    total = 0
    price = 20_000
    for stream, message in desk.told:
        if stream == "bars":
            price = message.close
        if not isinstance(message, PositionOpened | PositionChanged | PositionClosed):
            continue
        now = {
            PositionOpened: lambda m: -m.commission_cents,
            PositionChanged: lambda m: m.realised_cents,
            PositionClosed: lambda m: m.pnl_cents,
        }[type(message)](message)
        if trading_date(message.ts_ns) == today:
            total += now - so_far.get(message.bracket_id, 0)
        so_far[message.bracket_id] = now
    for trip in desk.live():
        ticks = SIGN[trip.approved.direction] * (price * trip.held - trip.entry_sum)
        total += ticks * instrument_of(trip.approved.contract).tick_cents_num
    return total


def complaints(
    desk: Desk, asked: list[SignalApproved], answers: list[Message]
) -> Iterator[str]:
    """Yield what is wrong with the answers of one cut, by the words of the domain."""
    ids = [a.signal_id for a in answers if isinstance(a, BracketApproved | BracketDenied)]
    if sorted(ids) != sorted(signal.signal_id for signal in asked):
        yield f"{len(asked)} signals, answers to {ids}"
    approved = [a for a in answers if isinstance(a, BracketApproved)]
    if len(approved) > 1:
        yield "more than one bracket at a cut"
    clock = datetime.fromtimestamp(desk.ts_ns // 10**9, NEW_YORK)
    minutes = clock.hour * 60 + clock.minute
    total = day_cents(desk)
    limit = round(desk.settings.risk.daily_loss_dollars * 100)
    held = [trip for trip in desk.live() if trip.approved not in approved]
    for bracket in approved:
        if not 575 <= minutes <= 945 or clock.weekday() > 4:
            yield f"entered at {clock}"
        if desk.fenced or desk.halted_on == trading_date(desk.ts_ns):
            yield "entered behind a fence or after a halt"
        if held:
            yield f"entered with {held}"
        closes = [c.ts_ns for c in desk.closed if c.contract == bracket.contract]
        since_ns = desk.ts_ns - max(closes, default=0)
        if bracket.stop_ticks == FLOW_STOPS[0] and since_ns < 300 * 10**9:
            yield f"entered by the metrics {since_ns} ns after a close"
        if total - bracket.risk_cents < -limit:
            yield f"{total} less {bracket.risk_cents} is beyond {limit}"
        own = instrument_of(bracket.contract)
        stop = (bracket.stop_ticks + 1) * own.tick_cents_num + 2 * own.commission_cents
        if bracket.risk_cents != stop * bracket.quantity:
            yield f"risk {bracket.risk_cents} of {bracket.quantity}"
        families = {FAMILY[s.pattern] for s in asked if s.direction is bracket.direction}
        most = 1 + (len(families) > 1) + 2 if desk.settings.tiers.enabled else 1
        if bracket.quantity > min(most, 3):
            yield f"size {bracket.quantity} of {families}"
        if {signal.direction for signal in asked} == set(SIGN):
            yield "entered on signals in both directions"
    # Cuts are at least as far apart as a flatten is ordered again, so each one has it.
    ordered = {a.contract for a in answers if isinstance(a, FlattenOrdered)}
    reasons = {a.reason for a in answers if isinstance(a, FlattenOrdered)}
    leave = total <= -limit or not 570 <= minutes < 955 or clock.weekday() > 4
    for trip in desk.live():
        said = [s for s in desk.heard if s.ts_ns - trip.opened_ns >= 10 * 10**9]
        against = trip.approved.direction in {s.against for s in said}
        turned = against and trip.approved.stop_ticks == FLOW_STOPS[0] and bool(trip.held)
        if turned and trip.approved.contract not in ordered:
            yield f"{trip.approved.contract} is held with the metrics against it"
        if not turned and ExitReason.FLOW_EXIT in reasons:
            yield f"{trip.approved.contract} is left at {clock} without the metrics against it"
        if leave and trip.approved.contract not in ordered:
            yield f"{trip.approved.contract} is held at {clock} with {total} and not flattened"


def fresh(settings: Settings) -> RiskShell:
    """Return a shell that has read nothing."""
    shell = RiskShell()
    shell.configure(settings, "")
    return shell


def replayed(settings: Settings, told: list[tuple[str, Message]]) -> tuple[RiskShell, list[Any]]:
    """Return a shell that read the same, and all it published."""
    shell = fresh(settings)
    published: list[Any] = []
    for stream, message in told:
        if stream == "cut":
            assert isinstance(message, Cut)
            published += shell.on_cut(message)
        else:
            shell.handlers[type(message), None](shell, message)
    return shell, published

