"""The life of one order of a bracket: one table, (state, step) to state.

Entry, stop and target live by the same table. What cannot happen stands in `IMPOSSIBLE` with its
reason; every pair is in one of the two, and a test holds that. A pair of the second raises,
because then the broker and the desk disagree about what is ordered.

How much of an order is filled is not a state: the executions say it. So answers may overtake
each other, as they do at real venues, without a table twice as long.
"""

from enum import StrEnum
from itertools import product

from protocol.desk import Step


class Order(StrEnum):
    """Where an order stands."""

    ABSENT = "absent"  # A stop or target before the first fill of its entry.
    SENT = "sent"  # Handed to the broker, not acknowledged.
    UNSURE = "unsure"  # Nobody can say; the broker is asked until it answers.
    LOST = "lost"  # The broker does not know it; to be sent again or given up.
    WORKING = "working"  # At the broker, perhaps filled in part.
    CANCELLING = "cancelling"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    GIVEN_UP = "given_up"


class Disagreement(RuntimeError):
    """The broker reports what cannot be, by all the desk has recorded."""


# Of these an entry may still be filled without anybody doing anything.
ALIVE = frozenset({Order.SENT, Order.UNSURE, Order.LOST, Order.WORKING, Order.CANCELLING})
_ENDS = {
    Step.ACCEPTED: Order.WORKING,
    Step.REJECTED: Order.REJECTED,
    Step.PART_FILLED: Order.WORKING,
    Step.FILLED: Order.FILLED,
    Step.CANCELLED: Order.CANCELLED,
    Step.EXPIRED: Order.EXPIRED,
    Step.FOUND: Order.WORKING,
}


def _stays(state: Order, *steps: Step) -> dict[Step, Order]:
    return dict.fromkeys(steps, state)


_LIVES: dict[Order, dict[Step, Order]] = {
    Order.ABSENT: {
        Step.PLACED: Order.WORKING,
        Step.FOUND: Order.WORKING,
        # An exit that is told before its entry; both are booked as they come.
        Step.PART_FILLED: Order.WORKING,
        Step.FILLED: Order.FILLED,
        Step.DONE: Order.CANCELLED,
        **_stays(Order.ABSENT, Step.UNLISTED, Step.MODIFIED, Step.CANCELLED),
    },
    Order.SENT: {
        **_ENDS,
        Step.ASKED: Order.UNSURE,
        Step.NOT_FOUND: Order.LOST,
        Step.UNLISTED: Order.SENT,  # It may be on its way still.
    },
    Order.UNSURE: {
        **_ENDS,
        Step.NOT_FOUND: Order.LOST,
        Step.PLACED: Order.WORKING,
        Step.MODIFIED: Order.WORKING,
        Step.DONE: Order.CANCELLED,
        **_stays(
            Order.UNSURE, Step.ASKED, Step.UNLISTED, Step.CANCEL_REFUSED, Step.MODIFY_REFUSED
        ),
    },
    Order.LOST: {
        **_ENDS,
        Step.SENT_AGAIN: Order.SENT,
        Step.GIVEN_UP: Order.GIVEN_UP,
        **_stays(Order.LOST, Step.ASKED, Step.UNLISTED, Step.NOT_FOUND),
    },
    Order.WORKING: {
        **_ENDS,
        Step.UNLISTED: Order.UNSURE,
        Step.CANCEL_SENT: Order.CANCELLING,
        Step.DONE: Order.CANCELLED,
        **_stays(
            Order.WORKING, Step.ASKED, Step.PLACED, Step.CANCEL_REFUSED, Step.MODIFIED,
            Step.MODIFY_REFUSED,
        ),
    },
    Order.CANCELLING: {
        **_ENDS,
        Step.FOUND: Order.WORKING,  # The cancel was lost: it is sent again.
        Step.UNLISTED: Order.UNSURE,
        Step.CANCEL_REFUSED: Order.UNSURE,  # Filled meanwhile; its fill is here or on its way.
        **_stays(Order.CANCELLING, Step.ASKED, Step.ACCEPTED, Step.PART_FILLED, Step.MODIFIED),
    },
    Order.FILLED: {
        Step.PLACED: Order.WORKING,  # An exit that was through, before its entry grew again.
        **_stays(
            Order.FILLED, Step.ASKED, Step.UNLISTED, Step.FOUND, Step.ACCEPTED, Step.CANCELLED,
            Step.CANCEL_REFUSED, Step.MODIFIED, Step.MODIFY_REFUSED, Step.DONE,
            Step.PART_FILLED,  # An exit that is told before the entry it leaves.
        ),
    },
    Order.CANCELLED: {
        Step.PLACED: Order.WORKING,
        Step.FILLED: Order.FILLED,  # Here and below: the end overtook a fill before it.
        **_stays(
            Order.CANCELLED, Step.ASKED, Step.UNLISTED, Step.FOUND, Step.ACCEPTED,
            Step.PART_FILLED, Step.CANCELLED, Step.CANCEL_REFUSED, Step.EXPIRED, Step.MODIFIED,
            Step.MODIFY_REFUSED, Step.DONE,
        ),
    },
    Order.EXPIRED: {
        Step.FILLED: Order.FILLED,
        **_stays(
            Order.EXPIRED, Step.ASKED, Step.UNLISTED, Step.FOUND, Step.ACCEPTED,
            Step.PART_FILLED, Step.CANCELLED, Step.CANCEL_REFUSED, Step.EXPIRED,
        ),
    },
    Order.REJECTED: _stays(
        Order.REJECTED, Step.ASKED, Step.UNLISTED, Step.FOUND, Step.NOT_FOUND, Step.ACCEPTED,
        Step.REJECTED, Step.CANCELLED, Step.CANCEL_REFUSED,
    ),
    Order.GIVEN_UP: {
        **_ENDS,  # It was on its way after all: it is cancelled, or what it opened is left.
        **_stays(
            Order.GIVEN_UP, Step.ASKED, Step.UNLISTED, Step.NOT_FOUND, Step.CANCEL_REFUSED
        ),
    },
}
LIFECYCLE: dict[tuple[Order, Step], Order] = {
    (state, step): after for state, life in _LIVES.items() for step, after in life.items()
}

_ONLY_EXITS = "only a stop or target is placed, moved or done with, and it is none"
_ONLY_ENTRIES = "only an entry is sent, asked about, accepted, refused or cancelled by us"
_ENTRY_STATES = (Order.SENT, Order.LOST, Order.CANCELLING, Order.EXPIRED, Order.REJECTED,
                 Order.GIVEN_UP)  # fmt: skip
_SETTLED = (Order.FILLED, Order.CANCELLED, Order.EXPIRED)
_NEVER = (
    (_ONLY_EXITS, _ENTRY_STATES, (Step.PLACED, Step.DONE, Step.MODIFY_REFUSED)),
    (_ONLY_EXITS, (Order.SENT, Order.LOST, Order.EXPIRED, Order.REJECTED, Order.GIVEN_UP),
     (Step.MODIFIED,)),
    (_ONLY_ENTRIES, (Order.ABSENT,),
     (Step.ASKED, Step.NOT_FOUND, Step.SENT_AGAIN, Step.GIVEN_UP, Step.ACCEPTED, Step.REJECTED,
      Step.CANCEL_SENT, Step.CANCEL_REFUSED, Step.EXPIRED)),
    ("what is not there cannot be moved", (Order.ABSENT,), (Step.MODIFY_REFUSED,)),
    ("only what the broker does not know is sent again or given up",
     tuple(set(Order) - {Order.LOST, Order.ABSENT}), (Step.SENT_AGAIN, Step.GIVEN_UP)),
    ("only what works at the broker is cancelled",
     tuple(set(Order) - {Order.WORKING, Order.ABSENT}), (Step.CANCEL_SENT,)),
    ("no cancel was sent", (Order.SENT, Order.LOST), (Step.CANCEL_REFUSED,)),
    ("the broker had accepted or filled it and cannot forget it",
     (Order.WORKING, Order.CANCELLING, *_SETTLED), (Step.NOT_FOUND,)),
    ("the broker had filled it or ended it otherwise", _SETTLED, (Step.REJECTED,)),
    ("more than was ordered would be filled", (Order.FILLED,), (Step.FILLED,)),
    ("nothing was left that could expire", (Order.FILLED,), (Step.EXPIRED,)),
    ("what was rejected never stood in the market", (Order.REJECTED,),
     (Step.PART_FILLED, Step.FILLED, Step.EXPIRED)),
)  # fmt: skip
IMPOSSIBLE: dict[tuple[Order, Step], str] = {
    pair: reason for reason, states, steps in _NEVER for pair in product(states, steps)
}


def next_order(state: Order, step: Step, order: str) -> Order:
    """Return the state after `step`, or raise with the reason why it cannot be."""
    after = LIFECYCLE.get((state, step))
    if after is None:
        raise Disagreement(f"order {order} is {state} and was {step}: {IMPOSSIBLE[state, step]}")
    return after
