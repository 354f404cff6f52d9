"""The sentinel: what it tells beside the watchdog, what it keeps, and how it ends."""

import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import monotonic, time_ns

import pytest

from actors.adapters.heartbeat import write_heartbeat
from actors.adapters.machine import FakeMachine
from actors.adapters.notify.port import FakeNotifier, Refused, RetryAfter, Sent, Unreachable
from actors.core.session.calendar import REGULAR
from ops.sentinel.__main__ import SETTINGS, Ended, _end, _watch, main
from ops.sentinel.watch import STATE_FILE, Sentinel, settings_of
from protocol.units import NANOS_PER_S
from protocol.watch_settings import WatchSettings
from tests.actors.core.watch.beats import NOON, make_beat, make_readings
from tests.venues.discord import HANG, TOKEN, DiscordServer, Step

ROOT = Path(__file__).resolve().parents[3]
S = NANOS_PER_S
MINUTE = 60 * S
AWAY = Unreachable("x")


class Watched:
    """A sentinel of a floor whose process 4242 lives and whose heartbeat a test writes."""

    def __init__(self, directory, *answers):
        self.directory, self.pauses, self.written = directory, 0, []
        self.machine = FakeMachine(make_readings(), frozenset({4242}))
        self.notifier = FakeNotifier(answers)
        self.during_pause = lambda: None
        self.again()

    def again(self):
        """Start the sentinel, anew if it ran."""
        self.sentinel = Sentinel(
            self.directory, self.machine, self.notifier, WatchSettings(), REGULAR,
            self._pause, self.written.append,
        )  # fmt: skip

    def _pause(self):
        self.pauses += 1
        self.during_pause()

    def beat(self, now_ns=NOON, **fields):
        write_heartbeat(self.directory, make_beat(
            **({"timestamp_ns": now_ns, "last_tick_ns": now_ns} | fields)
        ))  # fmt: skip

    def look(self, now_ns=NOON):
        """Return what arrived through one look."""
        before = len(self.notifier.told)
        self.sentinel.look(now_ns)
        return [(one.code, str(one.severity)) for one in self.notifier.told[before:]]


@pytest.fixture
def watched(tmp_path):
    return lambda *answers: Watched(tmp_path, *answers)


def test_a_floor_that_is_well_is_told_of_by_nobody(watched):
    one = watched()
    one.beat()
    assert one.look() == []
    assert one.pauses == 0


def test_the_death_of_the_floor_is_told_once_and_its_return_once(watched):
    one = watched()
    one.beat()
    one.machine.pids = frozenset()
    assert one.look() == [("PROCESS_GONE", "critical")]
    assert one.look(NOON + MINUTE) == []
    one.machine.pids = frozenset({4242})
    one.beat(NOON + 2 * MINUTE)
    assert one.look(NOON + 2 * MINUTE) == [("PROCESS_GONE", "info")]
    assert one.look(NOON + 2 * MINUTE) == []


def test_a_process_that_is_just_being_restarted_is_not_told_as_dead(watched):
    one = watched()
    one.beat(pid=1)
    one.during_pause = one.beat
    assert one.look() == []
    assert one.pauses == 1


def test_a_heartbeat_that_ages_is_a_warning_and_at_the_third_look_critical(watched):
    one = watched()
    one.beat(NOON - 301 * S)
    assert one.look() == [("HEARTBEAT_STALE", "warning")]
    assert one.look(NOON + MINUTE) == []
    assert ("HEARTBEAT_STALE", "critical") in one.look(NOON + 2 * MINUTE)


def test_a_damaged_or_missing_heartbeat_is_critical_because_nothing_is_known(watched):
    one = watched()
    assert one.look() == [("PROCESS_GONE", "critical"), ("HEARTBEAT_STALE", "warning")]


def test_a_warning_is_the_watchdogs_business_and_what_is_critical_is_told_by_both(watched):
    one = watched()
    one.beat()
    one.machine.readings = make_readings(memory_ppm=999_999, disk_free_bytes=1)
    assert one.look() == [("DISK_LOW", "critical")]


def test_where_the_watchdog_is_silent_the_sentinel_tells_warnings_too(watched):
    one = watched()
    one.beat(NOON - 301 * S)
    one.machine.readings = make_readings(memory_ppm=999_999)
    assert ("MEM_HIGH", "warning") in one.look()


def test_its_own_restart_repeats_nothing(watched):
    one = watched()
    assert len(one.look()) == 2
    one.again()
    assert one.look(NOON + MINUTE) == []


def test_what_could_not_be_sent_is_sent_later_even_by_the_next_one(watched):
    one = watched(AWAY)
    assert one.look() == []
    one.again()
    assert one.look(NOON + MINUTE) == [("PROCESS_GONE", "critical"), ("HEARTBEAT_STALE", "warning")]


def test_what_it_was_about_to_send_when_it_was_ended_is_sent_by_the_next_one(watched):
    class Killed(Exception):
        pass

    class Hanging:
        def send(self, notices):
            raise Killed

    one = watched()
    good, one.notifier = one.notifier, Hanging()
    one.again()
    with pytest.raises(Killed):
        one.sentinel.look(NOON)
    one.notifier = good
    one.again()
    one.look(NOON + MINUTE)
    assert [notice.ts_ns for notice in good.told] == [NOON, NOON]


def test_a_service_that_fails_again_and_again_is_left_alone_for_a_minute(watched):
    one = watched(*[AWAY] * 9)
    for number in range(5):
        one.look(NOON + number)
    left = len(one.notifier.answers)
    one.look(NOON + 5)
    assert len(one.notifier.answers) == left
    one.look(NOON + MINUTE + 4)
    assert len(one.notifier.answers) == left - 1


def test_a_service_that_asks_for_time_gets_it(watched):
    one = watched(RetryAfter(90.0))
    one.look()
    assert one.look(NOON + 90 * S - 1) == []
    assert one.look(NOON + 90 * S) != []


def test_a_notice_that_is_not_accepted_does_not_stand_in_the_way_of_others(watched):
    one = watched(Refused(1, "400", gone=False), Sent(1))
    one.look()
    assert one.look(NOON + MINUTE) == [("HEARTBEAT_STALE", "warning")]


def test_without_a_webhook_the_error_output_says_it_and_nothing_waits(watched):
    one = watched()
    one.notifier = None
    one.again()
    one.sentinel.look(NOON)
    assert any("critical PROCESS_GONE" in line for line in one.written)
    assert one.sentinel.unsent == []


def test_a_damaged_state_is_put_aside_and_said(watched, tmp_path):
    (tmp_path / STATE_FILE).write_text("{")
    one = watched()
    assert "put aside" in one.written[0]
    assert len(one.look()) == 2


def test_the_sections_it_takes_are_three_and_others_are_refused():
    assert settings_of("") == ({}, {}, {})
    words = json.dumps({"watch": dataclasses.asdict(WatchSettings())})
    assert WatchSettings(**settings_of(words)[0]) == WatchSettings()
    for broken in ('{"risk": {}}', "[]", "{"):
        with pytest.raises(ValueError):
            settings_of(broken)


@pytest.mark.parametrize(
    "environment",
    [{SETTINGS: "{"}, {SETTINGS: '{"watch": {"moon": 1}}'},
     {"FLOORWATCH_NOTIFY__DISCORD_WEBHOOK": TOKEN}],
)  # fmt: skip
def test_settings_that_cannot_be_used_are_refused_without_showing_an_address(
    environment, tmp_path, capsys
):
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        assert main(["--run", str(tmp_path)], environment) == 64
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    said = capsys.readouterr().err
    assert "cannot start" in said
    assert TOKEN not in said


@pytest.mark.parametrize("hangs", [False, True])
def test_it_tells_is_ready_and_ends_within_a_second_though_the_webhook_hangs(tmp_path, hangs):
    (tmp_path / "data").mkdir()
    write_heartbeat(tmp_path / "data", make_beat(timestamp_ns=time_ns() - 999 * S, pid=os.getpid()))
    with DiscordServer() as server, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        server.steps += [Step(HANG)] if hangs else []
        ear.bind(str(tmp_path / "notify"))
        ear.settimeout(20)
        environment = {
            **os.environ, "NO_PROXY": "127.0.0.1", "NOTIFY_SOCKET": str(tmp_path / "notify"),
            "FLOORWATCH_NOTIFY__DISCORD_WEBHOOK": server.url,
        }  # fmt: skip
        sentinel = subprocess.Popen(
            [sys.executable, "-m", "ops.sentinel", "--run", str(tmp_path)],
            cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert ear.recv(99) == b"READY=1"
            assert server.heard.wait(20)
            began_s = monotonic()
            sentinel.send_signal(signal.SIGTERM)
            assert sentinel.wait(5) == 0
            assert monotonic() - began_s < 1.0
        finally:
            sentinel.kill()
            said = sentinel.communicate()[1]
    assert "HEARTBEAT_STALE" in said
    assert TOKEN not in said
    assert bool(server.titles) != hangs


class Deaf:
    """Looks while a signal comes whose word is swallowed, as a destructor swallows it."""

    def __init__(self, end):
        self.end, self.looks = end, 0

    def look(self, now_ns):
        self.looks += 1
        with suppress(Ended):
            self.end(signal.SIGTERM, None)


def test_a_word_to_end_that_was_swallowed_ends_the_watch_behind_the_look():
    told = []
    deaf = Deaf(partial(_end, told))
    with pytest.raises(Ended):
        _watch(deaf, 0.0, {}, told)
    assert deaf.looks == 1


def test_a_word_to_end_is_no_error_that_somebody_could_take_for_his_own():
    assert not issubclass(Ended, Exception)
