"""Questions to an actor on its stream address, over real sockets."""

import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time_ns
from typing import Any

import pytest
import zmq

from protocol.codec import decode, encode
from protocol.settings import Settings
from protocol.system import Inspect, Inspected, Start
from supervision.inspection import NoAnswer, ask
from supervision.shell import Shell
from supervision.streams import StreamWorker, address

LIMIT_S = 30.0


class Counting(Shell):
    """A shell with something to tell."""

    def inspect(self) -> dict[str, Any]:
        return {"counted": 42}


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A run directory as its host makes it."""
    (tmp_path / "sockets").mkdir(mode=0o700)
    return tmp_path


@contextmanager
def working(run_dir: Path, id: str) -> Iterator[None]:
    """Run a worker on a thread, woken by its descriptors as its process would wake it."""
    from ops.config import settings_json

    start = Start(
        id=id,
        incarnation=1,
        start="tests.supervision.test_inspection.Counting",
        reads=(),
        run_dir=str(run_dir),
        settings=settings_json(Settings()),
    )
    ready, done = threading.Event(), threading.Event()

    def work() -> None:
        worker = StreamWorker(Counting(), start)
        worker.open()
        ready.set()
        while not done.is_set():
            worker.wake(time_ns())
            select.select(worker.descriptors(), (), (), worker.tick_s())
        worker.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert ready.wait(LIMIT_S)
    try:
        yield
    finally:
        done.set()
        thread.join(LIMIT_S)


def test_an_actor_tells_its_state(run_dir: Path) -> None:
    with working(run_dir, "bars"):
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
