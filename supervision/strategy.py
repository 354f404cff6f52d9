"""Who stops and who starts after a death. OTP's rules, as values: no process is in sight.

| death    | permanent | transient | temporary |
|----------|-----------|-----------|-----------|
| normal   | restart   | leave     | leave     |
| shutdown | restart   | leave     | leave     |
| abnormal | restart   | restart   | leave     |

A child that is left changes nothing for its siblings, whatever the strategy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from supervision.spec import Restart, Spec, Strategy


class Death(StrEnum):
    """How a child ended."""

    NORMAL = "normal"  # It said Stopped without being asked.
    SHUTDOWN = "shutdown"  # We asked it to stop; it said so, left, or was killed for being slow.
    CRASHED = "crashed"  # It said its reason.
    EXITED = "exited"  # It is gone without a word: a signal, an exit of the process.
    HUNG = "hung"  # It was silent for too long and we killed it.
    START_FAILED = "start_failed"  # It died or was killed before it was ready.
    GAVE_UP = "gave_up"  # A supervisor whose children failed too often.

    @property
    def abnormal(self) -> bool:
        """Whether a transient child is started again after it."""
        return self not in (Death.NORMAL, Death.SHUTDOWN)


@dataclass(frozen=True, slots=True)
class Answer:
    """Siblings to stop, last first, then children to start, first first, the dead one included."""

    stop: tuple[str, ...] = ()
    start: tuple[str, ...] = ()


def restarts(restart: Restart, death: Death) -> bool:
    """Return whether a child of this restart type is started again after this death."""
    match restart:
        case Restart.PERMANENT:
            return True
        case Restart.TRANSIENT:
            return death.abnormal
        case Restart.TEMPORARY:
            return False
        case _:
            assert_never(restart)


def after_death(
    strategy: Strategy, children: Sequence[Spec], dead: str, death: Death
) -> Answer:
    """Return who stops and who starts now that the child with the id `dead` is gone.

    A temporary sibling that is stopped along is not started again, as in OTP.
    """
    position = [child.id for child in children].index(dead)
    if not restarts(children[position].restart, death):
        return Answer()
    match strategy:
        case Strategy.ONE_FOR_ONE:
            touched: Sequence[Spec] = (children[position],)
        case Strategy.ONE_FOR_ALL:
            touched = children
        case Strategy.REST_FOR_ONE:
            touched = children[position:]
        case _:
            assert_never(strategy)
    return Answer(
        stop=tuple(child.id for child in reversed(touched) if child.id != dead),
        start=tuple(child.id for child in touched if child.restart is not Restart.TEMPORARY),
    )
