"""The process of one worker: opens it, wakes it, answers for it and closes it.

It knows nothing of what the worker does. A crash says its reason to the supervisor and then the
process goes; there is no repair in place.
"""

import json
import os
from time import time_ns
from typing import Any

from protocol.message import Message
from protocol.system import Inspect, Inspected, Ping, Ready, Start, Stop, Stopped
from protocol.units import NANOS_PER_S
from supervision.guarded import GuardedActor, resolve
from supervision.parcel import pack
from supervision.worker import Worker

TICK_S_MAX = 3_600.0


class ProcessActor(GuardedActor):
    """Hosts one worker. Keeps nothing itself: a restart loses what the worker did not save."""

    def __init__(self) -> None:
        super().__init__()
        self._worker: Worker | None = None

    def on_message(self, message: Message, sender: Any) -> None:
        """Handle the life of the worker; a second Start is a stray."""
        match message:
            case Start() if self.start is None:
                self._open(message, sender)
            case Ping() if self._worker is not None:
                self.tell_parent(self.beat(message.number, self._worker.counters()))
            case Inspect() if self._worker is not None:
                self.send(sender, pack(self._inspected(message, self._worker)))
            case Stop():
                self._close()
                self.leave()
            case _:
                self.strays += 1

    def on_turn(self, now_ns: int) -> int:
        """Wake the worker; it gets the time of day, the deadline is on the monotonic clock."""
        if self._worker is None:
            return now_ns + round(TICK_S_MAX * NANOS_PER_S)
        self._worker.wake(time_ns())
        return now_ns + round(min(self._worker.tick_s(), TICK_S_MAX) * NANOS_PER_S)

    def on_exit_request(self) -> None:
        """Close in order: somebody sent SIGTERM to this process, or the system is shut down."""
        self._close()

    def watched(self) -> list[int]:
        """Return the worker's descriptors."""
        return [] if self._worker is None else list(self._worker.descriptors())

    def _open(self, start: Start, sender: Any) -> None:
        self.begin(start, sender)
        worker: Worker = resolve(start.start).worker(start)
        worker.open()
        self._worker = worker
        self.tell_parent(Ready(id=start.id, incarnation=start.incarnation, pid=os.getpid()))

    def _close(self) -> None:
        if self.start is None:
            return
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()
        self.tell_parent(Stopped(id=self.start.id, incarnation=self.start.incarnation))

    def _inspected(self, inspect: Inspect, worker: Worker) -> Inspected:
        assert self.start is not None
        text = json.dumps(worker.inspect(), default=str)
        return Inspected(token=inspect.token, id=self.start.id, json=text)
