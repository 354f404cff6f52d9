"""What a preflight looks at, on a directory in which nothing runs, and what it never touches."""

import dataclasses
import io
import json
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from actors.adapters.heartbeat import write_heartbeat
from actors.adapters.machine import FakeMachine
from actors.adapters.notify.port import FakeNotifier, Refused
from actors.core.session.chores import VERDICT_CODES
from ops.preflight.command import check, preflight
from ops.preflight.look import bad_limits, look, needed_credentials
from ops.preflight.trials import notice_trial, state_trial, store_trial
from protocol.day import Verdict
from protocol.day_settings import PreflightSettings
from protocol.settings import CalendarSettings, Settings
from tests.actors.core.watch.beats import make_beat, make_readings
from tests.makers import at

ROOT = Path(__file__).resolve().parents[3]
OWN = PreflightSettings()
NOW = at("09:25")


def changed(section, **values):
    base = Settings()
    return dataclasses.replace(
        base, **{section: dataclasses.replace(getattr(base, section), **values)}
    )


def looked(run_dir, settings=None, now_ns=NOW, own=OWN):
    machine = FakeMachine(make_readings())
    return look(settings or Settings(), own, run_dir, now_ns, machine, {})


def test_where_nothing_ran_yet_everything_that_needs_a_floor_is_unknown(tmp_path):
    seen = looked(tmp_path / "floor")
    assert (seen.tree, seen.beat, seen.fence, seen.contract) == (None, None, None, None)
    assert "not running" in seen.broker
    assert (seen.store, seen.state, seen.limits, seen.killed) == ("", "", (), None)
    assert (seen.contract_wanted, seen.utc_offset_s) == ("ESZ5", -5 * 3600)
    assert seen.upcoming[0] == "rth_open Tue 2025-12-02 09:30:00"
    assert not (tmp_path / "floor").exists()


def test_a_heartbeat_a_kill_file_and_a_holiday_are_seen(tmp_path):
    (tmp_path / "data").mkdir()
    write_heartbeat(tmp_path / "data", make_beat())
    (tmp_path / "KILL").write_text("fire")
    calendar = CalendarSettings(closed=("2025-12-02",))
    seen = looked(tmp_path, dataclasses.replace(Settings(), calendar=calendar))
    assert seen.beat == make_beat()
    assert (seen.killed, seen.closed) == ("fire", "closed on 2025-12-02")


def test_trials_leave_everything_as_it_was(tmp_path):
    kept = {"state.json": b"mine", "desk.sqlite": b"not even a database", "watchdog.json": b"{}"}
    for name, content in kept.items():
        (tmp_path / name).write_bytes(content)
    assert (store_trial("", tmp_path), state_trial(tmp_path)) == ("", "")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == kept


def test_a_place_that_cannot_be_written_fails_its_trial(tmp_path):
    for trial in (lambda place: store_trial("", place), state_trial):
        # A directory on a file system that takes nothing, whoever asks.
        assert trial(Path("/proc/self")) != ""


def test_a_test_notice_that_arrives_is_well_and_one_that_does_not_says_why():
    assert notice_trial(None, NOW) is None
    fake = FakeNotifier()
    assert notice_trial(fake, NOW) == ""
    assert [notice.code for notice in fake.told] == ["PREFLIGHT"]
    gone = FakeNotifier([Refused(1, "404: the webhook was deleted", gone=True)])
    assert notice_trial(gone, NOW) == "404: the webhook was deleted"


def test_credentials_are_looked_for_and_never_shown(tmp_path):
    key = tmp_path / "key"
    key.write_text("very secret")
    s3 = changed("export", to="s3", path="bucket")
    there = {"AWS_ACCESS_KEY_ID": "AKIA-SECRET"}
    assert needed_credentials(s3, there) == {
        "AWS_ACCESS_KEY_ID": True, "AWS_SECRET_ACCESS_KEY": False,
    }  # fmt: skip
    sftp = changed("export", to="sftp", key_file=str(key), known_hosts_file=str(tmp_path / "no"))
    assert needed_credentials(sftp, {}) == {
        "export.key_file": True, "export.known_hosts_file": False,
    }  # fmt: skip
    assert needed_credentials(Settings(), there) == {}
    document = json.dumps(preflight(s3, OWN, tmp_path, NOW))
    assert "SECRET_ACCESS" in document
    assert "AKIA" not in document


def test_a_limit_of_zero_is_found_and_the_defaults_are_sound():
    assert bad_limits(Settings()) == ()
    assert bad_limits(changed("risk", daily_loss_dollars=0.001)) == (
        "daily loss limit 0 cents, wanted above 0",
    )


def test_a_time_server_without_an_answer_is_said_and_is_no_go_for_nobody(tmp_path):
    own = PreflightSettings(time_server="127.0.0.1:0")
    seen = looked(tmp_path, own=own)
    assert seen.server_offset_ms is None
    assert "wanted host or host:port" in seen.server_trouble


def test_the_command_shows_a_table_or_json_and_ends_with_the_code_of_the_verdict(tmp_path):
    console = Console(record=True, width=200, file=io.StringIO())
    assert check(Settings(), OWN, tmp_path, console, as_json=False) == 4
    text = console.export_text()
    assert "NO-GO" in text and "no floor runs" in text
    assert check(Settings(), OWN, tmp_path, console, as_json=True) == 4
    document = json.loads(console.export_text())
    assert document["verdict"] == "no_go"
    assert {"code", "verdict", "found", "wanted", "remedy"} == set(document["checks"][0])


def test_no_verdict_looks_like_a_crash_or_a_wrong_command_line():
    assert VERDICT_CODES[Verdict.GO] == 0
    assert not {1, 2, 75} & set(VERDICT_CODES.values())
    assert len(set(VERDICT_CODES.values())) == len(Verdict)


def test_as_a_process_of_its_own_it_prints_what_is_not_well_and_keeps_the_whole(tmp_path):
    settings = json.dumps(dataclasses.asdict(Settings()))
    found = subprocess.run(
        [sys.executable, "-m", "ops.preflight", str(tmp_path)],
        cwd=ROOT, input=settings, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    # Nobody is there whose fence could be closed, so it asks to be tried again.
    assert found.returncode == 75, found.stderr
    line, told = found.stdout.splitlines()
    assert line.startswith("NO-GO; tree: no floor runs")
    assert told.startswith("the fence stays as it is: desk has no address")
    (path,) = (tmp_path / "data" / "preflight").iterdir()
    assert json.loads(path.read_text())["summary"] == line
