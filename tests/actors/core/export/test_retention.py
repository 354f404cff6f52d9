"""Which days leave: the oldest first, none that is not safe, never the current one."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.export.retention import Held, Leaving, RetentionRule, leaving

TODAY = date(2025, 12, 10)


def held(age, size=10, safe=True):
    day = TODAY - timedelta(days=age)
    return Held(name=f"ES/{day}.parquet", date=day, size=size, safe=safe)


def names(*ages):
    return tuple(held(age).name for age in ages)


def leave(files, free=1_000, **rule):
    return leaving(files, RetentionRule(**rule), free, TODAY)


def test_without_limits_everything_stays():
    assert leave([held(5_000), held(0)], free=0) == Leaving((), ())


@pytest.mark.parametrize(("age", "gone"), [(29, False), (30, False), (31, True)])
def test_a_day_leaves_when_it_is_older_than_the_limit(age, gone):
    assert leave([held(age)], days=30).remove == (names(age) if gone else ())


@pytest.mark.parametrize(("limit", "ages"), [(30, ()), (29, (3,)), (20, (3,)), (19, (3, 2))])
def test_above_the_budget_the_oldest_leave_until_it_holds(limit, ages):
    assert leave([held(1), held(3), held(2)], disk_bytes=limit).remove == names(*ages)


@pytest.mark.parametrize(("free", "ages"), [(100, ()), (99, (3,)), (90, (3,)), (89, (3, 2))])
def test_below_the_free_space_the_oldest_leave_until_it_holds(free, ages):
    found = leave([held(1), held(3), held(2)], free=free, free_bytes=100)
    assert found == Leaving(names(*ages), ())


def test_a_day_that_is_not_exported_stays_and_is_said():
    found = leave([held(40, safe=False), held(35), held(3)], days=30)
    assert found.remove == names(35)
    assert found.alarms == (
        f"1 day files should go and are not exported yet, from {names(40)[0]} on:"
        " they stay until an export succeeds",
    )


def test_the_current_day_stays_whatever_the_limits_and_the_rest_is_said():
    found = leave([held(0, size=500)], free=5, disk_bytes=1, free_bytes=100)
    assert found.remove == ()
    assert found.alarms == (
        "day files take 500 bytes, allowed are 1", "5 bytes are free on the disk, wanted 100",
    )  # fmt: skip


@pytest.mark.parametrize("limit", ["days", "disk_bytes", "free_bytes"])
def test_a_limit_below_zero_is_refused(limit):
    with pytest.raises(ValueError, match="limit below 0"):
        RetentionRule(**{limit: -1})


FILES = st.lists(
    st.builds(held, st.integers(-2, 60), st.integers(0, 50), st.booleans()),
    max_size=12, unique_by=lambda file: file.name,
)  # fmt: skip


@given(FILES, st.integers(0, 50), st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_nothing_unsafe_or_current_leaves_and_no_older_safe_one_stays(files, days, disk, free, now):
    found = leave(files, free=now, days=days, disk_bytes=disk, free_bytes=free)
    by_name = {file.name: file for file in files}
    gone = [by_name[name] for name in found.remove]
    assert all(file.safe and file.date < TODAY for file in gone)
    assert gone == sorted(gone, key=lambda file: file.date)
    if gone:
        stay = [file for file in files if file.name not in found.remove]
        assert not any(file.safe and file.date < gone[-1].date for file in stay)
    left = sum(file.size for file in files) - sum(file.size for file in gone)
    may = [f for f in files if f.safe and f.date < TODAY and f.name not in found.remove]
    assert not (disk and left > disk and may)
