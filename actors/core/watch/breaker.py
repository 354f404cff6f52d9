"""The circuit breaker of an outside service: one table, (state, event) to state (domain 8.5).

A service that failed several times in a row is left alone for a while, then tried once: that
answer decides. So a service that hangs costs its time-out once a minute and not at every look.
What cannot happen stands in `IMPOSSIBLE` with its reason and raises.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from protocol.units import NANOS_PER_S


class Circuit(StrEnum):
    """Whether a service is asked."""

    CLOSED = "closed"  # It is asked.
    OPEN = "open"  # It is left alone.
    HALF_OPEN = "half_open"  # It is being tried.


class Event(StrEnum):
    """What changes a circuit."""

    ANSWERED = "answered"
    FAILED = "failed"  # Fewer times in a row than allowed.
    FAILED_OFTEN = "failed_often"
    RESTED = "rested"  # It was left alone for long enough and is wanted again.


TABLE: dict[tuple[Circuit, Event], Circuit] = {
    (Circuit.CLOSED, Event.ANSWERED): Circuit.CLOSED,
    (Circuit.CLOSED, Event.FAILED): Circuit.CLOSED,
    (Circuit.CLOSED, Event.FAILED_OFTEN): Circuit.OPEN,
    (Circuit.OPEN, Event.RESTED): Circuit.HALF_OPEN,
    # What was asked before the circuit opened may answer late; it was not the trial.
    (Circuit.OPEN, Event.ANSWERED): Circuit.OPEN,
    (Circuit.OPEN, Event.FAILED): Circuit.OPEN,
    (Circuit.OPEN, Event.FAILED_OFTEN): Circuit.OPEN,
    (Circuit.HALF_OPEN, Event.ANSWERED): Circuit.CLOSED,
    (Circuit.HALF_OPEN, Event.FAILED): Circuit.OPEN,
    (Circuit.HALF_OPEN, Event.FAILED_OFTEN): Circuit.OPEN,
}
IMPOSSIBLE: dict[tuple[Circuit, Event], str] = {
    (Circuit.CLOSED, Event.RESTED): "a service that is asked has no rest",
    (Circuit.HALF_OPEN, Event.RESTED): "the trial has begun and its answer is awaited",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """The circuit of one service: failures in a row that open it, and seconds of its rest."""

    failures_max: int
    rest_s: int
    circuit: Circuit = Circuit.CLOSED
    failures: int = 0
    opened_ns: int = 0

    def __post_init__(self) -> None:
        if self.failures_max < 1 or self.rest_s < 1:
            raise ValueError(
                f"{self.failures_max} failures and {self.rest_s} s, wanted at least 1 of both"
            )


def step(circuit: Circuit, event: Event) -> Circuit:
    """Return the next state of a circuit; what cannot happen raises ValueError."""
    try:
        return TABLE[circuit, event]
    except KeyError:
        reason = IMPOSSIBLE[circuit, event]
        raise ValueError(f"{event} while {circuit}: {reason}") from None


def asked(breaker: Breaker, now_ns: int) -> tuple[Breaker, bool]:
    """Return the breaker and whether the service may be asked at `now_ns`."""
    match breaker.circuit:
        case Circuit.CLOSED:
            return breaker, True
        case Circuit.OPEN if now_ns - breaker.opened_ns >= breaker.rest_s * NANOS_PER_S:
            return replace(breaker, circuit=step(breaker.circuit, Event.RESTED)), True
        case _:  # At rest, or a trial is under way.
            return breaker, False


def answered(breaker: Breaker, well: bool, now_ns: int) -> Breaker:
    """Return the breaker after the service has answered, or failed."""
    if well:
        circuit = step(breaker.circuit, Event.ANSWERED)
        return replace(breaker, circuit=circuit, failures=0)
    failures = breaker.failures + 1
    often = failures >= breaker.failures_max
    circuit = step(breaker.circuit, Event.FAILED_OFTEN if often else Event.FAILED)
    if circuit is Circuit.OPEN and breaker.circuit is not Circuit.OPEN:
        return replace(breaker, circuit=circuit, failures=failures, opened_ns=now_ns)
    return replace(breaker, circuit=circuit, failures=failures)
