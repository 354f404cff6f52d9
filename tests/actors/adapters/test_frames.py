"""The frame log: what is synced survives, a torn tail is cut off, damage before it is an error."""

import os
import random
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.adapters.frames import HEADER, FrameLog, FrameLogError

ROOT = Path(__file__).resolve().parents[3]
FRAMES = [b"first", b"\0" * 40, bytes(range(256)) * 9]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.frames"


def written(path, frames=FRAMES):
    log = FrameLog.open(path)
    for frame in frames:
        log.append(frame)
    log.sync()
    log.close()
    return path.read_bytes()


def contents(path):
    log = FrameLog.open(path)
    try:
        return list(log.frames()), log.torn_bytes
    finally:
        log.close()


def test_a_new_log_is_empty_and_holds_its_header(path):
    log = FrameLog.open(path)
    assert (log.last, log.torn_bytes, list(log.frames())) == (0, 0, [])
    assert path.read_bytes() == HEADER


def test_frames_are_numbered_from_one_and_read_back(path):
    log = FrameLog.open(path)
    assert [log.append(frame) for frame in FRAMES] == [1, 2, 3]
    assert [log.read(number) for number in (3, 1, 2)] == [FRAMES[2], FRAMES[0], FRAMES[1]]
    assert list(log.frames(2)) == FRAMES[1:]
    assert log.size_bytes == path.stat().st_size


def test_a_log_opened_again_goes_on_behind_the_last_frame(path):
    written(path)
    log = FrameLog.open(path)
    assert log.append(b"fourth") == 4
    assert list(log.frames()) == [*FRAMES, b"fourth"]


def test_a_frame_appended_after_reading_is_read_too(path):
    log = FrameLog.open(path)
    for number in range(1, 200):
        log.append(b"%d" % number)
        assert log.read(number) == b"%d" % number


@pytest.mark.parametrize("number", [0, 4, -1])
def test_a_number_that_is_not_there_is_refused(path, number):
    written(path)
    with pytest.raises(FrameLogError, match=f"frame {number}, wanted 1 to 3"):
        FrameLog.open(path).read(number)


def test_an_empty_frame_is_refused_because_a_tail_of_zeros_would_look_like_it(path):
    with pytest.raises(FrameLogError, match="frame of 0 bytes, wanted 1 to"):
        FrameLog.open(path).append(b"")


def test_a_file_cut_at_any_byte_keeps_every_whole_frame_and_says_what_it_lost(path):
    whole = written(path)
    ends = [len(HEADER)]
    for frame in FRAMES:
        ends.append(ends[-1] + 8 + len(frame))
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        kept = sum(end <= size for end in ends[1:])
        torn = max(0, size - ends[kept])
        assert contents(path) == (FRAMES[:kept], torn)
        assert path.stat().st_size == ends[kept]


@pytest.mark.parametrize("tail", [b"\0" * 100, b"\0" * 5, b"\xff" * 64, os.urandom(5000)])
def test_a_tail_of_rubbish_is_cut_off(path, tail):
    whole = written(path)
    path.write_bytes(whole + tail)
    assert contents(path) == (FRAMES, len(tail))
    assert path.read_bytes() == whole


def test_a_flipped_bit_in_the_last_frame_is_a_torn_tail(path):
    whole = bytearray(written(path))
    whole[-1] ^= 1
    path.write_bytes(whole)
    assert contents(path) == (FRAMES[:2], 8 + len(FRAMES[2]))


@pytest.mark.parametrize("place", range(8 + len(FRAMES[1])))
def test_a_flipped_bit_before_the_last_frame_is_an_error_and_nothing_is_cut(path, place):
    whole = bytearray(written(path))
    offset = len(HEADER) + 8 + len(FRAMES[0])
    whole[offset + place] ^= 0x10
    path.write_bytes(whole)
    with pytest.raises(FrameLogError, match=f"frame 2 at offset {offset} is damaged"):
        FrameLog.open(path)
    assert path.read_bytes() == whole


@pytest.mark.parametrize("content", [b"DBN\x01" + b"\0" * 60, HEADER[:8] + b"\2" + HEADER[9:]])
def test_what_is_no_frame_log_of_this_version_is_refused_and_left_alone(path, content):
    path.write_bytes(content)
    for opening in (FrameLog.open, FrameLog.read_only):
        with pytest.raises(FrameLogError, match="wanted a frame log of version 1"):
            opening(path)
    assert path.read_bytes() == content


def test_a_reader_leaves_a_tail_that_is_still_being_written(path):
    whole = written(path)
    path.write_bytes(whole + b"\5\0\0")
    log = FrameLog.read_only(path)
    assert (list(log.frames()), log.torn_bytes) == (FRAMES, 3)
    assert path.stat().st_size == len(whole) + 3


def test_a_full_disk_takes_the_frame_back_and_the_next_one_fits(path, tmp_path):
    # A limit on the size of files is the nearest thing to a full disk without one.
    script = (
        "import resource, signal, sys\n"
        "from actors.adapters.frames import FrameLog\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "log = FrameLog.open(sys.argv[1])\n"
        "log.append(b'a' * 500)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        "    log.append(b'b' * 800)\n"
        "except OSError:\n"
        "    print('refused', log.append(b'c' * 100))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, path], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "refused 2\n"
    assert contents(path) == ([b"a" * 500, b"c" * 100], 0)


@given(st.lists(st.binary(min_size=1, max_size=200), max_size=12), st.data())
@settings(deadline=None)
def test_any_frames_survive_any_cut(tmp_path_factory, frames, data):
    path = tmp_path_factory.mktemp("log") / "any.frames"
    whole = written(path, frames)
    size = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:size])
    kept, torn = contents(path)
    assert kept == frames[: len(kept)]
    assert len(HEADER) + sum(8 + len(frame) for frame in kept) + torn == max(size, len(HEADER))


WRITER = """
import struct, sys, random
from actors.adapters.frames import FrameLog
log = FrameLog.open(sys.argv[1])
rng = random.Random(int(sys.argv[2]))
out = sys.stdout.buffer
while True:
    for _ in range(rng.randrange(1, 6)):
        number = log.last + 1
        size = rng.choice((1, 30, 4096, 70_000, 300_000))
        log.append((struct.pack("<Q", number) * (size // 8 + 1))[:size])
    log.sync()
    out.write(struct.pack("<Q", log.last))
    out.flush()
"""


def test_a_writer_killed_at_random_moments_loses_nothing_it_has_acknowledged(path):
    rng = random.Random(20251203)
    acknowledged, torn = 0, 0
    for turn in range(12):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, path, str(turn)], cwd=ROOT, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            first = process.stdout.read(8)  # It has opened the log and gone round once.
            assert len(first) == 8
            deadline = time.monotonic() + rng.random() * 0.15
            while time.monotonic() < deadline:  # Busy: the moment shall not be the scheduler's.
                pass
            process.kill()
            rest = process.stdout.read()
        numbers = first + rest[: len(rest) // 8 * 8]
        (acknowledged,) = struct.unpack_from("<Q", numbers, len(numbers) - 8)
        log = FrameLog.open(path)
        torn += log.torn_bytes > 0
        assert log.last >= acknowledged
        for number, frame in enumerate(log.frames(), start=1):
            assert frame == (struct.pack("<Q", number) * (len(frame) // 8 + 1))[: len(frame)]
        log.close()
    assert acknowledged > 12
    print(f"{acknowledged} frames acknowledged, {torn} of 12 kills left a torn tail")


def test_the_format_is_the_documented_one(path):
    whole = written(path, [b"abc"])
    checksum = zlib.crc32(b"\3\0\0\0abc")
    assert whole == b"FWFRAMES\1\0\0\0\0\0\0\0" + struct.pack("<II", 3, checksum) + b"abc"
