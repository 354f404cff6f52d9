"""The watchdog shell: heartbeat, alerts, and what a restart keeps."""

import json
import os

import pytest

from actors.adapters.heartbeat import read_heartbeat
from actors.adapters.machine import FakeMachine
from actors.core.notices.notice import notice_of
from actors.watchdog import ALERTS_FILE, STATE_FILE, WatchdogShell
from protocol.settings import Settings
from protocol.units import NANOS_PER_S
from protocol.watch_settings import WatchSettings
from supervision.cell import Cell
from tests.actors.core.watch.beats import make_readings
from tests.makers import at, make_bar, make_closed, make_opened

S = NANOS_PER_S
NOON = at("12:00")


class Watch:
    """A watchdog in its cell, with a machine whose readings a test sets."""

    def __init__(self, directory, market="tape"):
        self.directory = directory
        self.machine = FakeMachine(make_readings())
        self.shell = WatchdogShell(self.machine)
        settings = Settings(watch=WatchSettings(market=market))
        self.shell.configure(settings, str(directory))
        self.cell = Cell(self.shell, ("bars", "desk"), lambda message: None)
        self.read = self.cell.recover()

    def tell(self, source, *messages):
        for message in messages:
            self.read[source] += 1
            self.cell.offer(source, self.read[source], message)
        self.cell.commit()

    @property
    def alerts(self):
        path = self.directory / ALERTS_FILE
        lines = path.read_text().splitlines() if path.exists() else []
        return [(one.code, str(one.severity)) for one in map(notice_of, map(json.loads, lines))]


def test_the_first_heartbeat_comes_at_once_and_the_next_after_half_a_minute(tmp_path):
    watch = Watch(tmp_path)
    for now_ns in (NOON, NOON + 30 * S - 1):
        watch.shell.on_time(now_ns)
        assert read_heartbeat(tmp_path).timestamp_ns == NOON
    watch.shell.on_time(NOON + 30 * S)
    beat = read_heartbeat(tmp_path)
    assert (beat.timestamp_ns, beat.pid, beat.market) == (NOON + 30 * S, os.getpid(), "tape")
    assert (beat.symbol, beat.mode, beat.balance_cents) == ("ES", "paper", 250_000)


def test_what_the_floor_says_is_in_the_next_heartbeat(tmp_path):
    watch = Watch(tmp_path)
    watch.tell("bars", make_bar())
    watch.tell("desk", make_opened())
    watch.shell.on_time(NOON)
    beat = read_heartbeat(tmp_path)
    assert (beat.bar_count, beat.open_positions, beat.trading_date) == (1, 1, "2025-12-02")


def test_checks_are_made_every_minute_and_what_they_find_is_written_for_the_notifier(tmp_path):
    watch = Watch(tmp_path)
    watch.shell.on_time(NOON)
    watch.machine.readings = make_readings(disk_free_bytes=1)
    watch.shell.on_time(NOON + 60 * S - 1)
    assert watch.alerts == []
    watch.shell.on_time(NOON + 60 * S)
    assert watch.alerts == [("DISK_LOW", "critical")]
    assert watch.shell.inspect()["alerts"] == {"DISK_LOW": "critical"}
    watch.machine.readings = make_readings()
    watch.shell.on_time(NOON + 120 * S)
    assert watch.alerts[1:] == [("DISK_LOW", "info")]
    assert watch.shell.inspect()["alerts"] == {}


def test_trading_is_checked_where_the_market_is_live(tmp_path):
    for market, wanted in (("tape", []), ("live", [("TICKS_STALE", "critical")])):
        directory = tmp_path / market
        directory.mkdir()
        watch = Watch(directory, market)
        watch.shell.on_time(NOON)
        assert watch.alerts == wanted


def test_in_a_live_market_the_clock_ends_the_day_though_nothing_is_told(tmp_path):
    watch = Watch(tmp_path, "live")
    watch.tell("desk", make_closed())
    watch.shell.on_time(at("17:00") - 1)
    assert read_heartbeat(tmp_path).trade_count == 1
    watch.shell.on_time(at("17:00:30"))
    assert read_heartbeat(tmp_path).trade_count == 0


def test_a_restart_goes_on_where_the_last_heartbeat_stood_and_repeats_no_alert(tmp_path):
    watch = Watch(tmp_path)
    watch.machine.readings = make_readings(disk_free_bytes=1)
    watch.tell("bars", make_bar(), make_bar())
    watch.shell.on_time(NOON)
    watch.tell("bars", make_bar())  # Not kept yet: it is read again.
    again = Watch(tmp_path)
    again.machine.readings = make_readings(disk_free_bytes=1)
    assert again.read == {"bars": 2, "desk": 0}
    again.tell("bars", make_bar())
    again.shell.on_time(NOON + 60 * S)
    assert read_heartbeat(tmp_path).bar_count == 3
    assert again.alerts == [("DISK_LOW", "critical")]


def test_a_damaged_state_is_put_aside_and_everything_is_read_again(tmp_path):
    watch = Watch(tmp_path)
    watch.tell("bars", make_bar())
    watch.shell.on_time(NOON)
    (tmp_path / STATE_FILE).write_text("{")
    again = Watch(tmp_path)
    assert again.read == {"bars": 0, "desk": 0}
    assert STATE_FILE in again.shell.inspect()["fault"]


def test_an_orderly_end_is_said_in_the_heartbeat_and_a_new_start_takes_it_back(tmp_path):
    watch = Watch(tmp_path)
    watch.shell.close()
    assert not (tmp_path / "heartbeat.json").exists()  # Nothing was ever said.
    watch.shell.on_time(NOON)
    watch.shell.close()
    assert read_heartbeat(tmp_path).stopped
    Watch(tmp_path).shell.on_time(NOON + S)
    assert not read_heartbeat(tmp_path).stopped


def test_a_disk_that_takes_nothing_ends_nobody_and_the_alert_is_written_later(tmp_path):
    directory = tmp_path / "data"
    directory.mkdir()
    watch = Watch(directory)
    watch.machine.readings = make_readings(disk_free_bytes=1)
    directory.rename(tmp_path / "away")
    watch.shell.on_time(NOON)
    assert watch.shell.inspect()["unwritten"] == 2
    (tmp_path / "away").rename(directory)
    watch.shell.on_time(NOON + S)
    assert watch.alerts == [("DISK_LOW", "critical")]


@pytest.mark.parametrize("step_s", [-3_600, 30])
def test_a_clock_that_is_set_back_stops_no_heartbeat(tmp_path, step_s):
    watch = Watch(tmp_path)
    watch.shell.on_time(NOON)
    watch.shell.on_time(NOON + step_s * S)
    assert read_heartbeat(tmp_path).timestamp_ns == NOON + step_s * S
