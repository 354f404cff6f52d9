"""Engines for the tests of the flow, what happens on their market, and how they are told."""

from actors.core.flow.engine import FlowEngine
from actors.core.flow.rules import FlowRule
from protocol.instruments import instrument
from protocol.pattern_settings import FlowSettings
from protocol.units import NANOS_PER_S
from tests.actors.core.flow.books import ASK, BID, make_depth, make_rule
from tests.makers import CONTRACT, at, make_trades

SECOND = NANOS_PER_S
START = at("10:00")
Trade = tuple[int, int, str, int]  # Time, price, side "B", "S" or "U", size.
Change = tuple[int, int, int, int]  # Time, side, price, size.


def engine_of(rule: FlowRule | None = None, simulated: bool = False) -> FlowEngine:
    return FlowEngine(rule or make_rule(), CONTRACT, simulated)


def gold(**settings: object) -> FlowEngine:
    rule = FlowRule.of(FlowSettings(exits=False, **settings), instrument("GC"))
    return FlowEngine(rule, "GCZ5", False)


def bullish(start: int = START) -> tuple[list[Change], list[Trade]]:
    """A book of nine to one and a minute of buying, two trades a second."""
    book = [(start, BID, 400, 90), (start, ASK, 401, 10)]
    return book, [(start + 1 + i * SECOND // 2, 401, "B", 10) for i in range(122)]


def feed(engine: FlowEngine, changes: list[Change], trades: list[Trade]) -> list:
    """Feed both streams in order of time, one event at a time."""
    events = sorted([*((c[0], 0, c) for c in changes), *((t[0], 1, t) for t in trades)],
                    key=lambda event: event[:2])  # fmt: skip
    return [signal for _, _, event in events for signal in add(engine, [event])]


def add(engine: FlowEngine, batch: list, contract: str = CONTRACT) -> list:
    if batch[0][2] is None:
        return engine.until(batch[0][0])
    if isinstance(batch[0][2], str):
        return engine.add_trades(make_trades(batch))
    return engine.add_depth(make_depth(batch, contract=contract))
