"""What a preflight has found out, before anybody judges it: plain values, each from one look.

None says that something could not be measured. A text is the reason for which something failed,
and empty where it did not.
"""

from dataclasses import dataclass

from actors.core.watch.heartbeat import Heartbeat
from actors.core.watch.readings import Readings


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The floor, its machine and its settings at `now_ns`, UTC."""

    now_ns: int
    contract_wanted: str  # The front month of the trading date.
    utc_offset_s: int  # Of New York, as this machine's time zones have it.
    closed: str | None  # Why the exchange is closed on this trading date.
    tree: str | None  # What of it is not green; None: no floor runs.
    beat: Heartbeat | None
    damage: str  # Why there is no heartbeat.
    machine: Readings
    server_offset_ms: int | None  # Of this clock against a time server.
    server_trouble: str  # Why there is no answer; empty where none is configured, too.
    broker: str  # Why it does not answer.
    fence: str | None  # "open", or the causes; None: the desk does not answer.
    differs: tuple[str, ...]  # Contracts of which the broker holds something else.
    contract: str | None  # Of which bars are made; None where there are no trades yet.
    limits: tuple[str, ...]  # Limits that are not above zero, with what was found.
    notified: str | None  # Why a test notice did not arrive; None: nobody is to be told.
    credentials: tuple[tuple[str, bool], ...]  # Which are needed, and whether they are there.
    store: str  # Why the store does not keep what is written.
    state: str  # The same of small files.
    killed: str | None  # The words of the kill file.
    upcoming: tuple[str, ...]  # The next actions of the schedule.
