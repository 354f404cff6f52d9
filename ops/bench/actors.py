"""Two actors and a starter: Thespian's round trip and one-way rate, as it comes or as we run it.

Runs in a process of its own, because the cures change Thespian for the whole process.
"""

import json
import socket
import sys
import time
from typing import Any

from thespian.actors import Actor, ActorSystem

from supervision import transport

FLIGHT = 4  # Messages on their way to one actor, as many as its transport takes well.
ASK_LIMIT_S = 10.0


class Echo(Actor):  # type: ignore[misc]  # Thespian has no types.
    """Answers every message with itself."""

    def receiveMessage(self, message: Any, sender: Any) -> None:
        """Answer."""
        if isinstance(message, bytes):
            self.send(sender, message)


class Flooder(Actor):  # type: ignore[misc]
    """Sends to an echo, a few at a time, and tells the starter how fast that went."""

    def receiveMessage(self, message: Any, sender: Any) -> None:
        """Begin, go on, or report."""
        if isinstance(message, tuple):
            self.starter, (self.echo, self.left) = sender, message
            self.count, self.began = self.left, time.perf_counter()
            for _ in range(FLIGHT):
                self._next()
        elif isinstance(message, bytes):
            self._next()

    def _next(self) -> None:
        if self.left == 0:
            return
        self.left -= 1
        if self.left == 0:
            # An echo comes back for each, so two messages have passed.
            self.send(self.starter, 2 * self.count / (time.perf_counter() - self.began))
        else:
            self.send(self.echo, b"x" * 100)


def main(count: int, kind: str) -> None:
    """Print round trip and rates as JSON."""
    if kind == "ours":
        transport.secure()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    system = ActorSystem("multiprocTCPBase", {"Admin Port": port}, transientUnique=False)
    try:
        echo, flooder = system.createActor(Echo), system.createActor(Flooder)
        trips = []
        for _ in range(count // 4):
            began = time.perf_counter()
            _asked(system, echo, b"x" * 100, ASK_LIMIT_S)
            trips.append(time.perf_counter() - began)
        rate = _asked(system, flooder, (echo, count), 6 * ASK_LIMIT_S)
    finally:
        system.shutdown()
    trips.sort()
    p50 = trips[len(trips) // 2]
    found = {"p50_ms": p50 * 1e3, "per_s": len(trips) / sum(trips), "flood_per_s": rate}
    print(json.dumps(found))


def _asked(system: ActorSystem, actor: Any, message: Any, limit_s: float) -> Any:
    """Return the answer; a later question would be given one that is late, as if it were its."""
    if (answer := system.ask(actor, message, limit_s)) is None:
        raise TimeoutError(f"an actor did not answer within {limit_s:g} s")
    return answer


if __name__ == "__main__":
    # Actors are found again by the name of their module, which must not be __main__.
    from ops.bench import actors

    actors.main(int(sys.argv[1]), sys.argv[2])
