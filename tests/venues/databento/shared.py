"""A connection that outlives whoever uses it, for tests: making one takes most of a second."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from actors.adapters.feeds.databento import ChildConnection
from actors.adapters.feeds.databento_wire import Plan


class SharedConnection(ChildConnection):
    """Closes its session where it is told to stop, unless its child hears nothing any more.

    Sessions are numbered anew: what the child still has for a user before goes to nobody, as what
    the child of a dead process has does.
    """

    def __init__(self) -> None:
        super().__init__()
        self._opened = 0

    def open(self, plan: Plan) -> None:
        self._opened += 1
        super().open(replace(plan, session=self._opened))

    def stop(self) -> None:
        # Whether it is dead its pipe says: one whose end is seen may not be gone for the kernel.
        if self._child is None or not self._order(None):
            super().stop()


@contextmanager
def shared() -> Iterator[SharedConnection]:
    """Yield a connection and end its child at last."""
    one = SharedConnection()
    try:
        yield one
    finally:
        ChildConnection.stop(one)
