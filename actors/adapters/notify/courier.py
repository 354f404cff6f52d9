"""The courier: a thread that carries notices from the outbox to a notifier.

Two threads meet at the outbox, under one lock, and nowhere else: the actor's own puts notices in
and writes the file, this one sends what is safe in the file and takes it out. So the actor never
waits for the network. Only what was written is sent, and what was sent is written by the next
commit: a notice can come twice only if the process dies between the service's answer and that.
"""

from collections.abc import Callable
from threading import Condition, Thread
from time import monotonic

from actors.adapters.notify.port import Answer, Notifier, Refused, RetryAfter, Sent, Unreachable
from actors.core.notices import outbox as waits
from actors.core.notices.delivery import (
    Delivery,
    attempted,
    failed,
    ready_s,
    succeeded,
    told_to_wait,
)
from actors.core.notices.notice import Notice
from actors.core.notices.outbox import Outbox

TOGETHER_MAX = 10  # Notices that are offered for one message.
JOIN_S = 0.5


class Courier:
    """Sends the notices of `outbox` numbered up to `safe`, in their order."""

    def __init__(
        self,
        outbox: Outbox,
        notifier: Notifier,
        delivery: Delivery,
        chance: Callable[[], float],
    ) -> None:
        self.outbox = outbox
        self.sent = 0
        self.state = "waits"
        self.changed = False  # Whether something was taken out since the last `take_change`.
        self._notifier = notifier
        self._delivery = delivery
        self._chance = chance
        self._safe = outbox.number  # What came out of the file is in the file.
        self._ended = False
        self._turn = Condition()
        self._thread = Thread(target=self._carry, name="courier", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def put(self, notice: Notice) -> None:
        """Let a notice wait; it is sent once `written` says that it is safe."""
        with self._turn:
            waits.put(self.outbox, notice)

    def take(self) -> tuple[dict[str, object], int]:
        """Return the outbox as plain values and the last number in it, for the file."""
        with self._turn:
            self.changed = False
            return waits.kept(self.outbox), self.outbox.number

    def written(self, number: int) -> None:
        """Learn that everything up to `number` is safe."""
        with self._turn:
            self._safe = max(self._safe, number)
            self._turn.notify_all()

    def inspect(self) -> dict[str, object]:
        """Return how it stands."""
        with self._turn:
            box = self.outbox
            return {
                "state": self.state,
                "sent": self.sent,
                "waiting": len(box.notices),
                "dropped": waits.kept(box)["dropped"],
                "refused": len(box.refused),
            }

    def stop(self) -> None:
        """End; a message under way is left to itself after a moment, its notices stay kept."""
        with self._turn:
            self._ended = True
            self._turn.notify_all()
        if self._thread.is_alive():
            self._thread.join(JOIN_S)

    def _carry(self) -> None:
        most = TOGETHER_MAX
        while True:
            numbers, notices = self._next(most)
            if not notices:
                return
            attempted(self._delivery, monotonic())
            answer = self._notifier.send(notices)
            with self._turn:
                most = self._settle(answer, numbers)
                if self.outbox.shut:
                    return

    def _next(self, most: int) -> tuple[list[int], list[Notice]]:
        """Wait until something may go out and return it; nothing at the end."""
        with self._turn:
            while not self._ended:
                pause_s = ready_s(self._delivery, monotonic())
                if pause_s > 0:
                    self._turn.wait(pause_s)
                    continue
                numbers, notices = waits.waiting(self.outbox, self._safe, most)
                if notices:
                    return numbers, notices
                self._turn.wait()
            return [], []

    def _settle(self, answer: Answer, numbers: list[int]) -> int:
        """Take out what is done with; return how many notices the next message may try."""
        match answer:
            case Sent(count):
                waits.sent(self.outbox, numbers[:count])
                succeeded(self._delivery)
                self.sent += count
                self.state, self.changed = "sends", True
            case RetryAfter(seconds):
                told_to_wait(self._delivery, monotonic(), seconds)
                self.state = f"told to wait {seconds:g} s"
            case Unreachable(reason):
                failed(self._delivery, monotonic(), self._chance())
                self.state = f"unreachable {self._delivery.failures} times: {reason}"
            case Refused(gone=True, reason=reason):
                waits.shut(self.outbox)
                self.state, self.changed = f"stopped: {reason}", True
            case Refused(count=1, reason=reason):
                waits.refuse(self.outbox, numbers[0])
                waits.sent(self.outbox, [number for number in numbers[:1] if number == 0])
                self.state, self.changed = f"refused: {reason}", True
            case Refused():
                return 1  # One by one, to find the one that is not accepted.
        return TOGETHER_MAX
