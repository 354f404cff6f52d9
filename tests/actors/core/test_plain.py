"""Records for a screen: no value in it is a Python expression."""

from dataclasses import dataclass
from datetime import date

from actors.core.plain import plain
from protocol.patterns import Direction
from tests.makers import make_approved


@dataclass(frozen=True)
class Leaf:
    on: date
    causes: frozenset[str]
    side: Direction


@dataclass(frozen=True)
class Tree:
    leaves: tuple[Leaf, ...]
    share: float
    known: bool
    best: Leaf | None


LEAF = Leaf(date(2025, 12, 2), frozenset({"b", "a"}), Direction.LONG)


def test_a_record_of_records_is_told_in_plain_values():
    leaf = {"on": "2025-12-02", "causes": ["a", "b"], "side": "long"}
    assert plain(Tree((LEAF,), 0.5, True, None)) == {
        "leaves": [leaf], "share": 0.5, "known": True, "best": None,
    }  # fmt: skip


def test_records_by_their_ids_and_messages_are_told_alike():
    told = plain({7: make_approved(signal_id="s")})
    assert told["7"]["signal_id"] == "s"


def test_nothing_is_nothing():
    assert plain(None) is None
    assert plain({}) == {}
