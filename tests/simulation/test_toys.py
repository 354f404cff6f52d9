"""The simulator itself, on a toy floor: faults may cost time, never a message."""

import pytest

from protocol.codec import encode
from protocol.market import Cut, CutReason, Settled
from protocol.system import Tail
from supervision.flow import MemoryWindow
from supervision.journal import MemoryJournal
from supervision.node import Node
from supervision.simulator import Faults, Place, Simulator, Stuck
from supervision.spec import ChildSpec
from tests.supervision.toys import (
    DealShell,
    ForgetfulShell,
    KeepShell,
    RecorderShell,
    SourceShell,
    SumShell,
    tape_of,
)

STORM = Faults(crash=0.01, loss=0.05, duplicate=0.05, delay=0.2)


def simulate(
    seed: int, faults: Faults, cuts: int = 12, limit_s: float = 600.0, forgetful: bool = False
):
    tape = tape_of(cuts, 9)
    kept: dict[str, MemoryWindow] = {}
    makers = {
        "source": (lambda: SourceShell(tape), ("deal",)),
        "left": (SumShell, ("source",)),
        "right": (SumShell, ("source",)),
        "join": (SumShell, ("left", "right")),
        "deal": (DealShell, ("join",)),
        "keep": (lambda: KeepShell(kept), ("join", "deal")),
    }
    if forgetful:
        recorded: MemoryWindow[bytes] = MemoryWindow()
        makers["source"] = (lambda: ForgetfulShell(tape), ("deal",))
        makers["recorder"] = (lambda: RecorderShell(recorded), ("source",))
    places = {
        id: Place(ChildSpec(id=id, start="toy.Toy", reads=reads), make, MemoryJournal())
        for id, (make, reads) in makers.items()
    }
    ends = {
        "join": Cut(number=cuts, ts_ns=cuts * 9, reason=CutReason.END),
        "deal": Settled(number=cuts),
    }

    def finished() -> bool:
        return all(s in kept and kept[s].bodies[-1] == end for s, end in ends.items())

    simulator = Simulator(places, seed, faults, finished, limit_s)
    simulator.run()
    return simulator, {stream: window.bodies for stream, window in kept.items()}


def test_a_storm_of_faults_changes_nothing_in_what_is_kept():
    _, calm = simulate(0, Faults())
    crashes = 0
    for seed in range(40):
        simulator, kept = simulate(seed, STORM)
        assert kept == calm, f"seed {seed}"
        crashes += simulator.crashes
    assert crashes > 150


def test_the_same_seed_plays_the_same_run():
    first, _ = simulate(5, STORM)
    second, _ = simulate(5, STORM)
    assert (first.now_s, first.crashes) == (second.now_s, second.crashes)


def test_a_floor_that_makes_no_progress_is_reported_with_its_seed():
    with pytest.raises(Stuck, match="seed 3"):
        simulate(3, Faults(loss=1.0), limit_s=5.0)


def test_what_a_source_has_forgotten_comes_from_its_keeper():
    _, calm = simulate(0, Faults(), cuts=30)
    for seed in range(20):
        # Delays only: the recorder is never so far behind that both have forgotten.
        faults = Faults(crash=0.01, delay=0.1, delay_max_s=0.05, restart_max_s=0.02)
        simulator, kept = simulate(seed, faults, cuts=30, forgetful=True)
        gaps = [place.node.gaps for place in simulator.places.values() if place.node]
        assert not any(gaps), f"seed {seed}: {gaps}"
        assert kept == calm, f"seed {seed}"


def test_what_nobody_holds_any_more_is_counted_as_a_gap():
    window: MemoryWindow[bytes] = MemoryWindow(first=8, bodies=[encode(tape_of(1, 1)[0])])
    node = Node("sum", SumShell(), ("source",), None, 0.0)
    tail = Tail(stream="source", first=window.first, last=window.last, keeper="recorder")
    assert [peer for peer, _ in node.take("source", tail, 0.0)] == ["recorder"]
    lacks_too = Tail(stream="source", first=5, last=8, keeper="")
    assert [wish.after for _, wish in node.take("recorder", lacks_too, 0.0)] == [4]
    assert node.gaps == {"source": 4}
