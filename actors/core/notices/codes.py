"""The codes of what is told besides alerts; the runbook has a section for each.

What the supervisors raise comes by a file and names its own code; those that are known stand here
with their weight. An unknown one is told, too, as `TREE_ALARM`.
"""

from enum import StrEnum

from actors.core.notices.notice import Severity


class Told(StrEnum):
    """What happens on the floor and is told."""

    TRADE_OPENED = "TRADE_OPENED"
    TRADE_CLOSED = "TRADE_CLOSED"
    TRADE_CORRECTED = "TRADE_CORRECTED"
    TIER_CHANGED = "TIER_CHANGED"
    FEED_LOST = "FEED_LOST"
    FEED_RESTORED = "FEED_RESTORED"
    BROKER_LOST = "BROKER_LOST"
    BROKER_RESTORED = "BROKER_RESTORED"
    TRADING_HALTED = "TRADING_HALTED"
    TRADING_RESUMED = "TRADING_RESUMED"
    LIMITS_CHANGED = "LIMITS_CHANGED"
    FENCE_CLOSED = "FENCE_CLOSED"
    FENCE_OPENED = "FENCE_OPENED"
    MARGIN_HIGH = "MARGIN_HIGH"
    MARGIN_NORMAL = "MARGIN_NORMAL"
    STILL_EXPOSED = "STILL_EXPOSED"
    FLOOR_STARTED = "FLOOR_STARTED"
    FLOOR_RESUMED = "FLOOR_RESUMED"
    PREFLIGHT = "PREFLIGHT"
    SESSION_STARTED = "SESSION_STARTED"
    CHORE_FAILED = "CHORE_FAILED"
    DAILY_DIGEST = "DAILY_DIGEST"
    NOTICES_DROPPED = "NOTICES_DROPPED"
    TREE_ALARM = "TREE_ALARM"


# What the supervisors raise: how much it matters, and the title.
TREE_ALARMS: dict[str, tuple[Severity, str]] = {
    "restart_ordered": (Severity.INFO, "A person restarts a process"),
    "child_restarted": (Severity.WARNING, "A process was restarted"),
    "child_lost": (Severity.CRITICAL, "A process ended and stays down"),
    "gave_up": (Severity.CRITICAL, "A supervisor gave up"),
    "supervisor_crashed": (Severity.CRITICAL, "A supervisor crashed"),
    "supervisor_away": (Severity.WARNING, "A supervisor did not run for a while"),
    "slow_stop": (Severity.WARNING, "A process did not stop in time"),
    "unkillable": (Severity.CRITICAL, "A process cannot be ended"),
    "run_lost": (Severity.CRITICAL, "The floor is lost"),
    "host_gone": (Severity.CRITICAL, "The host of the floor is gone"),
    "frames_rejected": (Severity.WARNING, "Somebody else spoke to a process"),
    "threads_before_fork": (Severity.WARNING, "A module starts threads when it is imported"),
}
