"""What a person tells a real floor: recorded, obeyed, and still so when the desk is killed."""

import dataclasses
import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from json import dumps, loads
from pathlib import Path
from typing import Any

import pytest

from actors.adapters.feeds.simulated import SimulatedSession
from actors.adapters.feeds.tape import TapeRule, tape, write_tape
from actors.adapters.kill_file import NAME
from actors.adapters.open import open_journal
from ops.live import later
from protocol.account import TradingHalted, TradingResumed
from protocol.commands import Action, CommandGiven
from protocol.fence import BooksAgreed, FenceClosed, FenceOpened
from protocol.message import Message
from protocol.orders import ExitReason, FlattenSubmitted, PositionClosed
from protocol.settings import Settings
from supervision import bodies
from supervision.inspection import NoAnswer, NotTaken, ask, tell
from tests.simulation.floor import busy_settings
from tests.system.running import Running, floor_in, until

SPEED = 1_500.0  # The first position comes after two seconds.
HELD, LATER = 120, 240  # Cuts, long after that and long before the close.
KEPT = 400  # Ticks to stop and target: only a person closes it.

pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(120)]


class Told(Running):
    """A floor that is told things, and what its desk and its risk then say of themselves."""

    numbers = itertools.count(1)

    def state(self, actor: str) -> dict[str, Any]:
        """Return what an actor says of itself; nothing while it is on its way back."""
        try:
            return dict(ask(self.run_dir, actor, 0.5)["state"])
        except NoAnswer:
            return {}

    def give(self, action: Action, cause: str = "") -> None:
        """Tell the desk, as the command line does, until it is recorded."""
        command = CommandGiven(
            id=f"told-{next(self.numbers)}", ts_ns=1, action=action, cause=cause, who="anna",
            reason="a test",
        )  # fmt: skip

        def taken() -> bool:
            try:
                tell(self.run_dir, "desk", command, 0.5)
            except NoAnswer:  # The same id is the same command, so it may be told again.
                return False
            return True

        until(taken, f"{action} recorded")

    def wait(self, actor: str, **wanted: Any) -> None:
        """Wait until an actor says all that is `wanted` of itself."""
        until(lambda: wanted.items() <= self.state(actor).items(), f"{actor} says {wanted}")

    def wait_held(self) -> None:
        """Wait until a position is held."""
        until(lambda: self.state("desk").get("held"), "a position")

    def kill(self, *actors: str) -> None:
        """Kill -9 actors and wait for their next lives."""
        for actor in actors:
            before = self.pid(actor)
            body = bodies.body(before)
            assert body is not None
            bodies.kill(body)
            until(lambda a=actor, b=before: self.pid(a) not in (0, b), f"a next life of {actor}")

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Ask the page for something as its own pages do; return its status and answer."""
        address = loads((self.run_dir / "web.json").read_text())
        page = HTTPConnection("127.0.0.1", address["port"], timeout=10)
        headers = {"Content-Type": "application/json", "Origin": address["url"]}
        try:
            page.request("POST", path, dumps(body), headers)
            answer = page.getresponse()
            return answer.status, loads(answer.read())
        finally:
            page.close()


def kept() -> Settings:
    """Settings under which a position is opened early and stays."""
    busy = busy_settings()
    return dataclasses.replace(
        busy,
        bars=dataclasses.replace(busy.bars, series=("time:60",)),
        feed=dataclasses.replace(busy.feed, speed=SPEED, batch_trades_max=64),
        risk=dataclasses.replace(busy.risk, stop_ticks=KEPT, target_ticks=KEPT),
        web=dataclasses.replace(busy.web, port=0),
    )


@contextmanager
def told_floor(journal: list[Message]) -> Iterator[Told]:
    """Run a floor on a simulated day; when it has ended, `journal` is what its desk recorded."""
    settings = kept()
    with tempfile.TemporaryDirectory(prefix="fw-") as directory:
        data = Path(directory) / "data"
        data.mkdir(mode=0o700)
        day = later(SimulatedSession("ES", 11, 6_000), "08:45")
        write_tape(data / "tape.frames", tape(day, TapeRule.of(settings.feed, settings.bars)))
        with floor_in(Path(directory), settings, Told, HELD) as run:
            yield run
        records = open_journal(settings, str(data), "desk")
        journal += records.load()
        records.close()


def follows(journal: list[Message], action: Action) -> list[type[Message]]:
    """Return what kinds were recorded from the first command of that kind on."""
    told = (m for m in enumerate(journal) if isinstance(m[1], CommandGiven))
    start = next(index for index, command in told if command.action is action)
    return [type(message) for message in journal[start:]]


def test_halt_resume_flatten_and_force_sync_are_recorded_obeyed_and_outlive_the_desk():
    journal: list[Message] = []
    with told_floor(journal) as run:
        run.wait_held()
        run.give(Action.HALT)
        run.wait("risk", halted=True)
        run.kill("desk", "risk")
        run.wait_held()  # A halt leaves brackets where they are.
        run.give(Action.FLATTEN)
        run.let(LATER)
        run.wait("desk", held={}, open={}, flattens={})
        run.wait("risk", halted=True, positions={})
        run.kill("desk", "risk")
        run.wait("desk", held={}, fence="open")
        run.wait("risk", halted=True)  # It reads again what the desk has recorded.
        run.give(Action.RESUME)
        run.wait("risk", halted=False)
        run.give(Action.FORCE_SYNC)
        run.wait("desk", asked=None, differs=[], fence="open")
    commands = [m for m in journal if isinstance(m, CommandGiven)]
    assert [m.action for m in commands] == ["halt", "flatten", "resume", "force_sync"]
    assert {m.who for m in commands} == {"anna"}
    assert follows(journal, Action.HALT)[1] is TradingHalted
    assert follows(journal, Action.FLATTEN)[1] is FlattenSubmitted
    assert follows(journal, Action.RESUME)[1] is TradingResumed
    assert BooksAgreed in follows(journal, Action.FORCE_SYNC)
    trips = [m.reason for m in journal if isinstance(m, PositionClosed)]
    assert trips[:1] == [ExitReason.MANUAL]


def test_a_kill_by_page_file_or_command_stands_until_its_fence_is_opened_by_hand():
    journal: list[Message] = []
    with told_floor(journal) as run:
        run.wait_held()
        assert run.post("/api/kill", {"reason": "not confirmed"})[0] == 422
        assert run.state("desk")["fence"] == "open"
        assert run.post("/api/kill", {"confirm": True, "reason": "smoke"})[0] == 202
        run.let(LATER)
        run.wait("desk", held={}, fence="kill")
        run.kill("desk")
        run.wait("desk", held={}, fence="kill")
        run.wait("risk", fence=["kill"], positions={})
        run.give(Action.OPEN_FENCE, "kill")
        run.wait("risk", fence=[])

        (run.run_dir / "draft").write_text("fire")
        (run.run_dir / "draft").rename(run.run_dir / NAME)
        # What another has read is recorded; what the desk shows of itself may not be yet.
        run.wait("risk", fence=["kill"])
        run.kill("desk")
        run.wait("desk", fence="kill", kill_file=True)
        with pytest.raises(NotTaken, match="remove it first"):
            run.give(Action.OPEN_FENCE, "kill")
        (run.run_dir / NAME).unlink()
        run.wait("desk", kill_file=False)
        run.give(Action.OPEN_FENCE, "kill")
        run.wait("desk", fence="open")

        run.give(Action.KILL)
        run.wait("risk", fence=["kill"])
    given = [m for m in journal if isinstance(m, CommandGiven)]
    assert [m.action for m in given] == [
        # The file kills again after a restart that finds it: recorded, and nothing new follows.
        "kill", "open_fence", "kill", "kill", "open_fence", "kill",
    ]  # fmt: skip
    assert [m.reason for m in given[:4]] == ["smoke", "a test", "fire", "fire"]
    assert given[0].who == "the page, from 127.0.0.1"
    fences = [type(m) for m in journal if isinstance(m, FenceClosed | FenceOpened)]
    assert fences == [FenceClosed, FenceOpened, FenceClosed, FenceOpened, FenceClosed]
    assert follows(journal, Action.KILL)[1:3] == [FenceClosed, FlattenSubmitted]
    assert [m.reason for m in journal if isinstance(m, PositionClosed)][0] is ExitReason.MANUAL


def test_an_actor_that_is_restarted_from_the_page_stops_in_order_and_is_back_with_its_state():
    wanted = {"confirm": True, "reason": "a test"}
    with told_floor([]) as run:
        run.wait_held()
        before = {actor: run.node(actor) for actor in ("desk", "bars")}
        for actor in before:
            assert run.post(f"/api/actors/{actor}/restart", wanted)[0] == 202
        for actor, node in before.items():
            until(lambda a=actor, n=node: run.node(a).incarnation > n.incarnation, f"{actor} back")
        run.wait_all_green()
        assert run.state("desk")["held"]
        ordered = [alarm["text"] for alarm in run.alarms("restart_ordered")]
        assert ordered == [f"{actor} by local: a test" for actor in before]
        assert run.alarms("child_restarted") == [] and run.alarms("slow_stop") == []
        assert {actor: run.node(actor).failure for actor in before} == dict.fromkeys(before)
