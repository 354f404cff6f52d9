"""The connection to Databento as the feed sees it: orders in, frames out, and never a wait."""

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from actors.adapters.feeds.databento_wire import Ended, Frame, Frames, Plan, order_of
from actors.adapters.secrets import secret_of_file
from actors.core.market.ends import End, Fault
from protocol.databento_settings import DatabentoSettings

CHILD = "actors.adapters.feeds.databento_session"
KEY_VARIABLE = "DATABENTO_API_KEY"
READ_BYTES = 256 * 1024
READS_MAX = 8  # At a time: two megabytes are forty thousand trades.
ROOT = Path(__file__).resolve().parents[3]
PR_SET_PDEATHSIG = 1


class Connection(Protocol):
    """The port to whatever runs sessions with a gateway; one at a time."""

    def open(self, plan: Plan) -> None:
        """Begin a session; one that is still there ends without a word."""

    def close(self) -> None:
        """End the session that is there; nothing of it is read after this."""

    def read(self) -> Iterator[Frame]:
        """Yield what has come, without waiting."""

    def stop(self) -> None:
        """End for good."""


def key_of(settings: DatabentoSettings) -> str:
    """Return the key from the file that is named, else from the environment; "" for none."""
    if settings.key_file:
        return secret_of_file("databento.key_file", Path(settings.key_file)).value
    return os.environ.get(KEY_VARIABLE, "").strip()


class ChildConnection:
    """Sessions in a child process, which is made with the first one and again when it dies."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None)  # Loaded before the fork, where little is allowed.
        self._child: subprocess.Popen[bytes] | None = None
        self._frames = Frames()
        self._session = 0  # Of which frames are wanted; 0 for none.

    def open(self, plan: Plan) -> None:
        self._session = plan.session
        if self._child is None:
            self._child = self._made()
        if not self._order(plan):
            self._child = self._made()
            self._order(plan)

    def close(self) -> None:
        self._session = 0
        # While its pipe is full the child hears no order, so what it still has is read away.
        if not self._order(None):
            self.stop()

    def read(self) -> Iterator[Frame]:
        child = self._child
        if child is None or child.stdout is None:
            return
        for _ in range(READS_MAX):
            try:
                piece = os.read(child.stdout.fileno(), READ_BYTES)
            except BlockingIOError:
                return
            if not piece:
                session, self._session = self._session, 0
                self.stop()
                if session:
                    yield Ended(session, Fault(End.DIED))
                return
            for frame in self._frames.add(piece):
                if frame.session == self._session:
                    yield frame

    def stop(self) -> None:
        child, self._child, self._frames = self._child, None, Frames()
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()

    def _made(self) -> "subprocess.Popen[bytes]":
        self.stop()
        child = subprocess.Popen(
            [sys.executable, "-m", CHILD],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            preexec_fn=self._in_child,
        )
        assert child.stdout is not None
        os.set_blocking(child.stdout.fileno(), False)
        fcntl.fcntl(child.stdout.fileno(), fcntl.F_SETPIPE_SZ, 1024 * 1024)
        return child

    def _in_child(self) -> None:
        self._libc.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)

    def _order(self, plan: Plan | None) -> bool:
        if self._child is None or self._child.stdin is None:
            return plan is None
        try:
            self._child.stdin.write(order_of(plan))
        except (BrokenPipeError, BlockingIOError):
            return False
        return True
