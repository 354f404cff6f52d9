"""The closed catalog: every message there is. What is not listed here is refused."""

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

# (kind, old version) -> a function from the old fields to those of the next version. Journals keep
# old messages; the wire does not: all processes of a run come from one build.
UPCASTERS: dict[tuple[str, int], object] = {}
