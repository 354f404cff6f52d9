"""The circuit breaker: its table whole, and its life in time (domain 8.5)."""

from dataclasses import replace
from itertools import product

import pytest

from actors.core.watch.breaker import (
    IMPOSSIBLE,
    TABLE,
    Breaker,
    Circuit,
    Event,
    answered,
    asked,
    step,
)
from protocol.units import NANOS_PER_S

BREAKER = Breaker(failures_max=3, rest_s=300)  # As for the option chain.
REST_NS = 300 * NANOS_PER_S


def failing(breaker, times, now_ns=0):
    for _ in range(times):
        breaker = answered(breaker, False, now_ns)
    return breaker


def test_every_pair_is_possible_or_impossible_and_never_both():
    pairs = set(product(Circuit, Event))
    assert set(TABLE) | set(IMPOSSIBLE) == pairs
    assert not set(TABLE) & set(IMPOSSIBLE)


@pytest.mark.parametrize("pair", IMPOSSIBLE)
def test_what_cannot_happen_is_refused_with_its_reason(pair):
    with pytest.raises(ValueError, match=str(pair[0])):
        step(*pair)


def test_the_failure_that_reaches_the_limit_opens_the_circuit_and_the_one_before_does_not():
    assert failing(BREAKER, 2).circuit is Circuit.CLOSED
    assert failing(BREAKER, 3).circuit is Circuit.OPEN


def test_an_answer_between_failures_begins_the_count_again():
    breaker = answered(failing(BREAKER, 2), True, 0)
    assert failing(breaker, 2).circuit is Circuit.CLOSED


def test_a_service_at_rest_is_tried_once_when_its_time_is_over():
    breaker = failing(BREAKER, 3, now_ns=5)
    assert asked(breaker, 5 + REST_NS - 1) == (breaker, False)
    trying, may = asked(breaker, 5 + REST_NS)
    assert (trying.circuit, may) == (Circuit.HALF_OPEN, True)
    assert asked(trying, 5 + REST_NS) == (trying, False)


def test_the_trial_decides():
    trying, _ = asked(failing(BREAKER, 3), REST_NS)
    assert answered(trying, True, REST_NS) == BREAKER_AGAIN
    again = answered(trying, False, REST_NS)
    assert (again.circuit, again.opened_ns) == (Circuit.OPEN, REST_NS)


BREAKER_AGAIN = replace(BREAKER, opened_ns=0)


def test_a_late_failure_does_not_make_the_rest_longer():
    breaker = failing(failing(BREAKER, 3, now_ns=0), 2, now_ns=99)
    assert breaker.opened_ns == 0


@pytest.mark.parametrize(("failures", "rest"), [(0, 5), (5, 0), (-1, 5)])
def test_a_breaker_without_limits_is_refused(failures, rest):
    with pytest.raises(ValueError, match="at least 1"):
        Breaker(failures_max=failures, rest_s=rest)
