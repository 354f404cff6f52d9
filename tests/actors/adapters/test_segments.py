"""A log in segments: numbers go on across files, restarts and removals; nothing synced is lost."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.adapters.frames import FrameLog, FrameLogError, MemoryFrames
from actors.adapters.segments import (
    OneSegment,
    SegmentedLog,
    moved_aside,
    recorded_frames,
    segments_in,
)


def frame(number):
    return b"%d" % number * 3


def filled(directory, *counts):
    """A log with so many frames in each segment."""
    log = SegmentedLog.open(directory)
    for count in counts:
        log.begin_segment()
        for _ in range(count):
            log.append(frame(log.last + 1))
    log.sync()
    return log


def files(directory):
    return [segment.path.name for segment in segments_in(directory)]


def check(log, first, last):
    assert (log.first, log.last) == (first, last)
    for number in range(first, last + 1):
        assert log.read(number) == frame(number)


def test_a_new_log_is_empty_and_begins_at_one(tmp_path):
    log = SegmentedLog.open(tmp_path)
    assert (log.first, log.last) == (1, 0)
    assert files(tmp_path) == ["ticks-000000000001.frames"]


def test_numbers_go_on_across_segments_and_restarts(tmp_path):
    filled(tmp_path, 3, 2).close()
    assert files(tmp_path) == ["ticks-000000000001.frames", "ticks-000000000004.frames"]
    log = SegmentedLog.open(tmp_path)
    check(log, 1, 5)
    log.begin_segment()
    assert log.append(frame(6)) == 6
    check(log, 1, 6)
    assert recorded_frames(tmp_path) == [frame(number) for number in range(1, 7)]


def test_an_empty_segment_is_not_begun_twice(tmp_path):
    log = filled(tmp_path, 1)
    log.begin_segment()
    log.begin_segment()
    assert len(files(tmp_path)) == log.segments == 2
    check(log, 1, 1)


def test_a_log_killed_right_after_a_segment_was_begun_goes_on_in_it(tmp_path):
    log = filled(tmp_path, 2)
    log.begin_segment()
    again = SegmentedLog.open(tmp_path)
    check(again, 1, 2)
    assert again.append(frame(3)) == 3
    check(again, 1, 3)


def test_the_single_file_of_an_earlier_version_is_the_first_segment(tmp_path):
    old = FrameLog.open(tmp_path / "ticks.frames")
    for number in (1, 2):
        old.append(frame(number))
    old.close()
    log = SegmentedLog.open(tmp_path)
    check(log, 1, 2)
    log.append(frame(3))
    log.begin_segment()
    log.append(frame(4))
    check(log, 1, 4)
    assert files(tmp_path) == ["ticks.frames", "ticks-000000000004.frames"]


def test_removed_segments_are_no_longer_held_and_the_numbers_stay(tmp_path):
    log = filled(tmp_path, 2, 2, 2)
    segments_in(tmp_path)[0].path.unlink()
    check(log, 3, 6)
    with pytest.raises(FrameLogError, match="frame 2, wanted 3 to 6"):
        log.read(2)
    check(SegmentedLog.open(tmp_path), 3, 6)
    for segment in segments_in(tmp_path)[:-1]:
        segment.path.unlink()
    check(log, 5, 6)


def test_a_last_segment_without_frames_keeps_the_number_when_all_before_it_are_gone(tmp_path):
    log = filled(tmp_path, 4)
    log.begin_segment()
    log.close()
    segments_in(tmp_path)[0].path.unlink()
    again = SegmentedLog.open(tmp_path)
    assert (again.first, again.last) == (5, 4)
    assert again.append(frame(5)) == 5


@pytest.mark.parametrize("number", [0, -1, 6])
def test_a_number_that_is_not_there_is_refused(tmp_path, number):
    with pytest.raises(FrameLogError, match=f"frame {number}, wanted"):
        filled(tmp_path, 3, 2).read(number)


def test_a_torn_tail_of_the_last_segment_is_cut_off(tmp_path):
    filled(tmp_path, 2, 2).close()
    path = segments_in(tmp_path)[-1].path
    path.write_bytes(path.read_bytes()[:-1])
    log = SegmentedLog.open(tmp_path)
    check(log, 1, 3)
    assert log.append(frame(4)) == 4


@pytest.mark.parametrize("damage", ["flipped", "short"])
def test_a_damaged_old_segment_is_set_aside_and_the_log_begins_behind_it(tmp_path, damage):
    filled(tmp_path, 2, 3, 2).close()
    path = segments_in(tmp_path)[1].path
    content = bytearray(path.read_bytes())
    content[20] ^= 1
    path.write_bytes(content if damage == "flipped" else content[:-2])
    log = SegmentedLog.open(tmp_path)
    with pytest.raises(FrameLogError, match=r"moved aside to .*damaged-1"):
        log.read(4)
    again = SegmentedLog.open(tmp_path)
    assert again.read(6) == frame(6)
    assert (tmp_path / f"{path.name}.damaged-1").exists()


def test_two_files_that_begin_alike_are_an_error(tmp_path):
    filled(tmp_path, 1).close()
    FrameLog.open(tmp_path / "ticks.frames").close()
    with pytest.raises(FrameLogError, match="both begin at frame 1, wanted one of them"):
        SegmentedLog.open(tmp_path)


def test_a_segment_is_begun_only_after_the_one_before_is_on_the_disk(tmp_path):
    log = filled(tmp_path, 2)
    os.close(log._log._descriptor)  # As a disk does that is gone.
    with pytest.raises(FrameLogError, match="cannot be made durable"):
        log.begin_segment()
    assert files(tmp_path) == ["ticks-000000000001.frames"]


def test_other_files_are_not_segments(tmp_path):
    for name in ("ticks-1.frames", "ticks-000000000001.frames.damaged-1", "tape.frames"):
        (tmp_path / name).touch()
    assert files(tmp_path) == []


def test_each_file_set_aside_gets_a_name_of_its_own(tmp_path):
    names = []
    for _ in range(2):
        (tmp_path / "a").touch()
        names.append(moved_aside(tmp_path / "a").name)
    assert names == ["a.damaged-1", "a.damaged-2"]


def test_one_file_behaves_as_segments_that_never_go():
    log = OneSegment(MemoryFrames())
    assert log.append(b"a") == 1
    log.begin_segment()
    assert log.append(b"b") == 2
    log.sync()
    assert (log.first, log.last, log.read(1)) == (1, 2, b"a")


@given(st.lists(st.sampled_from(["append", "begin", "open", "drop"]), max_size=25))
@settings(deadline=None)
def test_whatever_happens_every_frame_held_is_the_one_of_its_number(tmp_path_factory, steps):
    directory = tmp_path_factory.mktemp("log")
    log, first, last = SegmentedLog.open(directory), 1, 0
    starts = [1]
    for step in steps:
        match step:
            case "append":
                last += 1
                assert log.append(frame(last)) == last
            case "begin":
                log.begin_segment()
                if starts[-1] <= last:
                    starts.append(last + 1)
            case "open":
                log.close()
                log = SegmentedLog.open(directory)
            case "drop" if len(starts) > 1:
                segments_in(directory)[0].path.unlink()
                del starts[0]
                first = starts[0]
        check(log, first, last)
    log.close()
