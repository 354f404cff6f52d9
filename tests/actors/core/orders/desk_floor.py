"""A desk in front of a venue that misbehaves: the driver of the seeded runs."""

from collections.abc import Iterable

import numpy as np

from actors.core.columns import Trades
from actors.core.orders.desk import decide, decide_all
from actors.core.orders.desk_rule import DeskRule
from actors.core.orders.desk_state import DeskState, Fact, apply
from actors.core.orders.faults import FaultRates, FaultyVenue
from actors.core.orders.fence import open_fence
from actors.core.orders.fills import PaperRule
from actors.core.orders.money import result_cents, tick_of
from actors.core.orders.paper import PaperExchange
from protocol.market import Cut, CutReason
from protocol.orders import (
    AccountAsked,
    BracketSubmitted,
    CancelSubmitted,
    EntryKind,
    ExitReason,
    FlattenOrdered,
    FlattenSubmitted,
    Leg,
    PositionClosed,
    StatusAsked,
)
from protocol.patterns import Direction
from protocol.reports import OrderFilled
from protocol.units import NANOS_PER_MS, NANOS_PER_S
from tests.makers import CONTRACT, at, make_bracket, make_trades

RULE = DeskRule(
    ack_ns=10 * NANOS_PER_S,
    attempts_max=3,
    backoff_ns=500 * NANOS_PER_MS,
    rest_ns=15 * NANOS_PER_S,
    flatten_ns=5 * NANOS_PER_S,
    protect_ns=5 * NANOS_PER_S,
    reconcile_ns=10 * NANOS_PER_S,
    losses_max=1_000_000,  # The storm cuts the line more often than any venue.
    losses_within_ns=600 * NANOS_PER_S,
)
PAPER = PaperRule(
    contract=CONTRACT,
    latency_ns=50 * NANOS_PER_MS,
    slippage_ticks=1,
    stop_slippage_ticks=1,
    target_fill="through",
    commission_cents=225,
    partial=True,
    displayed=10,
    depth_slippage=False,
)
STORM = FaultRates(
    command_lost=0.05,
    command_late=0.05,
    command_twice=0.05,
    refused=0.03,
    event_lost=0.05,
    event_late=0.08,
    event_twice=0.05,
    disconnect=0.003,
)
CUT_S = 2
COMMANDS = BracketSubmitted | CancelSubmitted | FlattenSubmitted | StatusAsked | AccountAsked


class Run:
    """One seeded run: a random walk, brackets now and then, a flatten now and then."""

    def __init__(self, seed: int, rates: FaultRates = STORM) -> None:
        self.dice = np.random.default_rng(seed)
        self.venue = FaultyVenue(PaperExchange(PAPER), seed, rates)
        self.state = DeskState()
        self.journal: list[Fact] = []
        self.now_ns = at("10:00")
        self.price = 20_000
        self.cut = 0
        self.brackets = 0
        self.approved: dict[str, int] = {}  # Contracts that risk allows, by bracket.

    def play(self, cuts: int) -> None:
        """Trade through `cuts` cuts in the storm, then as many as it takes in the calm."""
        for _ in range(cuts):
            self.step()
        self.venue.rates = FaultRates()
        self.end()

    def end(self) -> None:
        """Leave everything and wait until nothing moves any more."""
        for quiet in range(60):
            orders = [self.flatten(f"last-{quiet}")] if quiet % 20 == 0 else []
            self.step(orders, closing=True)

    def step(self, orders: Iterable[object] | None = None, closing: bool = False) -> None:
        """Let two seconds of trades pass and settle the cut behind them."""
        self.venue.trade(self.walk())
        self.now_ns += CUT_S * NANOS_PER_S
        for event in self.venue.deliver(self.now_ns):
            self.record(decide(self.state, event, RULE))
        self.cut += 1
        cut = Cut(number=self.cut, ts_ns=self.now_ns, reason=CutReason.BAR)
        wishes = self.wishes() if orders is None else orders
        if not closing:
            self.look()
        self.record(decide_all(self.state, [*wishes, cut], RULE))
        for bracket in self.state.open.values():
            bare_ns = bracket.naked_ns if bracket.naked_ns is not None else self.now_ns
            within = self.now_ns - bare_ns < RULE.protect_ns
            assert within or CONTRACT in self.state.leaving, "nothing protects a position"
        if self.dice.random() < 0.1:
            self.restart()

    def record(self, facts: list[Fact]) -> None:
        """Record, fold, then send, as the shell does."""
        for fact in facts:
            self.journal.append(fact)
            apply(self.state, fact)
        for fact in facts:
            if isinstance(fact, COMMANDS):
                self.venue.send(fact)

    def restart(self) -> None:
        """Fold the journal anew; nothing else is left of a desk that died."""
        again = DeskState()
        for fact in self.journal:
            apply(again, fact)
        assert again == self.state
        self.state = again

    def look(self) -> None:
        """A person opens the fence now and then, once the books have agreed."""
        if self.state.fence and not self.state.differing and self.dice.random() < 0.05:
            for cause in list(self.state.fence):
                self.record([*open_fence(self.state, cause, self.now_ns, "me", "looked")])

    def wishes(self) -> list[object]:
        """Return what risk orders at a cut: mostly nothing."""
        dice = self.dice.random()
        if dice < 0.02:
            return [self.flatten(f"flatten-{self.cut}")]
        if dice > 0.3 or len(self.state.open) > 1:
            return []
        self.brackets += 1
        long = self.dice.random() < 0.5
        limit = self.dice.random() < 0.3
        quantity = int(self.dice.integers(1, 4))
        self.approved[f"bracket-{self.brackets}"] = quantity
        return [
            make_bracket(
                bracket_id=f"bracket-{self.brackets}",
                ts_ns=self.now_ns,
                direction=Direction.LONG if long else Direction.SHORT,
                quantity=quantity,
                entry=EntryKind.LIMIT if limit else EntryKind.MARKET,
                limit_price=self.price + (-1 if long else 1) if limit else None,
                expires_ns=self.now_ns + 40 * NANOS_PER_S if limit else None,
                stop_ticks=4,
                target_ticks=6,
                breakeven_ticks=3 if self.dice.random() < 0.3 else 0,
                breakeven_offset_ticks=1,
            )
        ]

    def flatten(self, flatten_id: str) -> FlattenOrdered:
        """Return an order of risk to leave everything."""
        return FlattenOrdered(
            flatten_id=flatten_id,
            contract=CONTRACT,
            ts_ns=self.now_ns,
            reason=ExitReason.AUTO_FLATTEN,
        )

    def walk(self) -> Trades:
        """Return two seconds of a random walk of single contracts."""
        count = int(self.dice.integers(4, 12))
        offsets = np.sort(self.dice.integers(1, CUT_S * NANOS_PER_S, count))
        prices = self.price + np.cumsum(self.dice.integers(-1, 2, count))
        self.price = int(prices[-1])
        rows = zip(offsets.tolist(), prices.tolist(), strict=True)
        return make_trades([(self.now_ns + ns, price, "B", 1) for ns, price in rows])

    def said(self) -> list[OrderFilled]:
        """Return every execution at the exchange."""
        orders = self.venue.exchange.state.orders.values()
        return [fact for said in orders for fact in said if isinstance(fact, OrderFilled)]

    def entered(self) -> dict[str, int]:
        """Return the contracts that were entered at the exchange, by bracket."""
        brackets = {
            fact.client_id: fact.bracket_id
            for fact in self.journal if isinstance(fact, BracketSubmitted)
        }  # fmt: skip
        entered: dict[str, int] = {}
        for fill in self.said():
            if fill.leg is Leg.ENTRY:
                bracket = brackets[fill.client_id]
                entered[bracket] = entered.get(bracket, 0) + fill.quantity
        return entered

    def closed(self) -> dict[str, PositionClosed]:
        """Return the last word on each round trip."""
        trips = (fact for fact in self.journal if isinstance(fact, PositionClosed))
        return {trip.bracket_id: trip for trip in trips}

    def cash_cents(self) -> int:
        """Return what the fills at the exchange come to; everything must be left."""
        ticks = sum(
            fill.price * fill.quantity
            * (1 if (fill.leg is Leg.ENTRY) is (fill.direction is Direction.SHORT) else -1)
            for fill in self.said()
        )
        gross = result_cents(ticks, 1, tick_of(CONTRACT))
        return gross - sum(fill.commission_cents for fill in self.said())
