"""The port to whoever is told, and the answers there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from actors.core.notices.notice import Notice


@dataclass(frozen=True, slots=True)
class Sent:
    """The first `count` of the notices arrived, in one message."""

    count: int


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """The service wants to be left alone for so long; nothing was taken."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Refused:
    """The service does not take the first `count` as they are; `gone`: it takes nothing more."""

    count: int
    reason: str
    gone: bool


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Nobody knows whether the notices arrived: no answer, or one that says nothing."""

    reason: str


Answer = Sent | RetryAfter | Refused | Unreachable


class Notifier(Protocol):
    """One way to reach a person. It never waits for longer than its time-out, and never repeats."""

    def send(self, notices: Sequence[Notice]) -> Answer:
        """Send as many of the first notices as one message holds, at least one."""


class FakeNotifier:
    """Takes what it is sent and answers what a test has laid out, then that all arrived."""

    def __init__(self, answers: Sequence[Answer] = ()) -> None:
        self.answers = list(answers)
        self.told: list[Notice] = []

    def send(self, notices: Sequence[Notice]) -> Answer:
        answer = self.answers.pop(0) if self.answers else Sent(len(notices))
        if isinstance(answer, Sent):
            self.told += notices[: answer.count]
        return answer
