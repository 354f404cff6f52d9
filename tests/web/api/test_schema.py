"""Annotations as JSON Schema and as checks: the two must agree on every value."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from web.api.schema import Text, Unfit, checked, schema_of


class Leaf(TypedDict):
    """A leaf."""

    size: int
    note: NotRequired[Annotated[str, Text("What it says.", most=3, least=1)]]


class Tree(TypedDict):
    """A tree of trees."""

    leaf: Leaf | None
    rate: float
    kind: Literal["a", "b", True]
    below: list["Tree"]
    more: dict[str, int]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.text("ab", max_size=4),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["size", "note", "leaf", "rate", "kind", "below", "more"]),
                      inner, max_size=5),
    max_leaves=8,
)  # fmt: skip
LEAVES = st.fixed_dictionaries({"size": JSON | st.integers()}, optional={"note": JSON})
TREES = st.fixed_dictionaries({
    "leaf": LEAVES | JSON, "rate": JSON | st.floats(0, 1), "kind": JSON | st.just("a"),
    "below": st.just([]) | JSON, "more": st.dictionaries(st.text("ab"), st.integers() | JSON),
})  # fmt: skip


def fits(value: Any, hint: Any) -> bool:
    try:
        return checked(value, hint) is value
    except Unfit:
        return False


def by_schema(value: Any, hint: Any) -> bool:
    shared: dict[str, Any] = {}
    schema = schema_of(hint, shared)
    whole = schema | {"components": {"schemas": shared}}
    return bool(Draft202012Validator(whole).is_valid(value))


def is_whole_float(value: Any) -> bool:
    """Say whether 1.0 is in it: JSON Schema takes it for an integer, and we do not."""
    if isinstance(value, dict | list):
        return any(map(is_whole_float, value.values() if isinstance(value, dict) else value))
    return isinstance(value, float) and value.is_integer()


@given(TREES | LEAVES | JSON, st.sampled_from([Tree, Leaf, Tree | None, list[Leaf]]))
def test_what_the_schema_says_of_a_value_the_check_says_too(value: Any, hint: Any) -> None:
    if not is_whole_float(value):
        assert fits(value, hint) == by_schema(value, hint)


def test_a_tree_that_fits_is_returned_as_it_is() -> None:
    tree = {"leaf": {"size": 1, "note": "abc"}, "rate": 0, "kind": True, "below": [],
            "more": {"x": 1}}  # fmt: skip
    assert fits(tree | {"below": [tree]}, Tree) and by_schema(tree | {"below": [tree]}, Tree)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "body: found list, wanted an object"),
        ({}, "body: without size, wanted size, note"),
        ({"size": True}, "body.size: found True, wanted integer"),
        ({"size": "1"}, "body.size: found '1', wanted integer"),
        ({"size": 1, "note": ""}, "body.note: 0 characters, wanted at least 1"),
        ({"size": 1, "note": "abcd"}, "body.note: 4 characters, wanted at most 3"),
        ({"size": 1, "sizes": 2}, "body: 'sizes' is not known, wanted size, note"),
    ],
)
def test_a_refusal_says_where_what_was_found_and_what_was_wanted(value: Any, words: str) -> None:
    with pytest.raises(Unfit) as refused:
        checked(value, Leaf)
    assert str(refused.value) == words


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_finite_number_is_refused(value: float) -> None:
    with pytest.raises(Unfit, match="wanted a finite number"):
        checked(value, float)


def test_a_long_value_is_not_repeated() -> None:
    with pytest.raises(Unfit) as refused:
        checked({"size": "x" * 10_000}, Leaf)
    assert len(str(refused.value)) < 120
