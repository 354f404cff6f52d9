"""The machine as the watchdog and the sentinel measure it: two ways that must agree."""

import os
import subprocess
import sys

import pytest

from actors.adapters.machine import RealMachine, clock_offset_ms
from ops.sentinel.machine import KernelFiles, memory_ppm


@pytest.mark.parametrize("machine", [RealMachine, KernelFiles])
def test_the_readings_are_shares_and_bytes(machine, tmp_path):
    readings = machine(tmp_path).read()
    assert 0 < readings.memory_ppm < 1_000_000
    assert 0 <= readings.disk_used_ppm <= 1_000_000
    assert readings.disk_free_bytes > 0
    assert readings.cpu_ppm is None  # Nothing to compare the first reading with.


def test_both_ways_see_the_same_memory_and_disk(tmp_path):
    one, other = RealMachine(tmp_path).read(), KernelFiles(tmp_path).read()
    assert abs(one.memory_ppm - other.memory_ppm) < 50_000
    assert abs(one.disk_used_ppm - other.disk_used_ppm) < 5_000
    assert abs(one.disk_free_bytes - other.disk_free_bytes) < 200_000_000


def test_from_the_second_reading_on_the_processor_is_known(tmp_path):
    machine = RealMachine(tmp_path)
    machine.read()
    assert 0 <= machine.read().cpu_ppm <= 1_000_000


@pytest.mark.parametrize("machine", [RealMachine, KernelFiles])
def test_a_process_lives_until_it_has_ended_buried_or_not(machine, tmp_path):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    lives = machine(tmp_path).lives
    assert lives(os.getpid())
    assert lives(child.pid)
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not lives(child.pid)  # A zombie.
    child.wait()
    assert not lives(child.pid)


def test_memory_is_what_a_program_cannot_have():
    assert memory_ppm("MemTotal: 1000 kB\nMemAvailable: 150 kB\nX: 1") == 850_000
    for broken in ("", "MemTotal: 0 kB\nMemAvailable: 0 kB", "MemTotal: x\nMemAvailable:"):
        assert memory_ppm(broken) is None


def test_a_disk_that_is_not_there_is_not_measured(tmp_path):
    readings = KernelFiles(tmp_path / "gone").read()
    assert (readings.disk_free_bytes, readings.disk_used_ppm) == (None, None)


def test_the_offset_of_the_clock_is_known_or_not_and_never_wild():
    offset = clock_offset_ms()
    assert offset is None or abs(offset) < 10_000
