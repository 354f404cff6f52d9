"""The book by price level, where the feed tells it."""

from typing import Literal, TypedDict

from web.api.endpoint import Answer, Call
from web.api.problems import Problem


class DepthRow(TypedDict):
    """What rests at a price; `orders` is null where the feed does not tell them, `traded` is the
    volume of the last closed bar there, null where there is no bar of the contract."""

    price: float
    ticks: int
    size: int
    orders: int | None
    traded: int | None


class DepthBody(TypedDict):
    """The ten best levels of each side, the best first; `stale` says why they may be wrong."""

    contract: str
    simulated: bool
    at_ms: int
    state: Literal["sound", "crossed", "empty", "no bid", "no ask"]
    stale: str | None
    last: float | None
    last_ticks: int | None
    spread_ticks: int | None
    bids: list[DepthRow]
    asks: list[DepthRow]


def depth(call: Call) -> Answer:
    """The ten best levels of each side of the book."""
    told, wanted = call.house.floor.depth(), call.values["contract"]
    if told is None:
        raise Problem(404, "no depth here: the feed of this run has not told any")
    if wanted not in (None, told["contract"]):
        raise Problem(404, f"no depth of {wanted}, the feed tells that of {told['contract']}")
    return Answer(told)
