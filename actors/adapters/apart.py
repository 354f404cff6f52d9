"""Work in a child process: what it loads is gone with it, and only its answer stays."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TypeVar

T = TypeVar("T")


class Died(RuntimeError):
    """The child ended without an answer; what it had to say is on the standard error."""


def apart(work: Callable[[], T]) -> T:
    """Return what `work` returns in a child forked for it; raise `Died` where it does not."""
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe(duplex=False)
    child = fork.Process(target=_tell, args=(theirs, work))
    child.start()
    theirs.close()
    try:
        found: T = ours.recv()
        return found
    except EOFError:
        raise Died("the child ended without an answer") from None
    finally:
        ours.close()
        child.join()


def _tell(pipe: Connection, work: Callable[[], T]) -> None:
    pipe.send(work())
