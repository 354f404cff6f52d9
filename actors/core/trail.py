"""Lines for a log: each decision with all its ids, and with the trail from tick to fill.

A trail is the id of what began it: of a signal, or of a flatten. Later ids are derived from earlier
ones, so the trail of a bracket and of its client id is known as soon as its signal was approved,
in whatever order the streams are read. The tick is told by the signal's instant and its cut.
"""

import dataclasses
from collections.abc import Mapping
from enum import IntEnum

from actors.core.orders.brackets import client_id
from actors.core.risk.ledger import bracket_id
from protocol.account import MarginShort, StillExposed, TradingHalted
from protocol.catalog import CATALOG
from protocol.fence import BooksDiffer, FenceClosed, FenceOrdered
from protocol.market import (
    BarClosed,
    Cut,
    DepthBatch,
    FeedLost,
    Settled,
    TradeBatch,
    ValueJudged,
)
from protocol.message import Message
from protocol.orders import AccountAsked, BracketApproved, FlattenOrdered, StatusAsked
from protocol.reports import AccountReported, LinkChanged, OrderRejected, OrderReported
from protocol.signals import (
    ConditionJudged,
    RegimeJudged,
    SignalApproved,
    SignalDropped,
    SignalRaised,
    TargetNoted,
    ZoneChanged,
)

Plain = int | str | bool | None
KNOWN_MAX = 10_000  # Brackets and client ids whose trail is remembered.
IDS = ("signal_id", "bracket_id", "client_id", "flatten_id")


class Level(IntEnum):
    """How much a line matters."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40


UNTOLD = (TradeBatch, DepthBatch, Cut, Settled)
LEVELS: dict[type[Message], Level] = {
    **dict.fromkeys((BarClosed, ValueJudged, ZoneChanged, RegimeJudged, ConditionJudged),
                    Level.DEBUG),
    # Of every signal there are thousands a day; what came of one begins at its approval.
    **dict.fromkeys((SignalRaised, SignalDropped, TargetNoted), Level.DEBUG),
    **dict.fromkeys((AccountAsked, AccountReported, StatusAsked, OrderReported), Level.DEBUG),
    **dict.fromkeys((OrderRejected, LinkChanged, FeedLost, TradingHalted, MarginShort),
                    Level.WARNING),
    **dict.fromkeys((FenceClosed, FenceOrdered, BooksDiffer, StillExposed), Level.ERROR),
}  # fmt: skip

# What can be a line: who writes the log needs no other message.
FAMILIES = ("account.", "command.", "market.", "order.", "signal.")
TOLD = tuple(
    kind for kind in CATALOG if kind not in UNTOLD and kind.KIND.startswith(FAMILIES)
)


def level_of(message: Message) -> Level | None:
    """Return how much a message matters; None: it is no decision and never a line."""
    if not isinstance(message, TOLD):
        return None
    return LEVELS.get(type(message), Level.INFO)


class Trails:
    """Remembers which bracket and which client id belong to which trail."""

    def __init__(self) -> None:
        self._of: dict[str, str] = {}

    def fields(self, source: str, seq: int, cut: int, message: Message) -> dict[str, Plain]:
        """Return the fields of a line: whose it is, behind which cut, its trail and plain values.

        What a message holds in columns is left out: the books have it.
        """
        values = {
            field.name: value
            for field in dataclasses.fields(message)  # type: ignore[arg-type]
            if isinstance(value := getattr(message, field.name), int | str | None)
        }
        self._learn(message)
        trail = self.trail(message.KIND, values)
        return {"actor": source, "seq": seq, "cut": cut, "trail": trail, **values}

    def trail(self, kind: str, values: Mapping[str, Plain]) -> str:
        """Return the trail that a message's values belong to, "" for none."""
        if kind == "signal.raised":
            return str(values["id"])
        for name in IDS:
            found = values.get(name)
            if isinstance(found, str) and found:
                return self._of.get(found, found)
        return ""

    def recall(self, line: Mapping[str, Plain]) -> None:
        """Learn from a line that was written before a restart."""
        trail = line.get("trail")
        for name in IDS[1:]:
            found = line.get(name)
            if isinstance(found, str) and found and isinstance(trail, str) and trail:
                self._note(found, trail)

    def _learn(self, message: Message) -> None:
        if isinstance(message, SignalApproved | BracketApproved):
            bracket = bracket_id(message.signal_id)
            self._note(bracket, message.signal_id)
            self._note(client_id(bracket), message.signal_id)
        elif isinstance(message, FlattenOrdered):
            self._note(client_id(message.flatten_id), message.flatten_id)

    def _note(self, found: str, trail: str) -> None:
        self._of.pop(found, None)
        self._of[found] = trail
        if len(self._of) > KNOWN_MAX:
            del self._of[next(iter(self._of))]
