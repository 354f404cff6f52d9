"""How often a password may be guessed."""

from hypothesis import given
from hypothesis import strategies as st

from web.auth.attempts import (
    BY_ADDRESS_MAX,
    BY_NAME_MAX,
    IN_ALL_MAX,
    KEYS_MAX,
    WINDOW_S,
    Attempts,
)


def test_the_sixth_guess_waits_until_the_first_is_a_quarter_of_an_hour_old() -> None:
    attempts = Attempts()
    assert [attempts.take("ann", "a", now) for now in range(BY_NAME_MAX)] == [0] * BY_NAME_MAX
    assert attempts.take("ann", "a", 10) == WINDOW_S - 10
    assert attempts.take("ann", "a", WINDOW_S - 1) == 1
    assert attempts.take("ann", "a", WINDOW_S) == 0
    assert attempts.take("ann", "a", WINDOW_S) == 1  # The second guess was at 1.


def test_another_address_can_still_log_in() -> None:
    attempts = Attempts()
    for _ in range(BY_NAME_MAX + 1):
        attempts.take("ann", "evil", 0)
    assert attempts.take("ann", "home", 0) == 0


def test_an_address_that_tries_many_names_waits_too() -> None:
    attempts = Attempts()
    assert not any(attempts.take(f"n{n}", "evil", 0) for n in range(BY_ADDRESS_MAX))
    assert attempts.take("another", "evil", 0) == WINDOW_S


def test_many_addresses_get_no_more_guesses_in_all() -> None:
    attempts = Attempts()
    assert not any(attempts.take(f"n{n}", f"a{n}", 0) for n in range(IN_ALL_MAX))
    assert attempts.take("ann", "home", 0) == WINDOW_S


def test_a_success_takes_its_attempt_back() -> None:
    attempts = Attempts()
    for _ in range(10 * BY_ADDRESS_MAX):
        assert attempts.take("ann", "home", 0) == 0
        attempts.succeeded("ann", "home")


@given(st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 5_000)), max_size=300))
def test_what_is_remembered_is_bounded(tries: list[tuple[int, int]]) -> None:
    attempts = Attempts()
    now_s = 0.0
    for name, address in tries:
        now_s += WINDOW_S  # So that none is refused.
        attempts.take(str(name), str(address), now_s)
    assert len(attempts._failed) <= KEYS_MAX
