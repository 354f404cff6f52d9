"""What is sent when: 17:01 of each weekday, missed ones made up, nothing twice."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.export.plan import (
    DayFile,
    Sent,
    TooEarly,
    due_ns,
    pause_s,
    to_send,
)
from tests.makers import at

TUESDAY, WEDNESDAY = date(2025, 12, 2), date(2025, 12, 3)
HERE = "sftp recorder@host:22/ticks"


def file(day=TUESDAY, symbol="ES", sha256="a", size=5):
    return DayFile(name=f"{symbol}/{day}.parquet", date=day, size=size, sha256=sha256)


def sent(found, destination=HERE):
    return Sent(
        name=found.name, date=found.date, size=found.size, sha256=found.sha256,
        destination=destination, done_ns=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("now_ns", "wanted"),
    [(at("17:01") - 1, ()), (at("17:01"), (file(),)), (at("17:01") + 1, (file(),)),
     (at("17:00"), ()), (at("10:00", "2025-12-24"), (file(),)), (0, ())],
)  # fmt: skip
def test_a_day_is_due_from_17_01_on_and_a_missed_one_is_made_up(now_ns, wanted):
    assert to_send([file()], [], HERE, now_ns) == wanted


def test_what_has_arrived_is_never_sent_again():
    assert to_send([file()], [sent(file())], HERE, at("18:00")) == ()


@pytest.mark.parametrize("done", [
    sent(file(sha256="b")), sent(file(size=4)), sent(file(symbol="NQ")), sent(file(WEDNESDAY)),
    sent(file(), "directory /backup"),
])  # fmt: skip
def test_another_content_name_or_place_does_not_count_as_arrived(done):
    assert to_send([file()], [done], HERE, at("18:00")) == (file(),)


def test_the_oldest_goes_first():
    files = [file(WEDNESDAY), file(symbol="NQ"), file()]
    assert to_send(files, [], HERE, at("18:00", "2025-12-03")) == (
        file(), file(symbol="NQ"), file(WEDNESDAY),
    )  # fmt: skip


def test_one_date_alone_is_sent_when_asked_for_and_refused_before_its_end():
    files = [file(), file(WEDNESDAY)]
    now_ns = at("18:00", "2025-12-03")
    assert to_send(files, [], HERE, now_ns, WEDNESDAY) == (file(WEDNESDAY),)
    with pytest.raises(TooEarly, match="2025-12-03 is exported from 17:01"):
        to_send(files, [], HERE, at("17:01", "2025-12-03") - 1, WEDNESDAY)


def test_summer_time_moves_the_instant_and_not_the_clock():
    assert due_ns(date(2025, 7, 1)) == due_ns(date(2025, 12, 2)) - (
        (date(2025, 12, 2) - date(2025, 7, 1)).days * 86_400 + 3_600
    ) * 10**9


@given(st.lists(st.booleans(), min_size=1, max_size=6))
def test_whatever_fails_each_file_arrives_once_and_none_is_left(fates):
    days = [TUESDAY + timedelta(days=n) for n in range(3)]
    files, done, puts = [file(day) for day in days], [], []
    now_ns = at("18:00", "2025-12-04")
    for works in [*fates, True]:
        for found in to_send(files, done, HERE, now_ns):
            if not works:
                break
            puts.append(found)
            done.append(sent(found))
    assert puts == files


def test_pauses_double_up_to_a_minute():
    assert [pause_s(n, 1) for n in range(9)] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert pause_s(5_000, 1) == 60
    assert pause_s(3, 0) == 0


@pytest.mark.parametrize(("attempt", "backoff"), [(-1, 1), (0, -1)])
def test_a_pause_of_nonsense_is_refused(attempt, backoff):
    with pytest.raises(ValueError, match="wanted none below 0"):
        pause_s(attempt, backoff)
