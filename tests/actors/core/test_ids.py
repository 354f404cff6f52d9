"""Ids made from facts."""

from hashlib import blake2b

from hypothesis import given
from hypothesis import strategies as st

from actors.core.ids import derived_id, id_of

facts = st.lists(st.integers() | st.text(), max_size=5)


def test_an_id_is_the_same_on_every_machine_and_in_every_run():
    assert derived_id("client", 7) == "1d3b032107ccc7ad81506077"


@given(facts, facts)
def test_an_id_is_the_digest_of_its_own_facts_whatever_was_asked_before(before, own):
    derived_id(*before)
    joined = "|".join(str(fact) for fact in own).encode()
    assert derived_id(*own) == blake2b(joined, digest_size=12).hexdigest()


def test_facts_that_are_joined_already_have_the_same_id():
    assert id_of("ESZ5|time:300|7") == derived_id("ESZ5", "time:300", 7)


def test_facts_in_another_order_are_another_id():
    assert derived_id("a", "b") != derived_id("b", "a")
