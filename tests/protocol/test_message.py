"""What a message is, and that its quick makers make what a frozen dataclass would."""

import copy
import dataclasses
import pickle

import pytest

from protocol.catalog import CATALOG
from protocol.message import Message, message
from tests.makers import make_bar, make_signal


@message("test.pair", version=3)
class Pair(Message):
    """Two numbers in order."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"low {self.low}, wanted at most {self.high}")


@message("test.nothing")
class Nothing(Message):
    """No field at all."""


def values_of(found):
    return [getattr(found, field.name) for field in dataclasses.fields(found)]


def test_a_message_has_its_kind_its_version_and_its_fields():
    assert (Pair.KIND, Pair.VERSION) == ("test.pair", 3)
    pair = Pair(low=1, high=2)
    assert type(pair) is Pair and isinstance(pair, Message)
    assert (pair.low, pair.high) == (1, 2)
    assert repr(pair) == "Pair(low=1, high=2)"
    assert Nothing() == Nothing() == Nothing.of()


@pytest.mark.parametrize("pair", [Pair(low=1, high=2), Pair.of(1, 2)], ids=["named", "of"])
def test_a_message_is_frozen_however_it_was_made(pair):
    assert type(pair) is Pair
    with pytest.raises(dataclasses.FrozenInstanceError):
        pair.low = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        del pair.low
    with pytest.raises((AttributeError, TypeError)):
        pair.other = 0
    assert not hasattr(pair, "__dict__")
    assert (pair.low, pair.high) == (1, 2)


def test_what_checks_itself_does_so_however_it_is_made():
    for make in (lambda: Pair(low=3, high=2), lambda: Pair.of(3, 2)):
        with pytest.raises(ValueError, match="low 3, wanted at most 2"):
            make()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Pair(low=1), r"Pair.__init__\(\) missing 1 required keyword-only argument"),
        (lambda: Pair(low=1, high=2, top=3), "unexpected keyword argument 'top'"),
        (lambda: Pair(1, 2), "takes 1 positional argument but 3 were given"),
        (lambda: Pair.of(1), r"Pair.of\(\) missing 1 required positional argument: 'high'"),
        (lambda: Pair.of(1, 2, 3), "takes 2 positional arguments but 3 were given"),
    ],
)
def test_fields_too_few_too_many_or_without_names_are_refused(make, words):
    with pytest.raises(TypeError, match=words):
        make()


def test_a_default_is_refused_where_the_message_is_declared():
    with pytest.raises(TypeError, match="Lax.size has a default, wanted none"):

        @message("test.lax")
        class Lax(Message):
            """A size."""

            size: int = 1


@pytest.mark.parametrize("made", [make_bar(), make_signal()], ids=["bar", "signal"])
def test_the_values_in_order_make_the_same_message_as_the_names(made):
    cls = type(made)
    again = cls.of(*values_of(made))
    assert type(again) is cls
    assert again == made and hash(again) == hash(made)
    assert copy.copy(made) == pickle.loads(pickle.dumps(made)) == made
    assert dataclasses.replace(made, contract="ESH6").contract == "ESH6"


UNCHECKED = [cls for cls in CATALOG if "__post_init__" not in vars(cls)]


@pytest.mark.parametrize("cls", UNCHECKED, ids=lambda cls: cls.KIND)
def test_every_value_lands_in_the_field_of_its_place(cls):
    count = len(dataclasses.fields(cls))
    assert values_of(cls.of(*range(count))) == list(range(count))
    named = {field.name: i for i, field in enumerate(dataclasses.fields(cls))}
    assert cls(**named) == cls.of(*range(count))
