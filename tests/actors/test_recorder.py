"""The recorder: a file a day, the same numbers after a restart, and a disk that takes nothing."""

import errno

import pytest

from actors.adapters.frames import MemoryFrames
from actors.adapters.segments import SegmentedLog, recorded_frames, segments_in
from actors.core.columns import batch_of
from actors.recorder import WAITING_BYTES_MAX, RecorderShell
from protocol.codec import encode
from protocol.market import Cut, CutReason, DepthBatch
from protocol.settings import Settings
from tests.makers import at, make_trades


def trades(clock, day="2025-12-02", count=1):
    rows = [(at(clock, day) + n, 20_000, "B", 1) for n in range(count)]
    return batch_of(make_trades(rows), "ESZ5", False)


def cut(clock, number=1):
    return Cut(number=number, ts_ns=at(clock), reason=CutReason.SESSION)


DEPTH = DepthBatch(
    contract="ESZ5", simulated=False, ts_event=at("17:05").to_bytes(8, "little"), side=b"\1",
    price=bytes(4), size=bytes(4), orders=bytes(4),
)  # fmt: skip


def recorder(directory, log=None):
    shell = RecorderShell(log)
    shell.configure(Settings(), str(directory))
    return shell


def keep(shell, *messages):
    for message in messages:
        shell.keep("feed", shell.resume()["feed"] + 1, message)
    shell.commit()


def firsts(directory):
    return [segment.first for segment in segments_in(directory)]


def test_every_frame_is_served_again_under_its_number(tmp_path):
    shell, messages = recorder(tmp_path), [trades("10:00"), cut("10:05"), DEPTH]
    keep(shell, *messages)
    window = shell.copies()["feed"]
    assert [window.get(n) for n in range(window.first, window.last + 1)] == [
        encode(message) for message in messages
    ]


def test_a_day_begins_its_own_file_at_17_00_sharp_and_not_a_moment_earlier(tmp_path):
    shell = recorder(tmp_path)
    keep(shell, trades("10:00"), trades("16:59:59.999"), trades("17:00"), trades("18:00"))
    assert firsts(tmp_path) == [1, 3]


@pytest.mark.parametrize("message", [cut("17:00"), DEPTH])
def test_a_cut_and_the_book_begin_a_day_too(tmp_path, message):
    keep(recorder(tmp_path), trades("16:00"), message)
    assert firsts(tmp_path) == [1, 2]


def test_a_batch_across_the_line_stays_with_its_first_trade(tmp_path):
    rows = [(at("17:00") - 1, 1, "B", 1), (at("17:00"), 1, "B", 1)]
    keep(recorder(tmp_path), batch_of(make_trades(rows), "ESZ5", False), trades("18:00"))
    assert firsts(tmp_path) == [1, 2]


def test_a_late_trade_of_the_day_before_begins_nothing(tmp_path):
    keep(recorder(tmp_path), trades("18:00"), trades("16:59"), trades("18:01"))
    assert firsts(tmp_path) == [1]


@pytest.mark.parametrize("clock", ["16:59", "17:00"])
def test_a_restarted_recorder_knows_its_day(tmp_path, clock):
    first = recorder(tmp_path)
    keep(first, trades("10:00"))
    first.close()
    again = recorder(tmp_path)
    assert again.resume() == {"feed": 1}
    keep(again, trades(clock))
    assert firsts(tmp_path) == ([1] if clock == "16:59" else [1, 2])


def test_the_numbers_stay_when_old_files_leave(tmp_path):
    shell = recorder(tmp_path)
    keep(shell, trades("10:00"), trades("17:00"), trades("18:00"))
    segments_in(tmp_path)[0].path.unlink()
    window = shell.copies()["feed"]
    assert (window.first, window.last) == (2, 3)
    assert window.get(2) == encode(trades("17:00"))
    shell.close()
    again = recorder(tmp_path)
    assert again.resume() == {"feed": 3} and again.inspect()["first"] == 2


def test_a_log_in_memory_serves_as_well(tmp_path):
    shell = recorder(tmp_path, MemoryFrames())
    keep(shell, trades("10:00"), trades("17:00"))
    assert shell.copies()["feed"].first == 1
    assert list(tmp_path.iterdir()) == []


class FullDisk(SegmentedLog):
    """A log on a disk that takes nothing while it is `full`."""

    full = False

    def append(self, frame):
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().append(frame)

    def begin_segment(self):
        if self.full:
            raise OSError(errno.EROFS, "Read-only file system")
        super().begin_segment()


def on_full_disk(tmp_path):
    shell = recorder(tmp_path)
    shell.log.close()
    shell.log = FullDisk.open(tmp_path)
    return shell


def test_while_the_disk_is_full_frames_wait_and_none_is_lost_or_out_of_order(tmp_path):
    shell = on_full_disk(tmp_path)
    first = [trades("10:00"), trades("10:01")]
    later = [trades("16:59"), trades("17:00"), cut("17:01")]
    keep(shell, *first)
    shell.log.full = True
    for number, message in enumerate(later, 3):
        shell.keep("feed", number, message)
        shell.commit()
    assert shell.resume() == {"feed": 2}
    assert (shell.inspect()["waiting"], shell.inspect()["trouble"][:10]) == (3, "[Errno 28]")
    assert shell.copies()["feed"].last == 2
    shell.log.full = False
    shell.commit()
    assert recorded_frames(tmp_path) == [encode(message) for message in (*first, *later)]
    assert (shell.inspect()["waiting"], shell.inspect()["trouble"]) == (0, "")
    assert firsts(tmp_path) == [1, 4]


def test_a_disk_that_stays_full_ends_in_a_crash_with_the_reason_and_bounded_memory(tmp_path):
    shell = on_full_disk(tmp_path)
    keep(shell, trades("09:59"))
    shell.log.full = True
    large = trades("10:00", count=100_000)
    with pytest.raises(OSError, match="No space left"):
        for number in range(2, 100):
            shell.keep("feed", number, large)
    assert shell.waiting_bytes <= WAITING_BYTES_MAX + len(encode(large))
    assert recorder(tmp_path).resume() == {"feed": 1}
