"""The window of an own stream: all of it can be had, and only its end is in memory."""

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.spill import SpillWindow


def filled(directory, bodies, keep):
    window = SpillWindow(str(directory), keep)
    for body in bodies:
        window.append(body)
    return window


def test_an_empty_window_holds_nothing(tmp_path):
    window = SpillWindow(str(tmp_path))
    assert (window.first, window.last) == (1, 0)
    for number in (0, 1):
        with pytest.raises(IndexError, match="only 1 to 0"):
            window.get(number)


@given(bodies=st.lists(st.binary(max_size=9), max_size=40), keep=st.integers(1, 7))
def test_every_number_is_had_again_wherever_it_is(tmp_path_factory, bodies, keep):
    window = filled(tmp_path_factory.getbasetemp(), bodies, keep)
    assert window.last == len(bodies)
    assert [window.get(number) for number in range(1, window.last + 1)] == bodies
    window.close()


def test_memory_holds_no_more_than_twice_what_is_kept_there(tmp_path):
    window = SpillWindow(str(tmp_path), keep=4)
    for number in range(100):
        window.append(b"%d" % number)
        assert len(window._recent) <= 8
    window.close()


def test_its_file_has_no_name_and_goes_with_it(tmp_path):
    before = len(os.listdir("/proc/self/fd"))
    window = filled(tmp_path, [b"body"] * 10, keep=2)
    assert list(tmp_path.iterdir()) == []
    assert len(os.listdir("/proc/self/fd")) == before + 1
    window.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_on_a_full_disk_everything_stays_in_memory_until_there_is_room(tmp_path, monkeypatch):
    def full(descriptor, data, offset):
        raise OSError(errno.ENOSPC, "no space left")

    bodies = [b"%d" % number for number in range(11)]
    with monkeypatch.context() as disk:
        disk.setattr(os, "pwrite", full)
        window = filled(tmp_path, bodies, keep=2)
    assert [window.get(number) for number in range(1, 12)] == bodies
    window.append(b"11")
    assert len(window._recent) == 2
    assert [window.get(number) for number in range(1, 13)] == [*bodies, b"11"]
    window.close()


def test_a_write_cut_short_is_as_good_as_none(tmp_path, monkeypatch):
    whole = os.pwrite
    bodies = [b"%d" % number for number in range(4)]
    with monkeypatch.context() as disk:
        disk.setattr(os, "pwrite", lambda file, data, at: whole(file, data[:1], at))
        window = filled(tmp_path, bodies, keep=2)
    window.append(b"4")
    window.append(b"5")
    assert [window.get(number) for number in range(1, 7)] == [*bodies, b"4", b"5"]
    window.close()
