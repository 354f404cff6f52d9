"""The parts of a process that need no process; the rest is in tests/system/test_supervision.py."""

import pickle

import pytest

from protocol.codec import BadFrame
from protocol.system import Ping
from supervision.guarded import resolve
from supervision.parcel import Parcel, pack, unpack
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
