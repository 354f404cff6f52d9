"""The units say what they must, and systemd itself finds no fault in them."""

import os
import re
import shutil
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from ops.commands import EXIT_USAGE
from ops.service.units import (
    FLOOR,
    INCOMPLETE,
    REFUSED,
    SENTINEL,
    SHUTDOWN_S,
    Service,
    environment_file,
    floor_unit,
    sentinel_unit,
)
from start import EXIT_REFUSED
from supervision.host import EMPTY_LIMIT_S, SHUTDOWN_LIMIT_S

SERVICE = Service(user="tradebot", prefix=PurePosixPath("/opt/floorwatch"), stop_s=61)
UNIT_OF = {FLOOR: floor_unit(SERVICE), SENTINEL: sentinel_unit(SERVICE)}
EXPOSURE_MAX = {FLOOR: 14, SENTINEL: 12}  # Tenths, as systemd counts them; 100 is everything.


@pytest.fixture(scope="module")
def systemd():
    """The program that checks units; without it there is nothing to test, but not in CI."""
    if shutil.which("systemd-analyze") is None:
        text = "no systemd-analyze: apt-get install -y --no-install-recommends systemd"
        if os.environ.get("CI"):
            pytest.fail(text)
        pytest.skip(text)
    return "systemd-analyze"


def machine(tmp_path: Path) -> Path:
    """Return the root of a machine with a checkout and nothing else."""
    python = tmp_path / "opt/floorwatch/.venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/true\n")
    python.chmod(0o755)
    units = tmp_path / "etc/systemd/system"
    units.mkdir(parents=True)
    for name, text in UNIT_OF.items():
        (units / name).write_text(text)
    return tmp_path


def verified(systemd, root, name):
    command = [systemd, "verify", "--man=no", "--recursive-errors=no", f"--root={root}", name]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize("name", UNIT_OF)
def test_systemd_finds_no_fault_in_a_unit(systemd, tmp_path, name):
    done = verified(systemd, machine(tmp_path), name)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_systemd_would_find_a_fault_in_a_unit(systemd, tmp_path):
    root = machine(tmp_path)
    unit = root / "etc/systemd/system" / FLOOR
    unit.write_text(UNIT_OF[FLOOR].replace("WatchdogSec=30", "WatchdogSeconds=30"))
    assert "WatchdogSeconds" in verified(systemd, root, FLOOR).stderr


@pytest.mark.parametrize("name", UNIT_OF)
def test_a_unit_exposes_no_more_of_the_machine_than_it_must(systemd, tmp_path, name):
    root = machine(tmp_path)
    threshold = f"--threshold={EXPOSURE_MAX[name]}"
    command = [systemd, "security", "--offline=true", "--no-pager", threshold, f"--root={root}"]
    done = subprocess.run([*command, name], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def settings(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE):
        found.setdefault(key, []).append(value)
    return found


def test_the_floor_is_ready_when_it_says_so_watched_and_restarted_within_limits():
    found = settings(UNIT_OF[FLOOR])
    assert found["ExecStart"] == [
        "/opt/floorwatch/.venv/bin/python /opt/floorwatch/start.py run"
    ]
    assert (found["Type"], found["NotifyAccess"]) == (["notify"], ["main"])
    assert (found["WatchdogSec"], found["Restart"]) == (["30"], ["on-failure"])
    assert (found["StartLimitIntervalSec"], found["StartLimitBurst"]) == (["600"], ["5"])
    assert (found["KillMode"], found["UMask"]) == (["mixed"], ["0077"])
    assert (found["MemoryMax"], found["ReadWritePaths"]) == (["1024M"], ["/var/lib/floorwatch"])
    assert found["EnvironmentFile"] == ["-/etc/floorwatch/env"]


def test_the_numbers_of_the_unit_are_those_of_the_program():
    found = settings(UNIT_OF[FLOOR])
    assert found["TimeoutStopSec"] == [str(61 + SHUTDOWN_S)]
    assert SHUTDOWN_S > SHUTDOWN_LIMIT_S + EMPTY_LIMIT_S
    assert found["RestartPreventExitStatus"] == [str(EXIT_REFUSED)] == [str(INCOMPLETE)]
    assert settings(UNIT_OF[SENTINEL])["RestartPreventExitStatus"] == [f"{REFUSED} {INCOMPLETE}"]
    assert REFUSED == EXIT_USAGE


def test_the_sentinel_watches_the_run_of_the_floor():
    both = [settings(text)["Environment"] for text in UNIT_OF.values()]
    assert both[0] == both[1]
    assert both[0][0] == "FLOORWATCH_RUN__DIRECTORY=/var/lib/floorwatch"


def test_the_sentinel_outlives_the_floor_and_always_comes_back():
    found = settings(UNIT_OF[SENTINEL])
    assert found["Restart"] == ["always"]
    assert not {"Requires", "BindsTo", "PartOf", "Requisite"} & set(found)


def test_no_unit_carries_a_secret_and_the_file_for_them_sets_nothing():
    for text in UNIT_OF.values():
        assert not re.search("(?i)(url|webhook|password|secret|token)[^=\n]*=", text)
    assert all(line.startswith("#") for line in environment_file().splitlines())


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"user": "root"}, "root"),
        ({"user": "me; reboot"}, "me; reboot"),
        ({"user": ""}, "''"),
        ({"prefix": PurePosixPath("opt/floorwatch")}, "opt/floorwatch"),
        ({"prefix": PurePosixPath("/opt/floor watch")}, "floor watch"),
        ({"prefix": PurePosixPath("/opt/%h")}, "%h"),
        ({"prefix": PurePosixPath("/opt/../etc")}, r"\.\."),
        ({"prefix": PurePosixPath("/")}, "'/'"),
        ({"prefix": PurePosixPath("/home/me/floorwatch")}, "/home/me"),
        ({"run_directory": PurePosixPath("/usr/local/runs")}, "/usr/local"),
        ({"run_directory": PurePosixPath("/opt/a\nUser=root")}, "User=root"),
        ({"memory_mb": 511}, "511"),
    ],
)
def test_a_service_that_cannot_be_is_refused_with_what_was_found(fields, found):
    good = {"user": "tradebot", "prefix": PurePosixPath("/opt/floorwatch"), "stop_s": 1}
    with pytest.raises(ValueError, match=found):
        Service(**{**good, **fields})
