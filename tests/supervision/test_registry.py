"""Who holds an id now."""

from supervision.registry import Registry


def test_an_unknown_id_has_no_address_and_nobody_is_believed_for_it() -> None:
    registry = Registry()
    assert registry.address("a") is None
    assert registry.incarnation("a") == 0
    assert not registry.current("a", 0)
    assert not registry.current("a", 1)


def test_a_new_life_makes_the_words_of_the_old_one_stale() -> None:
    registry = Registry()
    assert registry.next_incarnation("a") == 1
    registry.hold("a", 1, "port 1")
    assert registry.next_incarnation("a") == 2
    assert registry.address("a") is None
    assert not registry.current("a", 1)
    assert registry.current("a", 2)


def test_a_stale_life_cannot_take_the_address() -> None:
    registry = Registry()
    registry.next_incarnation("a")
    registry.next_incarnation("a")
    registry.hold("a", 2, "port 2")
    registry.hold("a", 1, "port 1")
    assert registry.address("a") == "port 2"


def test_a_dead_child_is_not_reached_and_its_count_goes_on() -> None:
    registry = Registry()
    registry.next_incarnation("a")
    registry.hold("a", 1, "port 1")
    registry.release("a")
    registry.release("never heard of")
    assert registry.address("a") is None
    assert registry.next_incarnation("a") == 2
