"""How well each part is: healthy, degraded or unhealthy (domain 8.5, S4's part).

A part that reaches its limit has passed it. What cannot be measured is not graded: nothing is
called well because nobody looked.
"""

from dataclasses import dataclass
from enum import StrEnum

from actors.core.watch.heartbeat import Heartbeat
from actors.core.watch.readings import Readings
from protocol.signals import PPM
from protocol.watch_settings import WatchSettings


class Grade(StrEnum):
    """How well a part is, falling."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


class Part(StrEnum):
    """What is graded."""

    CPU = "cpu"
    MEMORY = "memory"
    DISK = "disk"
    RESPONSE = "response"
    ERRORS = "errors"


@dataclass(frozen=True, slots=True)
class Graded:
    """A part, how well it is, and the value behind it: ppm, of the response milliseconds."""

    part: Part
    grade: Grade
    value: int


def health(
    readings: Readings, beat: Heartbeat | None, settings: WatchSettings
) -> tuple[Graded, ...]:
    """Return the grades of all that can be measured; response and errors are the broker's."""
    response_ms = None if beat is None else beat.broker_response_ms
    measured = (
        (Part.CPU, readings.cpu_ppm, settings.cpu_degraded, settings.cpu_unhealthy, PPM),
        (Part.MEMORY, readings.memory_ppm, settings.memory_degraded,
         settings.memory_unhealthy, PPM),
        (Part.DISK, readings.disk_used_ppm, settings.disk_degraded, settings.disk_unhealthy, PPM),
        (Part.RESPONSE, response_ms, settings.response_degraded_s,
         settings.response_unhealthy_s, 1000),
        (Part.ERRORS, errors_ppm(beat, settings.errors_of_min), settings.errors_degraded,
         settings.errors_unhealthy, PPM),
    )  # fmt: skip
    return tuple(
        Graded(part, grade(value, round(degraded * unit), round(unhealthy * unit)), value)
        for part, value, degraded, unhealthy, unit in measured
        if value is not None
    )


def errors_ppm(beat: Heartbeat | None, of_min: int) -> int | None:
    """Return the share of today's orders that the venue refused; None for fewer than `of_min`."""
    if beat is None:
        return None
    orders = beat.orders_accepted + beat.orders_rejected
    return beat.orders_rejected * PPM // orders if orders >= of_min else None


def grade(value: int, degraded: int, unhealthy: int) -> Grade:
    """Return the grade of a value by the two limits, in its own unit."""
    if value >= unhealthy:
        return Grade.UNHEALTHY
    return Grade.DEGRADED if value >= degraded else Grade.HEALTHY


def worst(graded: tuple[Graded, ...]) -> Grade:
    """Return the worst grade; healthy where there is none."""
    return max((each.grade for each in graded), key=list(Grade).index, default=Grade.HEALTHY)
