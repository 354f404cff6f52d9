"""The settings of those who watch and tell: heartbeat and checks (domain 8.4, 8.5), notices (8.9).

Shares are from 0 to 1, times in seconds. A limit is the last value that is still well, unless its
comment says otherwise.
"""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Gt

from protocol.pattern_settings import PositiveInt, Share, WholeNumber

PositiveSeconds = Annotated[float, Gt(0.0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """What is measured how often, and from where on it is wrong (domain 8.4, 8.5)."""

    # Trades of now, or of a tape: the hours of another day say nothing about this one, so on a tape
    # only process, memory and disk are checked.
    market: Literal["live", "tape"] = "tape"
    mode: Literal["paper", "live"] = "paper"  # Whose money it is.
    heartbeat_s: PositiveInt = 30
    check_s: PositiveInt = 60
    cooldown_s: PositiveInt = 900  # Of an alert code.
    heartbeat_age_s: PositiveInt = 300
    stale_checks: PositiveInt = 3  # In a row: then a stale heartbeat is critical.
    tick_age_s: PositiveInt = 60
    tick_age_critical_s: PositiveInt = 180
    reconnects_max: WholeNumber = 3  # A trading day.
    memory_share: Share = 0.85
    disk_free_mb: PositiveInt = 500
    before_open_s: WholeNumber = 300  # Trading is checked from 09:25 ...
    after_close_s: WholeNumber = 900  # ... to a quarter of an hour after the close.
    flat_before_close_s: PositiveInt = 240  # From 15:56 on a held position is critical.
    cpu_degraded: Share = 0.75  # At this share a part is degraded, and so for all below.
    cpu_unhealthy: Share = 0.90
    memory_degraded: Share = 0.75
    memory_unhealthy: Share = 0.90
    disk_degraded: Share = 0.85
    disk_unhealthy: Share = 0.95
    response_degraded_s: PositiveSeconds = 2.0
    response_unhealthy_s: PositiveSeconds = 5.0
    errors_degraded: Share = 0.05
    errors_unhealthy: Share = 0.10
    errors_of_min: PositiveInt = 10  # Orders before a share of refused ones means anything.
    breaker_failures: PositiveInt = 5  # In a row: then an outside service is left alone ...
    breaker_s: PositiveInt = 60  # ... for so long.


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifySettings:
    """Whom to tell, and how much at once (domain 8.9). Without a webhook nobody is told."""

    # Whoever has the address can write there: it must not get into a log by way of a printed
    # record.
    discord_webhook: str = field(default="", repr=False)
    discord_webhook_file: str = ""  # Holds the address instead; mode 600.
    messages_per_minute: PositiveInt = 30
    queue_max: PositiveInt = 200  # Notices that wait; beyond it the unimportant are dropped.
    timeout_s: PositiveSeconds = 10.0
    backoff_s: PositiveSeconds = 1.0  # After a first failure; doubled with each.
    backoff_max_s: PositiveSeconds = 60.0
