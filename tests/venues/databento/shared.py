"""A connection that outlives whoever uses it, for tests: making one takes most of a second."""

from collections.abc import Iterator
from contextlib import contextmanager

from actors.adapters.feeds.databento import ChildConnection


class SharedConnection(ChildConnection):
    """Closes its session where it is told to stop, unless its child is dead."""

    def stop(self) -> None:
        if self._child is not None and self._child.poll() is None:
            self.close()
        else:
            super().stop()


@contextmanager
def shared() -> Iterator[SharedConnection]:
    """Yield a connection and end its child at last."""
    one = SharedConnection()
    try:
        yield one
    finally:
        ChildConnection.stop(one)
