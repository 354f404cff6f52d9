"""When the next message may go out, and what an answer changes (domain 8.5, S4's part).

At most so many messages a minute; after a 429 the service's own time; after a failure one second,
doubled with each up to a minute, and a part of it by chance, so that several who wait for the same
service do not come together. Seconds are of any clock that only goes forward; chance is given.
"""

from collections import deque
from dataclasses import dataclass, field

from protocol.watch_settings import NotifySettings

WINDOW_S = 60.0
JITTER_PPM_MAX = 250_000  # At most a quarter of a pause is added.
RETRY_S_MAX = 3_600.0  # A service that wants more than an hour is asked again after one.


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast may be sent, and how long to wait after a failure."""

    per_minute: int
    backoff_s: float
    backoff_max_s: float


def pace_of(settings: NotifySettings) -> Pace:
    """Return the pace that the settings say."""
    return Pace(
        per_minute=settings.messages_per_minute,
        backoff_s=settings.backoff_s,
        backoff_max_s=settings.backoff_max_s,
    )


@dataclass(slots=True)
class Delivery:
    """When was sent, and until when nothing may be."""

    pace: Pace
    sent_s: deque[float] = field(default_factory=deque)
    until_s: float = 0.0
    failures: int = 0


def ready_s(delivery: Delivery, now_s: float) -> float:
    """Return in how many seconds the next message may go out; 0 for at once."""
    sent = delivery.sent_s
    while sent and now_s - sent[0] >= WINDOW_S:
        sent.popleft()
    crowded_s = sent[0] + WINDOW_S - now_s if len(sent) >= delivery.pace.per_minute else 0.0
    return max(0.0, delivery.until_s - now_s, crowded_s)


def attempted(delivery: Delivery, now_s: float) -> None:
    """Count a message, whatever becomes of it: the service counts it, too."""
    delivery.sent_s.append(now_s)


def succeeded(delivery: Delivery) -> None:
    """Forget earlier failures."""
    delivery.failures = 0


def told_to_wait(delivery: Delivery, now_s: float, wait_s: float) -> None:
    """Wait as long as the service says; a time that makes no sense is a second."""
    sane = wait_s if 0 <= wait_s < float("inf") else 1.0
    delivery.until_s = now_s + min(sane, RETRY_S_MAX)


def failed(delivery: Delivery, now_s: float, chance: float) -> None:
    """Wait longer with each failure in a row; `chance` from 0 to 1 spreads the pause."""
    pace = delivery.pace
    # The exponent stays small: a service can be away for weeks.
    pause_s = min(pace.backoff_s * 2 ** min(delivery.failures, 16), pace.backoff_max_s)
    pause_s *= 1 + min(max(chance, 0.0), 1.0) * JITTER_PPM_MAX / 1_000_000
    delivery.failures += 1
    delivery.until_s = now_s + min(pause_s, pace.backoff_max_s)
