"""The closed catalog: every message there is. What is not listed here is refused."""

from collections.abc import Callable
from typing import Any

from protocol import account, market, orders, signals, system
from protocol.message import Message

CATALOG: tuple[type[Message], ...] = (
    market.TradeBatch,
    market.DepthBatch,
    market.Cut,
    market.Settled,
    market.BarClosed,
    market.ValueJudged,
    market.FeedLost,
    market.FeedRestored,
    signals.SignalRaised,
    signals.FlowTurned,
    signals.ZoneChanged,
    signals.RegimeJudged,
    signals.ConditionJudged,
    signals.SignalApproved,
    signals.SignalDropped,
    signals.TargetNoted,
    signals.SetupRecommended,
    signals.SetupEnded,
    orders.BracketApproved,
    orders.BracketDenied,
    orders.FlattenOrdered,
    orders.BracketSubmitted,
    orders.FlattenSubmitted,
    orders.OrderAccepted,
    orders.OrderRejected,
    orders.OrderFilled,
    orders.OrderCancelled,
    orders.PositionOpened,
    orders.PositionClosed,
    orders.BracketEnded,
    account.BalanceReported,
    account.TradingHalted,
    account.TradingResumed,
    system.Start,
    system.Ready,
    system.Ping,
    system.Beat,
    system.Crashed,
    system.GaveUp,
    system.Stop,
    system.Stopped,
    system.Alarm,
    system.Subscribe,
    system.Item,
    system.Tail,
    system.Inspect,
    system.Inspected,
)


def _own_distances(old: dict[str, Any]) -> dict[str, Any]:
    """Return a signal from before signals had a stop and a target: the instrument's own."""
    return {**old, "stop_ticks": 0, "target_ticks": 0}


# (kind, old version) -> a function from the old fields to those of the next version. Journals keep
# old messages; the wire does not: all processes of a run come from one build.
UPCASTERS: dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {
    ("signal.raised", 2): _own_distances,
    ("signal.approved", 1): _own_distances,
}
