"""Questions to an actor on its stream address, over real sockets."""

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import zmq

from protocol.codec import decode, encode
from protocol.commands import Action, CommandGiven
from protocol.market import Settled
from protocol.message import Message
from protocol.settings import Settings
from protocol.system import Commanded, Inspect, Inspected
from supervision.inspection import NoAnswer, NotTaken, ask, tell
from supervision.journal import Journal, MemoryJournal
from supervision.shell import OUTSIDE, JournaledShell, Refused, Shell, handles
from supervision.streams import address
from tests.supervision.working import LIMIT_S, working


class Counting(Shell):
    """A shell with something to tell."""

    def inspect(self) -> dict[str, Any]:
        return {"counted": 42}


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A run directory as its host makes it."""
    (tmp_path / "sockets").mkdir(mode=0o700)
    return tmp_path


def test_an_actor_tells_its_state(run_dir: Path) -> None:
    with working(run_dir, "bars", Counting()):
        told = ask(run_dir, "bars", LIMIT_S)
    assert (told["id"], told["state"]) == ("bars", {"counted": 42})


def test_an_actor_that_does_not_run_is_said_at_once(run_dir: Path) -> None:
    with pytest.raises(NoAnswer, match="bars has no address"):
        ask(run_dir, "bars", LIMIT_S)


@pytest.mark.parametrize("id", ["../run", "", "a/b", "x" * 49, "-rf"])
def test_what_is_no_id_is_refused(run_dir: Path, id: str) -> None:
    with pytest.raises(NoAnswer, match="is no actor's id"):
        ask(run_dir, id, LIMIT_S)


def test_a_silent_actor_is_given_up_after_the_limit(run_dir: Path) -> None:
    with zmq.Context() as context, context.socket(zmq.ROUTER) as router:
        router.bind(address(run_dir, "hung"))
        with pytest.raises(NoAnswer, match=r"hung did not answer within 0\.1 s"):
            ask(run_dir, "hung", 0.1)


def test_answers_to_other_questions_and_garbage_are_passed_over(run_dir: Path) -> None:
    with zmq.Context() as context, context.socket(zmq.ROUTER) as router:
        router.bind(address(run_dir, "late"))

        def answer() -> None:
            identity, frame = router.recv_multipart()
            question = decode(frame)
            assert isinstance(question, Inspect)
            router.send_multipart((identity, b"garbage"))
            for token, text in ((f"old{question.token}", '{"n": 1}'), (question.token, '{"n": 2}')):
                told = Inspected(token=token, id="late", json=text)
                router.send_multipart((identity, encode(told)))

        thread = threading.Thread(target=answer)
        thread.start()
        assert ask(run_dir, "late", LIMIT_S) == {"n": 2}
        thread.join(LIMIT_S)


class Obedient(JournaledShell):
    """Records what it is told, but for what it is told to refuse."""

    def __init__(self, journal: MemoryJournal) -> None:
        self.journal = journal

    def open_journal(self, settings: Settings, directory: str) -> Journal:
        return self.journal

    @handles(CommandGiven, source=OUTSIDE)
    def on_command(self, command: CommandGiven) -> Iterable[Message]:
        if command.action is Action.RESUME:
            raise Refused("not while it rains")
        return (command,)

    def apply(self, fact: Message) -> None:
        """There is no state."""


def command(action: Action) -> CommandGiven:
    return CommandGiven(id="a", ts_ns=1, action=action, cause="", who="test", reason="because")


def test_what_an_actor_was_told_is_in_its_journal_when_it_answers(run_dir: Path) -> None:
    journal = MemoryJournal()
    with working(run_dir, "operator", Obedient(journal)):
        tell(run_dir, "operator", command(Action.HALT), LIMIT_S)
        assert list(journal.load()) == [command(Action.HALT)]


def test_a_refusal_is_told_with_its_reason_and_changes_nothing(run_dir: Path) -> None:
    journal = MemoryJournal()
    with working(run_dir, "operator", Obedient(journal)):
        with pytest.raises(NotTaken, match="not while it rains"):
            tell(run_dir, "operator", command(Action.RESUME), LIMIT_S)
        with pytest.raises(NotTaken, match="operator takes no market.settled"):
            tell(run_dir, "operator", Settled(number=1), LIMIT_S)
        tell(run_dir, "operator", command(Action.HALT), LIMIT_S)
    assert list(journal.load()) == [command(Action.HALT)]


def test_an_actor_that_takes_no_commands_says_so(run_dir: Path) -> None:
    with working(run_dir, "bars", Counting()):
        with pytest.raises(NotTaken, match="bars takes no command.given"):
            tell(run_dir, "bars", command(Action.HALT), LIMIT_S)


def test_bytes_that_are_no_message_are_refused_and_the_actor_goes_on(run_dir: Path) -> None:
    with working(run_dir, "bars", Counting()):
        with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
            socket.setsockopt(zmq.LINGER, 0)
            socket.connect(address(run_dir, "bars"))
            socket.send(encode(Commanded(token="t", body=b"\xc1")))
            assert socket.poll(int(LIMIT_S * 1000))
            answer = decode(socket.recv())
        assert (answer.token, answer.taken) == ("t", False)
        assert ask(run_dir, "bars", LIMIT_S)["state"] == {"counted": 42}
