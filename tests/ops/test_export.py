"""The end of a day: made, sent, kept within limits; missed days made up, none twice, none half."""

import dataclasses
import json
import random
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from actors.adapters.day_files import alone
from actors.adapters.digest import sha256_of
from actors.adapters.segments import SegmentedLog
from actors.core.columns import batch_of
from actors.core.export.plan import TooEarly
from ops.export import EXIT_AGAIN, EXIT_DATA, export, local_files, outcome
from protocol.codec import encode
from protocol.export_settings import ExportSettings, RecorderSettings
from tests.makers import at, make_trades
from tests.venues.sftp import SftpHost, cut_line

ROOT = Path(__file__).resolve().parents[2]
DAYS = ["2025-12-01", "2025-12-02", "2025-12-03", "2025-12-04"]
NAMES = [f"ES/{day}.parquet" for day in DAYS]
EVENING = at("17:01", DAYS[2])  # Three days are over, the fourth is to come.


class Step(BaseException):
    """The process ends here."""


def trades(clock, day, count=50, simulated=False):
    dice = random.Random(day)
    rows = [(at(clock, day) + n, dice.randrange(9_999), "B", 1) for n in range(count)]
    return batch_of(make_trades(rows), "ESZ5", simulated)


def record(data, *batches):
    log = SegmentedLog.open(data)
    for batch in batches:
        log.begin_segment()
        log.append(encode(batch))
    log.close()


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data"
    path.mkdir()
    record(path, *(trades("10:00", day) for day in DAYS[:3]))
    return path


@pytest.fixture
def place(tmp_path):
    path = tmp_path / "place"
    path.mkdir()
    return path


def run(data, place, now_ns=EVENING, day=None, recorder=RecorderSettings(), **more):
    fields = {"to": "directory", "path": str(place)} | more.pop("settings", {})
    return export(data, recorder, ExportSettings(**fields), day, now_ns, **more)


def there(place):
    return sorted(
        str(path.relative_to(place)) for path in place.rglob("*.parquet") if path.is_file()
    )


def test_at_17_01_the_days_that_are_over_arrive_and_a_second_export_sends_nothing(data, place):
    done = run(data, place)
    assert (done.sent, done.code, done.alarms) == (NAMES[:3], 0, [])
    assert there(place) == NAMES[:3]
    for name in NAMES[:3]:
        assert sha256_of(place / name) == sha256_of(data / "days" / name)
    again = run(data, place, now_ns=EVENING + 1)
    assert (again.sent, again.rolled.written, again.code) == ([], [], 0)


def test_a_moment_before_17_01_the_day_just_ended_waits(data, place):
    assert run(data, place, now_ns=EVENING - 1).sent == NAMES[:2]
    assert run(data, place, now_ns=EVENING).sent == NAMES[2:3]


def test_one_date_alone_is_exported_when_asked_for_and_refused_while_it_lasts(data, place):
    assert run(data, place, day=date(2025, 12, 2)).sent == NAMES[1:2]
    with pytest.raises(TooEarly):
        run(data, place, day=date(2025, 12, 4))
    assert there(place) == NAMES[1:2]


def test_without_a_destination_days_are_made_and_kept(data, place):
    done = run(data, place, settings={"to": "nowhere"})
    assert (done.sent, len(done.rolled.written), done.code) == ([], 3, 0)
    assert there(place) == []


def test_a_recap_of_the_day_goes_too(data, place):
    (data / "recaps").mkdir()
    (data / "recaps/2025-12-02_recap.json").write_text("{}")
    (data / "recaps/2025-12-04_recap.json").write_text("{}")
    assert "recaps/2025-12-02_recap.json" in run(data, place).sent
    assert not (place / "recaps/2025-12-04_recap.json").exists()


@pytest.mark.parametrize("allowed", ["allow", "deny"])
def test_made_up_days_are_sent_only_when_allowed(data, place, allowed):
    record(data, trades("10:00", DAYS[1], simulated=True))
    sent = run(data, place, settings={"simulated": allowed}).sent
    assert ("ES-simulated/2025-12-02.parquet" in sent) == (allowed == "allow")


def test_late_trades_make_the_day_go_again_as_a_whole(data, place):
    run(data, place)
    record(data, trades("16:59", DAYS[1]), trades("17:00", DAYS[2]))
    done = run(data, place)
    assert done.sent == NAMES[1:2]
    assert sha256_of(place / NAMES[1]) == sha256_of(data / "days" / NAMES[1])


def test_a_clock_that_leapt_ahead_sends_a_part_and_the_whole_follows(data, place):
    record(data, trades("10:00", DAYS[3]))
    assert run(data, place, now_ns=at("18:00", "2027-01-05")).sent == NAMES
    record(data, trades("11:00", DAYS[3]))
    done = run(data, place, now_ns=at("17:01", DAYS[3]))
    assert done.sent == NAMES[3:]
    assert sha256_of(place / NAMES[3]) == sha256_of(data / "days" / NAMES[3])


def test_a_clock_that_fell_back_sends_nothing_and_loses_nothing(data, place):
    assert run(data, place, now_ns=0).sent == []
    assert run(data, place).sent == NAMES[:3]


def test_a_crash_before_any_step_sends_each_day_whole_by_the_next_export(tmp_path):
    def world(name):
        data, place = tmp_path / name / "data", tmp_path / name / "place"
        data.mkdir(parents=True)
        place.mkdir()
        record(data, *(trades("10:00", day) for day in DAYS[:3]))
        return data, place

    limits = RecorderSettings(days_kept=1)
    steps = []
    data, place = world("calm")
    run(data, place, recorder=limits, told=steps.append)
    assert any(step.startswith("leave") for step in steps)
    wanted = {name: sha256_of(place / name) for name in there(place)}
    for count in range(len(steps)):
        data, place = world(f"crash-{count}")
        left = iter(range(count))

        def told(_, left=left):
            if next(left, None) is None:
                raise Step

        with pytest.raises(Step):
            run(data, place, recorder=limits, told=told)
        done = run(data, place, recorder=limits)
        assert done.alarms == [], steps[count]
        assert {name: sha256_of(place / name) for name in there(place)} == wanted, steps[count]
        assert not (data / "days" / NAMES[0]).exists(), steps[count]


def test_a_line_that_is_cut_is_tried_again_with_growing_pauses(data, tmp_path):
    host = SftpHost(tmp_path)
    waits = []
    try:
        with cut_line(host.port, [100, 3_000, 4_500]) as line:
            settings = dataclasses.replace(host.settings(line.port), backoff_s=1)
            done = export(data, RecorderSettings(), settings, None, EVENING, waits.append)
        assert (done.sent, done.failed, waits) == (NAMES[:3], [], [1, 2, 4])
        assert there(host.files / "ticks") == NAMES[:3]
    finally:
        host.close()


def test_a_host_that_stays_away_ends_within_the_limit_and_the_next_start_makes_it_up(
    data, tmp_path
):
    host = SftpHost(tmp_path)
    waits = []
    try:
        with cut_line(host.port, []) as line:
            port = line.port
        settings = dataclasses.replace(host.settings(port), attempts_max=3, backoff_s=1)
        done = export(data, RecorderSettings(), settings, None, EVENING, waits.append)
        assert (done.sent, len(done.failed), waits, done.code) == ([], 1, [1, 2], EXIT_AGAIN)
        later = export(data, RecorderSettings(), host.settings(), None, at("09:00", DAYS[3]))
        assert later.sent == NAMES[:3]
    finally:
        host.close()


def test_what_a_person_must_mend_is_an_alarm_and_nothing_is_tried_again(data, tmp_path):
    done = run(data, tmp_path / "not-mounted", wait=lambda _: pytest.fail("no use in waiting"))
    assert (done.sent, done.code) == ([], EXIT_DATA)
    assert "mount its disk" in done.alarms[0]


def test_a_damaged_day_without_frames_is_set_aside_and_said_and_the_others_go(data, place):
    run(data, place, settings={"to": "nowhere"})
    path = data / "days" / NAMES[0]
    path.write_bytes(path.read_bytes()[:-5])
    done = run(data, place)
    assert done.sent == NAMES[1:3]
    assert done.alarms == [
        f"{NAMES[0]} is damaged and its frames are gone; set aside as 2025-12-01.parquet.damaged-1"
    ]
    assert run(data, place).alarms == [f"{NAMES[0]} is gone and was never exported"]


def test_old_days_leave_after_their_export_and_are_not_missed(data, place):
    done = run(data, place, recorder=RecorderSettings(days_kept=1))
    assert (done.sent, done.removed) == (NAMES[:3], NAMES[:1])
    again = run(data, place, recorder=RecorderSettings(days_kept=1))
    assert (again.sent, again.removed, again.alarms, again.code) == ([], [], [], 0)


def test_days_that_left_before_there_was_a_destination_are_not_missed(data, place):
    limits = RecorderSettings(days_kept=1)
    assert run(data, place, recorder=limits, settings={"to": "nowhere"}).removed == NAMES[:1]
    done = run(data, place)
    assert (done.sent, done.alarms) == (NAMES[1:3], [])


def test_an_old_day_that_did_not_arrive_stays_and_is_said(data, tmp_path):
    limits = RecorderSettings(days_kept=1)
    place = tmp_path / "place"
    place.mkdir()
    (place / "ES").touch()  # A file where a directory should be.
    done = run(data, place, recorder=limits, settings={"attempts_max": 1})
    assert (done.removed, len(done.failed)) == ([], 1)
    assert "not exported yet" in done.alarms[0]
    assert (data / "days" / NAMES[0]).exists()


def test_a_clock_that_leapt_ahead_makes_no_day_old(data, place):
    limits = RecorderSettings(days_kept=5)
    done = run(data, place, now_ns=at("18:00", "2035-01-02"), recorder=limits)
    assert done.removed == []


def test_an_export_beside_another_one_is_refused_with_its_reason(data, place):
    with alone(data / ".export.lock"):
        done = run(data, place)
    assert done.sent == [] and "held by another process" in done.alarms[0]


def test_a_directory_that_cannot_be_written_is_an_alarm_and_loses_nothing(tmp_path, place):
    done = run(tmp_path / "nowhere", place)
    assert done.code == EXIT_DATA and "No such file" in done.alarms[0]


def test_the_child_of_the_schedule_says_in_json_what_it_did(data, place):
    sections = {
        "recorder": dataclasses.asdict(RecorderSettings()),
        "export": dataclasses.asdict(ExportSettings(to="directory", path=str(place))),
    }
    done = subprocess.run(
        [sys.executable, "-m", "ops.export", str(data)], cwd=ROOT, text=True, check=False,
        input=json.dumps(sections), capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["sent"], told["code"]) == (NAMES[:3], 0)
    assert there(place) == NAMES[:3]


def test_the_outcome_is_plain_values(data, place):
    assert json.loads(json.dumps(outcome(run(data, place))))["destination"] == f"directory {place}"
    assert [file.date for file in local_files(data, True)] == [
        date.fromisoformat(day) for day in DAYS[:3]
    ]
