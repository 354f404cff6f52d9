"""The parts of a process that need no process; the rest is in tests/system/test_supervision.py."""

import json
import multiprocessing
import pickle
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from thespian.actors import ActorAddress, ActorExitRequest, DeadEnvelope, PoisonMessage

from protocol.codec import BadFrame
from protocol.system import Ping, Start, Stop, Stopped
from supervision.guarded import resolve
from supervision.parcel import Parcel, pack, unpack
from supervision.process import ProcessActor
from tests.system.workers import Probe


def test_a_dotted_name_is_resolved_to_its_class() -> None:
    assert resolve("tests.system.workers.Probe") is Probe


@pytest.mark.parametrize(
    ("dotted", "words"),
    [
        ("tests.system.workers.Nobody", "has no 'Nobody'"),
        ("tests.system.nowhere.Probe", "tests.system.nowhere"),
    ],
)
def test_a_class_that_is_not_there_is_named(dotted: str, words: str) -> None:
    with pytest.raises(ImportError, match=words):
        resolve(dotted)


def test_a_parcel_survives_pickling_and_prints_the_same_whatever_it_holds() -> None:
    parcel = pickle.loads(pickle.dumps(pack(Ping(number=7))))
    assert unpack(parcel) == Ping(number=7)
    assert str(parcel) == repr(parcel) == str(Parcel(b"x" * 10**6)) == "Parcel"


def test_a_parcel_of_anything_else_is_refused() -> None:
    with pytest.raises(BadFrame):
        unpack(Parcel(b"\x93nonsense"))


# ---- The process itself, on a small stand-in for Thespian, in a process of its own ------------

OWN, PARENT = ActorAddress("own"), ActorAddress("parent")
LEAVE = ("own", "ActorExitRequest")


class Mailbox:
    """What an actor finds behind it: notes what is sent and which wake-ups are asked for."""

    def __init__(self) -> None:
        self.address = OWN
        self.sent: list[tuple[Any, Any]] = []

    def actor_send(self, address: Any, message: Any) -> None:
        self.sent.append((address, message))

    def wakeupAfter(self, delay: timedelta, payload: Any = None) -> None:
        assert delay >= timedelta(milliseconds=1)


def story(run_dir: str, events: list[Any], settings: str, answers: Any) -> None:
    """Bring events to a new process; answer what it sent, its strays and what it watches."""
    actor = ProcessActor()
    mailbox = Mailbox()
    actor._myRef = mailbox
    start = Start(id="a", incarnation=1, start="tests.system.workers.Probe", reads=(),
                  run_dir=run_dir, settings=settings)
    watched: list[int] = []
    for event in events:
        message = pack(start) if event == "start" else event
        watched = actor.receiveMessage(message, PARENT).filenos
    sent = []
    for address, message in mailbox.sent:
        content = unpack(message) if isinstance(message, Parcel) else message
        sent.append((address.addressDetails, type(content).__name__))
    answers.put((sent, actor.strays, len(watched)))


def tell(tmp_path: Path, events: list[Any], settings: str = "{}") -> tuple[Any, int, int]:
    # In a child, because a process that hosts an actor asks the kernel to die with its parent.
    (tmp_path / "sockets").mkdir()
    spawn = multiprocessing.get_context("spawn")
    answers = spawn.Queue()
    child = spawn.Process(target=story, args=(str(tmp_path), events, settings, answers))
    child.start()
    answer: tuple[Any, int, int] = answers.get(timeout=20)
    child.join(20)
    return answer


def test_a_second_start_opens_nothing_twice(tmp_path: Path) -> None:
    sent, strays, watched = tell(tmp_path, ["start", "start", pack(Ping(number=1))])
    assert sent == [("parent", "Ready"), ("parent", "Beat")]
    assert (strays, watched) == (1, 1)


def test_what_nobody_here_has_a_use_for_is_counted_and_harms_nothing(tmp_path: Path) -> None:
    returned = pack(Ping(number=1))
    strays = [
        PoisonMessage(returned, "details"), DeadEnvelope("address", returned), "text", None,
        Parcel(b"no frame"), pack(Stopped(id="b", incarnation=1)),
    ]
    sent, count, watched = tell(tmp_path, [pack(Ping(number=1)), "start", *strays])
    assert sent == [("parent", "Ready")]
    assert (count, watched) == (1 + len(strays), 1)


@pytest.mark.parametrize("how", ["raise", "sys_exit", "interrupt"])
def test_after_its_last_words_a_process_does_nothing_more(tmp_path: Path, how: str) -> None:
    settings = json.dumps({"a": {"open": {"1": how}}})
    later = [pack(Ping(number=1)), "start", pack(Stop(reason="asked")), ActorExitRequest()]
    sent, _, watched = tell(tmp_path, ["start", *later], settings)
    assert sent == [("parent", "Crashed"), LEAVE]
    assert watched == 0


def test_a_stop_is_answered_once_the_worker_is_closed(tmp_path: Path) -> None:
    stop = pack(Stop(reason="asked"))
    sent, _, watched = tell(tmp_path, ["start", stop, stop, ActorExitRequest()])
    assert sent == [("parent", "Ready"), ("parent", "Stopped"), LEAVE]
    assert watched == 0


def test_a_worker_that_fails_to_close_crashes(tmp_path: Path) -> None:
    settings = json.dumps({"a": {"close": "raise"}})
    sent, _, _ = tell(tmp_path, ["start", pack(Stop(reason="asked"))], settings)
    assert sent == [("parent", "Ready"), ("parent", "Crashed"), LEAVE]
