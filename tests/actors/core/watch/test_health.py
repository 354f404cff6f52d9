"""The grades of each part, on the boundary of every limit of domain 8.5, S4's part."""

import pytest

from actors.core.watch.health import Grade, Part, errors_ppm, grade, health, worst
from protocol.watch_settings import WatchSettings
from tests.actors.core.watch.beats import make_beat, make_readings

WATCH = WatchSettings()


def grades(readings=None, beat=None):
    found = health(readings or make_readings(), beat or make_beat(), WATCH)
    return {each.part: each.grade for each in found}


@pytest.mark.parametrize(
    ("part", "name", "degraded", "unhealthy"),
    [(Part.CPU, "cpu_ppm", 750_000, 900_000), (Part.MEMORY, "memory_ppm", 750_000, 900_000),
     (Part.DISK, "disk_used_ppm", 850_000, 950_000)],
)  # fmt: skip
def test_a_part_of_the_machine_is_graded_by_its_limits(part, name, degraded, unhealthy):
    for value, wanted in (
        (degraded - 1, Grade.HEALTHY), (degraded, Grade.DEGRADED),
        (unhealthy - 1, Grade.DEGRADED), (unhealthy, Grade.UNHEALTHY),
    ):  # fmt: skip
        assert grades(make_readings(**{name: value}))[part] is wanted


@pytest.mark.parametrize(
    ("ms", "wanted"),
    [(1_999, Grade.HEALTHY), (2_000, Grade.DEGRADED), (4_999, Grade.DEGRADED),
     (5_000, Grade.UNHEALTHY)],
)  # fmt: skip
def test_the_brokers_answers_are_graded_by_two_and_five_seconds(ms, wanted):
    assert grades(beat=make_beat(broker_response_ms=ms))[Part.RESPONSE] is wanted


def test_refused_orders_mean_nothing_before_there_are_ten():
    assert errors_ppm(make_beat(orders_accepted=0, orders_rejected=9), 10) is None
    assert errors_ppm(make_beat(orders_accepted=9, orders_rejected=1), 10) == 100_000
    assert errors_ppm(None, 10) is None


def test_what_cannot_be_measured_has_no_grade_and_the_worst_of_none_is_healthy():
    nothing = make_readings(cpu_ppm=None, memory_ppm=None, disk_used_ppm=None)
    assert health(nothing, None, WATCH) == ()
    assert worst(()) is Grade.HEALTHY


def test_the_worst_grade_counts():
    found = health(make_readings(cpu_ppm=760_000, memory_ppm=999_999), None, WATCH)
    assert worst(found) is Grade.UNHEALTHY
    assert worst(found[:1]) is Grade.DEGRADED
    assert grade(5, 5, 5) is Grade.UNHEALTHY
