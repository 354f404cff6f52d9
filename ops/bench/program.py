"""Asks another program for its figures and leaves nothing of it behind, however it ends.

What a program starts may go into a session of its own and let its starter die, as Thespian's
Admin does, and write its title over its environment: neither a group nor a mark finds it again.
So orphans come to this process while the program runs, and what is new below it is ended.
"""

import ctypes
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

PR_SET_CHILD_SUBREAPER = 36  # From <linux/prctl.h>; Python does not name it.


class NoAnswer(RuntimeError):
    """A program did not come back in time, failed, or said what cannot be used."""


def answer(command: Sequence[str | Path], limit_s: float, cwd: Path | None = None) -> str:
    """Return what a program printed. With it, or at the limit, all ends that it started.

    Whatever else this process starts meanwhile would end too, so nothing may be.
    """
    # Files: a pipe ends only with the last that holds it, long after the program perhaps.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with _nothing_left(), subprocess.Popen(command, cwd=cwd, stdout=out, stderr=err) as run:
            try:
                code = run.wait(limit_s)
            except subprocess.TimeoutExpired:
                raise NoAnswer(f"did not come back within {limit_s:g} s") from None
            finally:
                run.kill()
        out.seek(0)
        err.seek(0)
        if code != 0:
            last = err.read().decode(errors="replace").splitlines()[-1:]
            raise NoAnswer(f"ended with {code}: {''.join(last)}")
        return out.read().decode()


@contextmanager
def _nothing_left() -> Iterator[None]:
    before = _below()
    _take_orphans(True)
    try:
        yield
    finally:
        # Killed and reaped from above: the children of each come to this process in turn.
        while left := _below() - before:
            for one in left:
                with suppress(psutil.NoSuchProcess):
                    one.kill()
            for one in left:
                with suppress(ChildProcessError):  # Not ours yet, or no longer.
                    os.waitpid(one.pid, 0)
        _take_orphans(False)


def _below() -> set[psutil.Process]:
    """Return the processes below this one, zombies too."""
    return set(psutil.Process().children(recursive=True))


def _take_orphans(wanted: bool) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(wanted), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl(PR_SET_CHILD_SUBREAPER): {os.strerror(number)}")
