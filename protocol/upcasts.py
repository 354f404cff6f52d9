"""From an old layout to the next: journals outlive the build that wrote them.

One function per kind and version, pure, on plain values by name. What the old layout did not know
gets what was then always so: entries at the market, one attempt, whole fills of one contract, no
break-even and no trail.
"""

from collections.abc import Callable
from typing import Any

Fields = dict[str, Any]
Upcast = Callable[[Fields], Fields]

_TERMS: Fields = {
    "entry": "market",
    "limit_price": None,
    "expires_ns": None,
    "breakeven_ticks": 0,
    "breakeven_offset_ticks": 0,
    "trail_start_ticks": 0,
    "trail_ticks": 0,
}


def _adding(**added: Any) -> Upcast:
    return lambda fields: fields | added


def _levelled(fields: Fields) -> Fields:
    return fields | {"ref_price": fields["last_price"]}  # The level was not passed on then.


def _opened(fields: Fields) -> Fields:
    price = fields["entry_price"]
    return _without(fields, "entry_price") | {"entry_sum": price * fields["quantity"]}


def _closed(fields: Fields) -> Fields:
    quantity = fields["quantity"]
    return _without(fields, "entry_price", "exit_price") | {
        "opened_ns": fields["ts_ns"],  # Not recorded then: the time of the close stands in.
        "entry_sum": fields["entry_price"] * quantity,
        "exit_sum": fields["exit_price"] * quantity,
    }


def _ended(fields: Fields) -> Fields:
    return fields | {"rejected": fields["reason"].startswith("rejected")}


def _without(fields: Fields, *names: str) -> Fields:
    return {name: value for name, value in fields.items() if name not in names}


STEPS: dict[tuple[str, int], Upcast] = {
    ("signal.raised", 2): _adding(stop_ticks=0, target_ticks=0),  # The instrument's own.
    ("signal.approved", 1): _adding(stop_ticks=0, target_ticks=0),
    ("signal.approved", 2): _levelled,
    ("order.bracket_approved", 1): _adding(**_TERMS),
    ("order.bracket_submitted", 1): _adding(attempt=1, **_TERMS),
    ("order.flatten_submitted", 1): _adding(attempt=1),
    ("order.accepted", 1): _adding(**_TERMS),
    ("order.rejected", 1): _adding(request_id="", leg="entry"),
    ("order.filled", 1): _adding(corrects="", left=0),
    ("order.cancelled", 1): _adding(request_id="", left=1),
    ("order.position_opened", 1): _opened,
    ("order.position_closed", 1): _closed,
    ("order.bracket_ended", 1): _ended,
}
