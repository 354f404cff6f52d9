"""Workers that misbehave on command, for the tests with real processes.

A test writes a word into the worker's FIFO, or says in the settings what shall happen in which
life: {"a": {"open": {"1": "raise"}, "close": "block"}}. What a worker does it writes into one
ledger, so a test reads the truth from a file and not from the supervisor.
"""

import ctypes
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from protocol.system import Start
from supervision.worker import Counters

LEDGER = "ledger.jsonl"
BLOCK_S = 600


def misbehave(how: str) -> None:
    """Do what `how` names."""
    match how:
        case "raise":
            raise RuntimeError("told to raise")
        case "sys_exit":
            sys.exit(3)
        case "interrupt":
            raise KeyboardInterrupt
        case "os_exit":
            os._exit(4)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "segv":
            ctypes.string_at(0)  # A real fault, not a signal that was sent.
        case "loop":
            while True:
                pass
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "block":
            time.sleep(BLOCK_S)
        case "outlive":  # Take back the wish to die with the parent, as a careless library may.
            ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
        case "nothing":
            pass
        case _:
            raise ValueError(f"unknown misbehaviour {how!r}")


class Probe:
    """Writes down its life and does what its FIFO says."""

    def __init__(self, start: Start) -> None:
        self.start = start
        self.plan: dict[str, Any] = json.loads(start.settings).get(start.id, {})
        self.messages = 0
        self._do("make")

    @classmethod
    def worker(cls, start: Start) -> "Probe":
        return cls(start)

    def open(self) -> None:
        self._write("opening")
        self._do("open")
        path = Path(self.start.run_dir) / f"{self.start.id}.fifo"
        if not path.exists():
            os.mkfifo(path)
        self.fifo = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.socket = socket.socket(socket.AF_UNIX)
        self.address = Path(self.start.run_dir) / "sockets" / self.start.id
        self.address.unlink(missing_ok=True)
        self.socket.bind(str(self.address))
        self._write("open")

    def descriptors(self) -> list[int]:
        return [self.fifo]

    def wake(self, now_ns: int) -> None:
        assert abs(now_ns - time.time_ns()) < 10**9
        try:
            word = os.read(self.fifo, 100).decode()
        except BlockingIOError:
            return
        self.messages += 1
        self._write(f"told {word}")
        misbehave(word)

    def tick_s(self) -> float:
        return 30.0  # So only its descriptor wakes it, apart from the beats.

    def counters(self) -> Counters:
        return Counters(messages_in=self.messages)

    def inspect(self) -> dict[str, Any]:
        return {"messages": self.messages}

    def close(self) -> None:
        self._write("closing")
        if "close" in self.plan:
            misbehave(self.plan["close"])
        os.close(self.fifo)
        self.socket.close()  # The file of its address stays: a worker may be careless.
        self._write("closed")

    def _do(self, step: str) -> None:
        lives = self.plan.get(step, {})
        how = lives.get(str(self.start.incarnation)) or lives.get("all")
        if how:
            misbehave(how)

    def _write(self, event: str) -> None:
        line = json.dumps({
            "event": event,
            "id": self.start.id,
            "pid": os.getpid(),
            "incarnation": self.start.incarnation,
            "ns": time.monotonic_ns(),
        })
        path = Path(self.start.run_dir) / LEDGER
        with open(path, "ab", buffering=0) as file:
            file.write(line.encode() + b"\n")
