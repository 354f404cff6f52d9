"""The power goes while one has made durable what another, on whom it depends, had only noted.

That is the one moment at which a power cut is more than a crash: after it the desk knows a cut
that the broker has not set yet, or the broker a settlement that the desk has not. Seeds differ in
who is back first.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import pytest

from protocol.message import Message
from protocol.settings import Settings
from supervision.journal import MemoryJournal
from supervision.simulator import Faults, Place, Simulator
from tests.simulation.floor import Floor, busy_settings
from tests.simulation.test_floor import check_orders

TRIED = 9
STOP_TICKS = 20
PEER = {"desk": "broker", "broker": "desk"}


class Watched(MemoryJournal):
    """A journal that shows what a power cut would leave of it."""

    def __init__(self) -> None:
        super().__init__()
        self.durable = 0
        self.read: dict[str, int] = {}

    def append(self, facts: Sequence[Message], positions: Mapping[str, int]) -> None:
        super().append(facts, positions)
        self.durable, self.read = len(tuple(self.load())), dict(positions)


class Cutter(Simulator):
    """A simulator whose power goes once: at one of the arrivals at which `ahead` is ahead."""

    ahead = ""
    at = 0
    torn = 0

    def _power_goes(self) -> bool:
        known, lost = self.places[self.ahead].journal, self.places[PEER[self.ahead]].journal
        assert isinstance(known, Watched) and isinstance(lost, Watched)
        if self.power_cuts or known.read.get(PEER[self.ahead], 0) <= lost.durable:
            return False
        self.torn += 1
        return self.torn == self.at


def patient_settings() -> Settings:
    """Settings under which positions are left behind cuts at which the desk had nothing to do."""
    base = busy_settings()
    return dataclasses.replace(
        base,
        desk=dataclasses.replace(base.desk, reconcile_s=86_400),
        risk=dataclasses.replace(base.risk, stop_ticks=STOP_TICKS, target_ticks=STOP_TICKS),
    )


class CutFloor(Floor):
    """The floor of the simulation, with one power cut."""

    def __init__(self, seed: int, ahead: str, at: int) -> None:
        super().__init__(seed, Faults(), patient_settings())
        self.journals |= {id: Watched() for id in PEER}
        self.ahead, self.at = ahead, at

    def simulator(self, places: dict[str, Place]) -> Simulator:
        made = Cutter(places, self.seed, self.faults, self._finished)
        made.ahead, made.at = self.ahead, self.at
        return made


@pytest.mark.parametrize("ahead", PEER)
def test_marks_that_only_another_still_knows_come_again_in_their_places(ahead):
    calm = CutFloor(0, ahead, 0)
    moments = calm.run().torn
    assert moments >= TRIED, "the tape never brings the floor to it"
    for at in range(1, moments + 1, moments // TRIED):
        floor = CutFloor(at, ahead, at)
        assert floor.run().power_cuts == 1, f"moment {at}: the power stayed"
        assert floor.digest == calm.digest, f"moment {at}: another digest"
        for id in PEER:
            assert floor.journals[id].load() == calm.journals[id].load(), f"moment {at}: {id}"
        check_orders(floor, at)


class Open(Simulator):
    """A simulator in which whatever comes through has arrived."""

    def _arrive(self, to: str, arrive: Callable[[], None]) -> None:
        arrive()


def test_what_is_on_its_way_goes_with_the_power_and_what_is_sent_later_comes():
    came: list[str] = []
    play = Open({}, 0, Faults(), lambda: "later" in came)
    play._at(0.001, lambda: play._carry("desk", lambda: came.append("before")))
    play._at(0.00105, lambda: play._cut_power())
    play._at(0.002, lambda: play._carry("desk", lambda: came.append("later")))
    play.run()
    assert came == ["later"]
