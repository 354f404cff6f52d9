"""What stands now: the state for the page, positions, the session, the one who asks, health."""

import os
from typing import Any

from protocol.system import Health
from web.api.endpoint import Answer, Call
from web.api.limits import daily_limits
from web.floor import Floor, worst


def state(call: Call) -> Answer:
    """Everything the page shows, once."""
    return Answer(call.house.floor.sections())


def positions(call: Call) -> Answer:
    """What is held, marked at the close of the last bar."""
    return Answer(call.house.floor.positions())


def session(call: Call) -> Answer:
    """Whether trading goes on, and what stands in its way."""
    return Answer(call.house.floor.session() | daily_limits(call.house))


def me(call: Call) -> Answer:
    """Who asks, what he may do, and whether somebody has to log in here."""
    told: dict[str, Any] = {
        "user": call.person.name,
        "role": str(call.person.role),
        "demo": call.house.web.demo,
        "login_required": call.house.logins.required,
    }
    return Answer(told)


def health(call: Call) -> Answer:
    """Whether the page and the floor are well: 503 as soon as something of the floor is red."""
    return health_of(call.house.floor)


def health_of(floor: Floor) -> Answer:
    """Return how page and floor are."""
    colour = worst(floor.tree())
    told = {"web": str(Health.GREEN), "floor": str(colour), "pid": os.getpid()}
    return Answer(told, status=503 if colour is Health.RED else 200)
