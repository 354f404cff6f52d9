"""The trading fence: the set of causes for which no entry is sent (domain 7.9).

It is open if and only if there is no cause. Exits pass always. A connection or a feed that was lost
opens it by itself, once it is back and the books have agreed again; every other cause needs a
person. It is a fold of facts like all the desk knows, so it stands after a restart as before.
"""

from actors.core.orders.desk_state import DeskState
from protocol.fence import FenceCause, FenceClosed, FenceOpened
from protocol.units import Nanos


def closing(state: DeskState, cause: FenceCause, ts_ns: int, detail: str) -> list[FenceClosed]:
    """Return that a cause has come up; nothing if it was recorded with the same detail."""
    if detail in state.fence.get(cause, ()):
        return []
    return [FenceClosed(ts_ns=Nanos(ts_ns), cause=cause, detail=detail)]


def opening(state: DeskState, cause: FenceCause, ts_ns: int, detail: str) -> list[FenceOpened]:
    """Return that a cause is gone; nothing if it did not stand."""
    if cause not in state.fence:
        return []
    return [FenceOpened(ts_ns=Nanos(ts_ns), cause=cause, detail=detail)]


def open_fence(
    state: DeskState, cause: FenceCause, ts_ns: int, who: str, reason: str
) -> list[FenceOpened]:
    """Return that a person takes a cause away, whatever it is; the others stand."""
    if not who or not reason:
        raise ValueError(f"found who {who!r} and reason {reason!r}, wanted both")
    return opening(state, cause, ts_ns, f"by {who}: {reason}")


def fenced(state: DeskState) -> str:
    """Return the causes in words; empty if entries may be sent."""
    return ", ".join(sorted(state.fence))
