"""When the next message may go out: by the minute, by the service's word, by failures."""

import math

import pytest

from actors.core.notices.delivery import (
    RETRY_S_MAX,
    Delivery,
    Pace,
    attempted,
    failed,
    pace_of,
    ready_s,
    succeeded,
    told_to_wait,
)
from protocol.watch_settings import NotifySettings

PACE = Pace(per_minute=3, backoff_s=1.0, backoff_max_s=60.0)


def test_the_pace_is_that_of_the_settings():
    assert pace_of(NotifySettings()) == Pace(per_minute=30, backoff_s=1.0, backoff_max_s=60.0)


def test_one_message_more_than_allowed_waits_until_the_first_is_a_minute_old():
    delivery = Delivery(PACE)
    for now_s in (100.0, 110.0, 120.0):
        assert ready_s(delivery, now_s) == 0
        attempted(delivery, now_s)
    assert ready_s(delivery, 120.0) == 40.0
    assert ready_s(delivery, 159.5) == 0.5
    assert ready_s(delivery, 160.0) == 0


def test_a_failure_waits_a_second_and_each_further_one_twice_as_long_up_to_a_minute():
    delivery = Delivery(PACE)
    pauses = []
    for _ in range(9):
        failed(delivery, 0.0, 0.0)
        pauses.append(ready_s(delivery, 0.0))
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    succeeded(delivery)
    failed(delivery, 0.0, 0.0)
    assert ready_s(delivery, 0.0) == 1


def test_chance_adds_at_most_a_quarter_and_never_passes_the_longest_pause():
    one, other, long = Delivery(PACE), Delivery(PACE), Delivery(PACE, failures=5000)
    failed(one, 0.0, 1.0)
    failed(other, 0.0, 7.0)
    failed(long, 0.0, 1.0)
    assert (one.until_s, other.until_s, long.until_s) == (1.25, 1.25, 60.0)


@pytest.mark.parametrize(
    ("said", "waits"),
    [(0.0, 0.0), (2.5, 2.5), (1e9, RETRY_S_MAX), (-3.0, 1.0), (math.nan, 1.0), (math.inf, 1.0)],
)
def test_the_time_that_the_service_says_is_kept_if_it_makes_sense(said, waits):
    delivery = Delivery(PACE)
    told_to_wait(delivery, 10.0, said)
    assert ready_s(delivery, 10.0) == waits
