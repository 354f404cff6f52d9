"""The window of an own stream: all of it can be had, and only its end is in memory."""

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.spill import SpillWindow


def filled(directory, bodies, keep):
    window = SpillWindow(directory / "own.frames", keep=keep)
    for body in bodies:
        window.append(body)
    return window


def test_an_empty_window_holds_nothing(tmp_path):
    window = SpillWindow(tmp_path / "own.frames")
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
    window = SpillWindow(tmp_path / "own.frames", keep=4)
    for number in range(100):
        window.append(b"%d" % number)
        assert len(window._recent) <= 8
    window.close()


def test_a_short_stream_has_no_file(tmp_path):
    window = filled(tmp_path, [b"body"] * 3, keep=2)
    assert list(tmp_path.iterdir()) == []
    window.close()


def test_its_file_is_for_the_owner_alone_and_released_in_the_end(tmp_path):
    before = len(os.listdir("/proc/self/fd"))
    window = filled(tmp_path, [b"body"] * 10, keep=2)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert len(os.listdir("/proc/self/fd")) == before + 1
    window.close()
    assert len(os.listdir("/proc/self/fd")) == before


@given(
    lives=st.lists(
        st.tuples(st.lists(st.binary(max_size=9), max_size=20), st.integers(0, 20)), max_size=5
    ),
    keep=st.integers(1, 7),
)
def test_a_next_life_has_what_was_saved_and_goes_on_behind_it(tmp_path_factory, lives, keep):
    path, known = tmp_path_factory.mktemp("lives") / "own.frames", []
    for bodies, unsaved in lives:
        window = SpillWindow(path, len(known), keep)
        assert [window.get(number) for number in range(1, window.last + 1)] == known
        for body in bodies:
            window.append(body)
        assert window.save()
        known = known + bodies
        for number in range(unsaved):  # Of these the next life knows nothing.
            window.append(b"gone %d" % number)
        assert [window.get(number) for number in range(1, len(known) + 1)] == known
        window.close()


def test_a_new_stream_takes_nothing_over_from_an_old_file(tmp_path):
    filled(tmp_path, [b"old"] * 10, keep=2).close()
    window = filled(tmp_path, [b"new"] * 10, keep=2)
    assert [window.get(number) for number in range(1, 11)] == [b"new"] * 10
    window.close()


@pytest.mark.parametrize("ending", ["frames", "ends"])
def test_a_file_that_lacks_what_is_wanted_of_it_is_refused(tmp_path, ending):
    window = filled(tmp_path, [b"body"] * 3, keep=2)
    assert window.save()
    window.close()
    path = tmp_path / f"own.{ending}"
    os.truncate(path, path.stat().st_size - 1)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match="less than the 3 frames wanted"):
        SpillWindow(tmp_path / "own.frames", 3)
    assert len(os.listdir("/proc/self/fd")) == before


def test_what_the_disk_does_not_take_is_said_and_still_held(tmp_path, monkeypatch):
    def full(descriptor, data, offset):
        raise OSError(errno.ENOSPC, "no space left")

    window = filled(tmp_path, [b"1", b"2"], keep=2)
    with monkeypatch.context() as disk:
        disk.setattr(os, "pwrite", full)
        assert not window.save()
    assert [window.get(number) for number in (1, 2)] == [b"1", b"2"]
    assert window.save()
    window.close()


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
