"""The floor as a service: confined, heard by its manager, alone in its directory, and discreet."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import psutil
import pytest

from ops.service.units import Service, floor_unit
from supervision import bodies
from supervision.runfile import read_run
from supervision.spec import ChildSpec, Intensity, SupervisorSpec
from supervision.status import all_green
from tests.system.confined import command
from tests.system.running import ROOT, Running, running, until
from tests.venues.discord import TOKEN, DiscordServer
from tests.venues.postgres import PASSWORD, PostgresServer

WATCHDOG_S = 2.0
KEY = "wJalrXUtnFEMI-a-key-that-nobody-may-see"
PYTHON = "import sys; from ops.commands import main; sys.exit(main(sys.argv[1:]))"
UNIT = floor_unit(Service(user="me", prefix=PurePosixPath("/opt/floorwatch"), stop_s=60))
NEEDED = ("unshare", "setpriv", "mount", "systemd-analyze")

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(120)]


def small() -> SupervisorSpec:
    """Return a tree of one worker that waits for words."""
    worker = ChildSpec(id="w", start="tests.system.workers.Probe", beat_s=0.1)
    return SupervisorSpec(id="root", children=(worker,), intensity=Intensity(5, 60.0), beat_s=0.1)


@contextmanager
def floor(
    environment: dict[str, str], unit: str = ""
) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """Start `run` of the program, confined as `unit` says; yield its directory when green."""
    with tempfile.TemporaryDirectory(prefix="fw-") as directory:
        base = Path(directory)
        said = base / "said"
        (base / "unit").write_text(unit)
        before = command(base / "unit", base) if unit else []
        settings = {
            "FLOORWATCH_RUN__DIRECTORY": directory,
            "FLOORWATCH_FEED__SESSION_TRADES": "3000",
            "FLOORWATCH_WEB__PORT": "0",
            **environment,
        }
        with said.open("wb") as output:
            process = subprocess.Popen(
                [*before, sys.executable, "-c", PYTHON, "run"],
                cwd=ROOT, env={**os.environ, **settings}, stdout=output, stderr=output,
            )  # fmt: skip
        try:
            def green() -> bool:
                assert process.poll() is None, said.read_text()
                return "floor is green" in said.read_text()

            until(green, "the floor is green", 60)
            yield base / "floor", process
        finally:
            process.terminate()
            process.wait(60)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can confine as a service manager does")
def test_the_floor_works_and_stops_in_order_under_what_its_unit_forbids():
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        pytest.skip(f"no {', '.join(missing)}: apt-get install util-linux mount systemd")
    with tempfile.TemporaryDirectory(prefix="fw-") as name:
        base = Path(name)
        (base / "unit").write_text(UNIT)
        (base / "run").mkdir()
        probe = [sys.executable, "-m", "tests.system.probing", str(base)]
        found = subprocess.run(
            [*command(base / "unit", base / "run"), *probe],
            cwd=ROOT, capture_output=True, text=True, timeout=30,
        )  # fmt: skip
        assert json.loads(found.stdout) == {
            "write outside": "refused", "write inside": "done", "unshare": "refused",
            "raw socket": "refused", "write and execute": "refused", "capabilities": "0" * 16,
        }, found.stderr  # fmt: skip
    with floor({}, UNIT) as (run_dir, process):
        status = Path(f"/proc/{process.pid}/status").read_text()
        assert "Seccomp:\t2" in status and "NoNewPrivs:\t1" in status
        process.terminate()
        assert process.wait(60) == 0
        alarms = run_dir / "alarms.jsonl"
        lines = alarms.read_text().splitlines() if alarms.exists() else []
        # That a supervisor did not run for a while is the machine's doing, not the unit's.
        told = [alarm for alarm in map(json.loads, lines) if alarm["code"] != "supervisor_away"]
        assert told == []


@contextmanager
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Be the service manager of the hosts that are started meanwhile."""
    with tempfile.TemporaryDirectory(prefix="fw-") as name:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
            ear.bind(f"{name}/notify")
            ear.settimeout(0.1)
            monkeypatch.setenv("NOTIFY_SOCKET", f"{name}/notify")
            monkeypatch.setenv("WATCHDOG_USEC", str(round(WATCHDOG_S * 1e6)))
            yield ear


def heard(ear: socket.socket) -> list[str]:
    """Return what was said since the last call."""
    found = []
    while True:
        try:
            found.append(ear.recv(200).decode())
        except TimeoutError:
            return found


def test_the_manager_hears_when_the_run_is_ready_alive_and_stopping(monkeypatch):
    with manager(monkeypatch) as ear, running(small(), "fork") as run:
        said = heard(ear)
        assert said[0] == "READY=1"
        until(lambda: "WATCHDOG=1" in heard(ear), "a sign of life", 5)
        run.host.terminate()
        assert run.wait_end() == 0
        assert heard(ear)[-1] == "STOPPING=1"


def test_a_host_that_is_stopped_gives_no_sign_and_gives_one_when_it_goes_on(monkeypatch):
    with manager(monkeypatch) as ear, running(small(), "fork") as run:
        until(lambda: "WATCHDOG=1" in heard(ear), "a sign of life", 5)
        os.kill(run.host.pid, signal.SIGSTOP)
        heard(ear)
        assert heard(ear) == []
        os.kill(run.host.pid, signal.SIGCONT)
        until(lambda: "WATCHDOG=1" in heard(ear), "a sign of life", 5)


def test_a_second_start_in_a_directory_is_refused_and_says_who_holds_it():
    with running(small(), "fork") as run:
        second = subprocess.run(
            [sys.executable, "-m", "tests.system.hosting", str(run.run_dir), "fork", "0"],
            cwd=ROOT, capture_output=True, text=True, timeout=30,
        )  # fmt: skip
        assert second.returncode != 0
        assert f"a run is hosted in {run.run_dir} by process {run.host.pid}" in second.stderr
        assert all_green(run.look())


def test_a_lock_that_a_crash_left_is_no_obstacle():
    with running(small(), "fork") as run:
        first = read_run(run.run_dir)
        host = bodies.body(run.host.pid)
        assert first is not None and host is not None
        bodies.kill(host)
        run.host.wait(5)
        (run.run_dir / "green").unlink()
        assert (run.run_dir / "run.lock").exists() and read_run(run.run_dir) is not None
        again = Running(run.tree, "fork", {}, 0, run.run_dir)
        try:
            again.wait_green()
            assert again.run().host.pid == again.host.pid != first.host.pid
        finally:
            left = again.end()
        assert not left


def asked(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return bytes(answer.read())


def of_program(*arguments: str, **environment: str) -> bytes:
    """Return all that a command of the program says."""
    done = subprocess.run(
        [sys.executable, "-c", PYTHON, *arguments],
        cwd=ROOT, env={**os.environ, **environment}, capture_output=True, timeout=60,
    )  # fmt: skip
    return done.stdout + done.stderr


def everything(run_dir: Path, environment: dict[str, str]) -> dict[str, bytes]:
    """Return all that a run shows to anybody: files, pages, answers of actors, the process list."""
    shown = {str(path): path.read_bytes() for path in run_dir.rglob("*") if path.is_file()}
    port = json.loads((run_dir / "web.json").read_text())["port"]
    floor_state = asked(port, "/api/state")
    actors = sorted(set(re.findall(rb'"id": ?"([a-z]+)"', floor_state)))
    assert len(actors) >= 12
    paths = ["/", "/healthz", *(f"/api/actors/{actor.decode()}" for actor in actors)]
    shown |= {path: asked(port, path) for path in paths} | {"/api/state": floor_state}
    environment = {**environment, "FLOORWATCH_RUN__DIRECTORY": str(run_dir.parent)}
    for actor in ("desk", "books", "notifier", "watchdog"):
        shown[f"inspect {actor}"] = of_program("inspect", actor, **environment)
        assert b"cut" in shown[f"inspect {actor}"]
    shown["tree"] = of_program("tree", "--json", **environment)
    run = read_run(run_dir)
    assert run is not None
    pids = [run.host.pid, *(one.pid for one in bodies.group(run.group))]
    shown |= {f"ps {pid}": " ".join(psutil.Process(pid).cmdline()).encode() for pid in pids}
    assert len(pids) >= 15
    return shown


def test_no_secret_is_in_a_file_on_a_page_in_an_answer_or_in_the_process_list(
    postgres_server: PostgresServer,
):
    with DiscordServer() as discord:
        environment: dict[str, Any] = {
            "FLOORWATCH_STORE__URL": postgres_server.url(),
            "FLOORWATCH_NOTIFY__DISCORD_WEBHOOK": discord.url,
            "AWS_SECRET_ACCESS_KEY": KEY,
        }
        with floor(environment) as (run_dir, process):
            until(lambda: discord.messages, "a notice is sent", 20)
            shown = everything(run_dir, environment)
            recap = of_program("recap", "--no-export", "--run", str(run_dir), **environment)
            assert list(run_dir.glob("data/recaps/*.json")), recap
            shown |= {"recap": recap, "said": (run_dir.parent / "said").read_bytes()}
            process.terminate()
            assert process.wait(60) == 0
            shown |= {str(p): p.read_bytes() for p in run_dir.rglob("*") if p.is_file()}
        secrets = (PASSWORD, postgres_server.url(), TOKEN, KEY)
        found = [
            (place, secret[:4]) for place, text in shown.items() for secret in secrets
            if secret.encode() in text
        ]  # fmt: skip
        assert found == []
