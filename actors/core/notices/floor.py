"""The notices of the floor itself: it starts, goes on, and what its supervisors raise."""

from collections.abc import Mapping
from typing import Any

from actors.core.notices.codes import TREE_ALARMS, Told
from actors.core.notices.notice import Notice, Severity

UNKNOWN = (Severity.WARNING, "The process tree raises an alarm")


def floor_started(symbol: str, mode: str, balance: str, now_ns: int) -> Notice:
    """Return that a new run began."""
    return Notice(
        severity=Severity.INFO,
        code=Told.FLOOR_STARTED,
        title=f"The floor has started: {symbol}",
        ts_ns=now_ns,
        fields=(("mode", mode), ("balance", balance)),
    )


def floor_resumed(
    symbol: str, mode: str, state: tuple[tuple[str, str], ...], now_ns: int
) -> Notice:
    """Return that a run goes on, with what it has taken up."""
    return Notice(
        severity=Severity.INFO,
        code=Told.FLOOR_RESUMED,
        title=f"The floor goes on: {symbol}",
        ts_ns=now_ns,
        fields=(("mode", mode), *state),
    )


def tree_alarm(row: Mapping[str, Any]) -> Notice:
    """Return the notice of a line that a supervisor or the host has written; else ValueError."""
    try:
        code, source, text = str(row["code"]), str(row["source"]), str(row["text"])
        ts_ns = int(row["ts_ns"])
    except (KeyError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__} {error}"
        raise ValueError(f"{reason}: wanted code, source, text and ts_ns") from None
    known = code in TREE_ALARMS
    severity, title = TREE_ALARMS.get(code, UNKNOWN)
    return Notice(
        severity=severity,
        code=code.upper() if known else Told.TREE_ALARM,
        title=title,
        ts_ns=ts_ns,
        lines=tuple(text.splitlines()[:12]),  # Of a traceback the first lines: the log has it all.
        fields=(("by", source),) if known else (("by", source), ("code", code)),
    )
