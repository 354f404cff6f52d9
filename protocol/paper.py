"""The paper family: what the paper exchange must remember and no reader needs to know.

Its state is the fold of its stream and nothing else, so what it learned between two events that
others read is a fact too: without these a restart would forget a request on its way, or send a
resting limit back to the end of its queue.
"""

from protocol.message import Message, message
from protocol.orders import Leg
from protocol.units import Contracts, Nanos, Ticks


@message("paper.request_taken")
class RequestTaken(Message):
    """A request to cancel or to move an order is on its way and takes effect at `active_ns`."""

    request_id: str
    client_id: str
    contract: str
    ts_ns: Nanos
    leg: Leg
    price: Ticks | None  # Where to; None gives the order up.
    reason: str
    active_ns: Nanos


@message("paper.limit_rested")
class LimitRested(Message):
    """A limit entry met a market away from its price; from here on it rests at that price."""

    client_id: str
    contract: str
    ts_ns: Nanos


@message("paper.queue_advanced")
class QueueAdvanced(Message):
    """Contracts traded at the price of a resting limit since it was placed there."""

    client_id: str
    contract: str
    ts_ns: Nanos
    leg: Leg  # ENTRY or TARGET.
    price: Ticks
    traded: Contracts
