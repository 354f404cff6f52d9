"""The desk and the broker killed at every durable step, one run for each: nothing may show.

A step is the arrival of a message, the moment before the journal is written and the moment after;
what is published between two steps has left before the second. FLOORWATCH_SEEDS limits how many of
the steps are tried; every failure names its step.
"""

import os
from collections import Counter
from collections.abc import Callable

import pytest

from protocol.fence import BooksAgreed, FenceClosed
from protocol.orders import PositionClosed, StatusAsked
from supervision.simulator import Faults, Place, Simulator
from tests.simulation.floor import Floor
from tests.simulation.test_floor import check_orders

STEPS_MAX = int(os.environ.get("FLOORWATCH_SEEDS", "1000"))


class Killer(Simulator):
    """A simulator without chance: one actor dies at one step of its own, once."""

    victim = ""
    at = 0
    steps = 0
    _who = ""

    def _arrive(self, to: str, arrive: Callable[[], None]) -> None:
        self._who = to
        super()._arrive(to, arrive)

    def _dies(self, weight: float = 1.0) -> bool:
        if self._who != self.victim:
            return False
        self.steps += 1
        return self.steps == self.at


class KilledFloor(Floor):
    """The floor of the simulation, with one death."""

    def __init__(self, victim: str, at: int) -> None:
        super().__init__(0, Faults())
        self.victim, self.at = victim, at

    def simulator(self, places: dict[str, Place]) -> Simulator:
        made = Killer(places, self.seed, self.faults, self._finished)
        made.victim, made.at = self.victim, self.at
        return made


@pytest.fixture(scope="module", params=["desk", "broker"])
def calm(request) -> tuple[KilledFloor, int]:
    floor = KilledFloor(request.param, 0)
    steps = floor.run().steps
    return floor, steps


def killed(calm, at):
    """Play with a death at a step and hold that nothing of it is left."""
    floor = KilledFloor(calm.victim, at)
    assert floor.run().crashes == 1, f"step {at}: nobody died"
    assert floor.digest == calm.digest, f"step {at}: another digest"
    check_orders(floor, at)


def test_the_desk_trades_compares_and_is_never_in_doubt(calm):
    facts = Counter(type(fact) for fact in calm[0].books.entries("desk"))
    assert facts[PositionClosed] >= 10 and facts[BooksAgreed] >= 10
    assert facts[FenceClosed] == facts[StatusAsked] == 0


def test_a_death_at_some_of_the_steps_leaves_no_trace(calm):
    floor, steps = calm
    for at in range(1, steps, max(1, steps // 5)):
        killed(floor, at)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_death_at_any_step_leaves_no_trace(calm):
    floor, steps = calm
    for at in range(1, steps + 1, -(-steps // STEPS_MAX)):
        killed(floor, at)
