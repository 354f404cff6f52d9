"""What readers may have had is on file, and numbers mean the same in every life of the feed."""

import dataclasses
from datetime import date

import pytest

from actors.adapters.feeds import live_log
from actors.adapters.feeds.live_log import (
    UNSYNCED_MAX,
    LiveLog,
    begin_log,
    has_begun,
    recorded_last,
)
from actors.adapters.feeds.port import FeedError
from actors.adapters.segments import SegmentedLog, segments_in
from actors.core.book.changes import changes_of, depth_batch
from actors.core.columns import batch_of
from actors.core.session.calendar import clock_ns
from actors.detector import DetectorShell
from actors.recorder import RecorderShell
from protocol.codec import decode, encode
from protocol.market import DepthBatch, FeedLost, TradeBatch
from protocol.settings import Settings
from tests.actors.adapters.feeds.recordings import trades_from

DAY, NEXT = "2025-12-02", "2025-12-03"


def batch(hour: str = "10:00", day: str = DAY) -> TradeBatch:
    minute = int(hour[:2]) * 60 + int(hour[3:])
    ts = clock_ns(date.fromisoformat(day), minute)
    return batch_of(trades_from([ts], 19_200, 1), "ESZ5", False)


def log(path, boot_id="one") -> LiveLog:
    return LiveLog(path, boot_id)


def record(path, messages) -> None:
    recorder = RecorderShell()
    recorder.configure(Settings(), str(path))
    for number, message in enumerate(messages, 1):
        recorder.keep("feed", number, message)
    recorder.commit()
    recorder.close()


def firsts(path) -> list[int]:
    return [segment.first for segment in segments_in(path, "feed")]


def test_what_was_appended_has_its_number_after_a_kill_without_a_sync(tmp_path):
    first = log(tmp_path)
    numbers = [first.append(batch(hour)) for hour in ("10:00", "10:01", "10:02")]
    again = log(tmp_path)  # The first was never closed nor synced.
    assert numbers == [1, 2, 3]
    assert (again.first, again.last) == (1, 3)
    assert [again.get(n) for n in numbers] == [first.get(n) for n in numbers]
    assert again.append(batch("10:03")) == 4


def test_without_a_log_the_stream_goes_on_behind_what_is_recorded(tmp_path):
    record(tmp_path, [batch(), batch("10:01")])
    again = log(tmp_path)
    assert (recorded_last(tmp_path), again.first, again.last) == (2, 3, 2)
    assert again.append(batch("10:02")) == 3
    assert [decode(again.get(3)), *again.backwards()][1:] == [
        batch("10:02"), batch("10:01"), batch(),
    ]  # fmt: skip


def test_a_log_that_ends_before_what_is_recorded_gives_way(tmp_path):
    old = log(tmp_path)
    old.append(batch())
    old.close()
    record(tmp_path, [batch(), batch("10:01"), batch("10:02")])
    again = log(tmp_path)
    assert (again.first, again.last) == (4, 3)
    assert list(again.backwards()) == [batch("10:02"), batch("10:01"), batch()]


def test_a_log_ahead_of_the_recorder_stands_and_what_both_have_is_read_once(tmp_path):
    told = [batch(), batch("10:01"), batch("10:02")]
    old = log(tmp_path)
    for message in told:
        old.append(message)
    record(tmp_path, told[:2])
    again = log(tmp_path)
    assert again.last == 3
    assert list(again.backwards()) == told[::-1]


def test_a_day_is_forgotten_once_the_recorder_has_begun_a_later_one_and_not_before(tmp_path):
    told = [batch(), batch("10:01"), batch(day=NEXT), batch(day="2025-12-04")]
    one = log(tmp_path)
    for message in told[:3]:
        one.append(message)
    assert firsts(tmp_path) == [1, 3]
    record(tmp_path, told[:2])
    one.append(told[3])
    assert firsts(tmp_path) == [1, 3, 4]  # The recorder's first day may still be on its way.
    record_more(tmp_path, told[2:])
    one.append(batch(day="2025-12-05"))
    assert firsts(tmp_path) == [4, 5]
    assert one.first == 4


def test_a_long_day_is_cut_into_files_that_are_one_stream(tmp_path):
    one = LiveLog(tmp_path, "one", 3)
    told = [batch(f"10:{minute:02}") for minute in range(8)]
    for message in told[:5]:
        one.append(message)
    again = LiveLog(tmp_path, "one", 3)
    for message in told[5:]:
        again.append(message)
    assert firsts(tmp_path) == [1, 4, 7]
    assert [decode(again.get(number)) for number in range(1, 9)] == told
    assert list(again.backwards()) == told[::-1]


def change(at: int, *sizes: int) -> DepthBatch:
    rows = [(at, 1, 100 - n, size, 1) for n, size in enumerate(sizes)]
    return depth_batch(changes_of(rows, [len(rows)]), "ESZ5", False)


def test_of_the_changes_of_the_book_the_last_that_are_any_are_read_back(tmp_path):
    one = log(tmp_path)
    told = [change(1, 4), batch(), change(2, 5), change(3, 6), batch("10:01"), change(4)]
    for message in told:
        one.append(message)
    assert list(one.backwards()) == [told[5], told[4], told[3], told[1]]


def test_a_file_of_many_bytes_is_full_though_its_frames_are_few(tmp_path, monkeypatch):
    monkeypatch.setattr(live_log, "SEGMENT_BYTES_MAX", 1_000)
    one = log(tmp_path)
    for number in range(3):
        one.append(change(number, *range(1, 40)))  # More than eight hundred bytes.
    again = log(tmp_path)
    for number in range(3, 6):
        again.append(change(number, *range(1, 40)))
    assert firsts(tmp_path) == [1, 3, 5]


def record_more(path, messages) -> None:
    recorder = RecorderShell()
    recorder.configure(Settings(), str(path))
    for number, message in enumerate(messages, recorder.log.last + 1):
        recorder.keep("feed", number, message)
    recorder.commit()
    recorder.close()


def test_after_a_boot_as_many_empty_messages_come_as_a_power_cut_can_have_taken(tmp_path):
    one = log(tmp_path)
    one.append(batch())
    one.close()
    again = log(tmp_path, "another")
    assert again.last == 1 + UNSYNCED_MAX
    padding = [decode(again.get(n)) for n in range(2, again.last + 1)]
    assert {(type(m), m.contract, len(m)) for m in padding} == {(DepthBatch, "ESZ5", 0)}
    assert log(tmp_path, "another").last == again.last


def test_after_a_boot_before_any_trade_the_last_word_is_repeated(tmp_path):
    lost = FeedLost(contract="ES", reason="nobody there")
    one = log(tmp_path)
    one.append(lost)
    one.close()
    again = log(tmp_path, "another")
    assert {decode(again.get(n)) for n in range(1, again.last + 1)} == {lost}


def test_the_floor_takes_the_padding_for_nothing(tmp_path):
    one = log(tmp_path)
    one.append(batch())
    one.close()
    again = log(tmp_path, "another")
    padding, settings = decode(again.get(2)), Settings()
    flow = dataclasses.replace(settings.flow, enabled=True)
    for chosen in (settings, dataclasses.replace(settings, flow=flow)):
        detector = DetectorShell()
        detector.configure(chosen, "")
        detector.on_trades(batch())
        assert list(detector.on_depth(padding)) == []


def test_a_boot_before_anything_was_streamed_pads_nothing(tmp_path):
    log(tmp_path).close()
    assert log(tmp_path, "another").last == 0


def test_beside_a_tape_no_live_stream_is_begun(tmp_path):
    (tmp_path / "tape.frames").touch()
    with pytest.raises(FeedError, match="holds a tape, wanted the directory of a live run"):
        log(tmp_path)


def test_a_new_run_begins_with_its_head_and_remembers_since_when_it_wants_trades(tmp_path):
    head = [FeedLost(contract="a", reason="b"), FeedLost(contract="c", reason="d")]
    assert not has_begun(tmp_path)
    begin_log(tmp_path, 77, head)
    assert has_begun(tmp_path)
    begun = log(tmp_path)
    assert (begun.since_ns, begun.last) == (77, 2)
    assert [decode(begun.get(number)) for number in (1, 2)] == head
    assert begun.append(batch()) == 3


def test_a_stream_that_has_begun_is_not_laid_again(tmp_path):
    begin_log(tmp_path, 77, [])
    log(tmp_path).append(batch())
    begin_log(tmp_path, 88, [FeedLost(contract="a", reason="b")])
    assert (log(tmp_path).since_ns, log(tmp_path).last) == (77, 1)
    recorded = tmp_path / "recorded"
    recorded.mkdir()
    record(recorded, [batch()])
    begin_log(recorded, 88, [])
    assert log(recorded).since_ns == 0


def test_a_head_that_was_cut_short_is_laid_anew(tmp_path):
    half = SegmentedLog.open(tmp_path, "feed")
    half.append(encode(batch()))
    half.close()
    begin_log(tmp_path, 77, [FeedLost(contract="a", reason="b")])
    begun = log(tmp_path)
    assert (begun.last, decode(begun.get(1)).contract) == (1, "a")
