"""Day files: every row once, in the right file, and no step at which a crash loses one."""

import random
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from actors.adapters.day_files import Busy, alone, day_facts, roll
from actors.adapters.day_parquet import read_day, read_mark, write_day
from actors.adapters.digest import sha256_of
from actors.adapters.segments import SegmentedLog, segments_in
from actors.core.columns import batch_of
from actors.core.export.days import columns_of, joined, same
from protocol.codec import encode
from protocol.market import Cut, CutReason, DepthBatch
from tests.makers import at, make_trades

ROOT = Path(__file__).resolve().parents[3]
TUESDAY, WEDNESDAY, THURSDAY = "2025-12-02", "2025-12-03", "2025-12-04"
LATER = at("18:00", "2026-01-02")


def batch(clock, day=TUESDAY, count=5, contract="ESZ5", simulated=False, price=20_000):
    rows = [(at(clock, day) + n, price + n, "BSU"[n % 3], n + 1) for n in range(count)]
    return batch_of(make_trades(rows), contract, simulated)


def across(day=TUESDAY):
    """Two trades before 17:00 and three from 17:00.000 on."""
    line = at("17:00", day)
    rows = [(line + n, 20_000, "B", 1) for n in (-2, -1, 0, 0, 1)]
    return batch_of(make_trades(rows), "ESZ5", False)


def depth(clock, day=TUESDAY):
    return DepthBatch(
        contract="ESZ5", simulated=False, ts_event=at(clock, day).to_bytes(8, "little"),
        side=b"\2", price=(20_000).to_bytes(4, "little"), size=(7).to_bytes(4, "little"),
        orders=(3).to_bytes(4, "little"),
    )  # fmt: skip


def record(data, *segments):
    """Append segments of messages, each message one frame."""
    log = SegmentedLog.open(data)
    for messages in segments:
        log.begin_segment()
        for message in messages:
            log.append(encode(message))
    log.sync()
    log.close()


def rolled(data, now_ns=LATER, **options):
    return roll(data, **({"depth": False, "now_ns": now_ns} | options))


def rows_of(data, name):
    return read_day(data / "days" / name)[1]


def reference(batches, day):
    """The rows of a day, from (number, batch), one by one."""
    start = at("17:00", "2025-12-01" if day == TUESDAY else TUESDAY)
    end = at("17:00", day)
    parts = []
    for seq, message in batches:
        columns = columns_of(message, seq)
        mine = [n for n, ts in enumerate(columns["ts_event"]) if start <= ts < end]
        parts.append({name: column[mine] for name, column in columns.items()})
    return joined(parts)


def files(data):
    return sorted(str(p.relative_to(data / "days")) for p in (data / "days").glob("*/*"))


def test_a_batch_across_the_line_is_split_by_each_trade_s_own_time(tmp_path):
    record(tmp_path, [batch("10:00"), across()])
    done = rolled(tmp_path)
    assert done.written == ["ES/2025-12-02.parquet", "ES/2025-12-03.parquet"]
    before, after = (rows_of(tmp_path, name) for name in done.written)
    line = at("17:00")
    assert before["ts_event"].tolist()[-2:] == [line - 2, line - 1]
    assert after["ts_event"].tolist() == [line, line, line + 1]
    assert after["row"].tolist() == [2, 3, 4]
    messages = [(1, batch("10:00")), (2, across())]
    assert same(before, reference(messages, TUESDAY))
    assert same(after, reference(messages, WEDNESDAY))


def test_a_roll_that_is_repeated_writes_nothing_twice(tmp_path):
    record(tmp_path, [batch("10:00")], [batch("10:00", WEDNESDAY)])
    first = rolled(tmp_path)
    sums = [sha256_of(tmp_path / "days" / name) for name in first.written]
    again = rolled(tmp_path)
    assert (again.written, again.removed, again.refused) == ([], [], [])
    assert [sha256_of(tmp_path / "days" / name) for name in first.written] == sums
    assert len((tmp_path / "days.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize("now", ["16:59:59.999", "17:00"])
def test_a_day_is_made_when_it_is_over_and_not_before(tmp_path, now):
    record(tmp_path, [batch("10:00")])
    assert rolled(tmp_path, at(now)).written == (
        [] if now != "17:00" else ["ES/2025-12-02.parquet"]
    )


def test_a_clock_that_is_behind_does_not_hold_back_a_day_the_stream_has_left(tmp_path):
    record(tmp_path, [batch("10:00")], [batch("10:00", WEDNESDAY)])
    done = rolled(tmp_path, now_ns=0)
    assert done.written == ["ES/2025-12-02.parquet"]
    assert done.removed == ["ticks-000000000001.frames"]


def test_a_clock_that_is_ahead_makes_a_part_and_the_rest_is_added(tmp_path):
    record(tmp_path, [batch("10:00")])
    rolled(tmp_path)
    record(tmp_path, [batch("11:00")])
    assert rolled(tmp_path).written == ["ES/2025-12-02.parquet"]
    assert len(rows_of(tmp_path, "ES/2025-12-02.parquet")["seq"]) == 10
    # And the frames of the day that goes on stay, as its readers recover from them.
    assert len(segments_in(tmp_path)) == 2


def test_frames_leave_once_their_days_are_verified_and_those_of_the_newest_date_stay(tmp_path):
    record(tmp_path, [batch("10:00")], [batch("10:00", WEDNESDAY)], [batch("10:00", THURSDAY)])
    done = rolled(tmp_path)
    assert done.removed == ["ticks-000000000001.frames", "ticks-000000000002.frames"]
    assert [segment.first for segment in segments_in(tmp_path)] == [3]


def test_frames_of_a_live_market_stay_since_they_are_the_only_copy_of_its_stream(tmp_path):
    record(tmp_path, [batch("10:00")], [batch("10:00", WEDNESDAY)], [batch("10:00", THURSDAY)])
    SegmentedLog.open(tmp_path, "feed").close()
    assert len(rolled(tmp_path).written) == 3
    assert [segment.first for segment in segments_in(tmp_path)] == [1, 2, 3]


def test_trades_that_came_late_over_the_line_are_added_to_their_day(tmp_path):
    record(tmp_path, [batch("16:00")])
    rolled(tmp_path)
    late = batch("16:59")
    record(tmp_path, [batch("17:00"), late])
    done = rolled(tmp_path)
    assert done.written == ["ES/2025-12-02.parquet", "ES/2025-12-03.parquet"]
    rows = rows_of(tmp_path, "ES/2025-12-02.parquet")
    assert same(rows, reference([(1, batch("16:00")), (3, late)], TUESDAY))


def test_late_trades_are_added_after_the_frames_of_their_day_are_gone(tmp_path):
    record(tmp_path, [batch("16:00")], [batch("17:00")])
    assert rolled(tmp_path).removed
    late = batch("16:59")
    record(tmp_path, [late])
    rolled(tmp_path)
    rows = rows_of(tmp_path, "ES/2025-12-02.parquet")
    assert same(rows, reference([(1, batch("16:00")), (3, late)], TUESDAY))
    assert day_facts(tmp_path)["ES/2025-12-02.parquet"]["rows"] == 10


def test_symbols_contracts_and_made_up_trades_have_their_places(tmp_path):
    nq, rollover = batch("10:01", contract="NQZ5"), batch("10:02", contract="ESH6")
    record(tmp_path, [batch("10:00"), nq, rollover, batch("10:03", simulated=True)])
    assert rolled(tmp_path).written == [
        "ES/2025-12-02.parquet", "ES-simulated/2025-12-02.parquet", "NQ/2025-12-02.parquet",
    ]  # fmt: skip
    assert set(rows_of(tmp_path, "ES/2025-12-02.parquet")["symbol"]) == {b"ESZ5", b"ESH6"}
    mark = read_mark(tmp_path / "days/ES-simulated/2025-12-02.parquet")
    assert (mark.simulated, mark.symbol, mark.date) == (True, "ES", date(2025, 12, 2))
    assert mark.tick_billionths == 250_000_000


@pytest.mark.parametrize("wanted", [True, False])
def test_the_book_is_kept_for_good_only_when_asked_for(tmp_path, wanted):
    record(tmp_path, [batch("10:00"), depth("10:01")])
    rolled(tmp_path, depth=wanted)
    name = "ES/2025-12-02.depth.parquet"
    assert (name in files(tmp_path)) == wanted
    if wanted:
        rows = rows_of(tmp_path, name)
        assert {n: rows[n].tolist() for n in ("ticks", "size", "orders", "side", "seq")} == {
            "ticks": [20_000], "size": [7], "orders": [3], "side": [2], "seq": [2],
        }  # fmt: skip


def test_nothing_recorded_makes_nothing(tmp_path):
    assert rolled(tmp_path).written == []
    record(tmp_path, [Cut(number=1, ts_ns=at("10:00"), reason=CutReason.BAR)])
    assert (rolled(tmp_path).written, files(tmp_path)) == ([], [])


@pytest.mark.parametrize("how", ["other", "cut", "gone"])
def test_a_file_that_reads_back_different_is_not_kept_and_its_frames_stay(tmp_path, how):
    record(tmp_path, [batch("10:00")], [batch("18:00")])

    def spoil(step):
        if step == "verify ES/2025-12-02.parquet":
            part = tmp_path / "days/ES/2025-12-02.parquet.part"
            mark, rows = read_mark(part), columns_of(batch("10:00", price=1), 1)
            if how == "other":
                write_day(part, mark, rows)
            elif how == "cut":
                write_day(part, mark, {name: column[:-1] for name, column in rows.items()})
            else:
                part.unlink()

    done = rolled(tmp_path, told=spoil)
    assert (done.written, done.removed) == (["ES/2025-12-03.parquet"], [])
    assert len(done.refused) == 1 and "not written: " in done.refused[0]
    assert files(tmp_path) == ["ES/2025-12-03.parquet"]
    assert rolled(tmp_path).written == ["ES/2025-12-02.parquet"]


class Crash(BaseException):
    """The process ends here."""


def crash_at(step):
    count = -1

    def told(_):
        nonlocal count
        count += 1
        if count == step:
            raise Crash

    return told


def test_a_crash_before_any_step_leaves_the_frames_or_the_file_and_the_next_roll_does_the_rest(
    tmp_path,
):
    segments = ([batch("10:00"), across()], [batch("18:00"), batch("16:58"), depth("19:00")],
                [batch("18:00", WEDNESDAY)])  # fmt: skip
    steps = []
    (tmp_path / "calm").mkdir()
    record(tmp_path / "calm", *segments)
    roll(tmp_path / "calm", depth=True, now_ns=LATER, told=steps.append)
    wanted = {name: rows_of(tmp_path / "calm", name) for name in files(tmp_path / "calm")}
    assert len(wanted) == 4 and len(steps) > 20
    for step in range(len(steps)):
        data = tmp_path / f"crash-{step}"
        data.mkdir()
        record(data, *segments)
        with pytest.raises(Crash):
            roll(data, depth=True, now_ns=LATER, told=crash_at(step))
        held = segments_in(data)[0].first
        for name, rows in wanted.items():
            gone = rows["seq"] < held
            if gone.any():  # Frames are gone: then the file has to be there.
                assert np.isin(rows["seq"][gone], rows_of(data, name)["seq"]).all(), steps[step]
        roll(data, depth=True, now_ns=LATER)
        assert files(data) == files(tmp_path / "calm"), steps[step]
        for name, rows in wanted.items():
            assert same(rows_of(data, name), rows), f"{steps[step]}: {name}"
        assert [s.path.name for s in segments_in(data)] == [
            s.path.name for s in segments_in(tmp_path / "calm")
        ]


ROLLER = """
import sys
from pathlib import Path
from actors.adapters.day_files import roll
import pyarrow.parquet
print("ready", flush=True)
sys.stdin.readline()
roll(Path(sys.argv[1]), depth=False, now_ns=int(sys.argv[2]))
"""


def test_a_roll_killed_at_random_moments_loses_nothing(tmp_path):
    dice = random.Random(20251202)
    messages = [batch("10:00", count=4_000, price=20_000 + n) for n in range(20)]
    record(tmp_path, messages, [batch("18:00")])
    for _ in range(4):
        command = [sys.executable, "-c", ROLLER, str(tmp_path), str(LATER)]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe) as roller:
            assert roller.stdout.readline() == b"ready\n"
            roller.stdin.write(b"go\n")
            roller.stdin.flush()
            try:
                roller.wait(dice.uniform(0, 0.08))
            except subprocess.TimeoutExpired:
                roller.kill()
    rolled(tmp_path)
    rows = rows_of(tmp_path, "ES/2025-12-02.parquet")
    assert same(rows, reference(list(enumerate(messages, 1)), TUESDAY))


def damage(path, how):
    content = bytearray(path.read_bytes())
    if how == "bits":
        content[len(content) // 3] ^= 0xFF
    contents = {"bits": content, "cut": content[:-20], "empty": b"", "other": b"PAR1" * 9}
    path.write_bytes(contents[how])


@pytest.mark.parametrize("how", ["bits", "cut", "empty", "other"])
def test_a_damaged_day_is_set_aside_and_made_anew_from_frames(tmp_path, how):
    record(tmp_path, [batch("10:00", count=500)])
    rolled(tmp_path)
    path = tmp_path / "days/ES/2025-12-02.parquet"
    before = path.read_bytes()
    damage(path, how)
    done = rolled(tmp_path)
    assert (done.written, done.refused) == (["ES/2025-12-02.parquet"], [])
    assert path.read_bytes() == before
    assert files(tmp_path) == ["ES/2025-12-02.parquet", "ES/2025-12-02.parquet.damaged-1"]


@pytest.mark.parametrize("how", ["cut", "gone"])
def test_a_damaged_day_whose_frames_are_gone_is_refused_and_late_trades_stay(tmp_path, how):
    record(tmp_path, [batch("10:00", count=500)], [batch("18:00")])
    assert rolled(tmp_path).removed
    path = tmp_path / "days/ES/2025-12-02.parquet"
    if how == "gone":
        path.unlink()
    else:
        damage(path, "cut")
    left = path.read_bytes() if path.exists() else None
    record(tmp_path, [batch("16:00")], [batch("18:00", THURSDAY)])
    done = rolled(tmp_path)
    assert len(done.refused) == 1
    assert "of its 500 rows 0 are still held as frames, wanted all" in done.refused[0]
    assert (path.read_bytes() if path.exists() else None) == left
    # The segment with the late trades stays, and so does every one behind it.
    assert [segment.first for segment in segments_in(tmp_path)] == [3, 4]


def test_a_file_that_contradicts_the_frames_is_set_aside_for_them(tmp_path):
    record(tmp_path, [batch("10:00")])
    rolled(tmp_path)
    segments_in(tmp_path)[0].path.unlink()
    record(tmp_path, [batch("10:00", price=10_000)])
    assert rolled(tmp_path).refused == []
    assert rows_of(tmp_path, "ES/2025-12-02.parquet")["ticks"].tolist()[0] == 10_000
    assert "ES/2025-12-02.parquet.damaged-1" in files(tmp_path)


def test_damaged_frames_stay_are_named_and_keep_everything_behind_them(tmp_path):
    record(tmp_path, [batch("10:00"), batch("10:01")], [batch("18:00")], [batch("18:00", THURSDAY)])
    path = segments_in(tmp_path)[0].path
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(content)
    done = rolled(tmp_path)
    assert len(done.refused) == 1 and "frame 1 at offset 16 is damaged" in done.refused[0]
    assert (done.removed, done.written) == ([], ["ES/2025-12-03.parquet", "ES/2025-12-05.parquet"])


def test_an_instrument_without_a_tick_is_refused_and_its_frames_stay(tmp_path):
    record(tmp_path, [batch("10:00", contract="../X"), batch("10:01")], [batch("18:00")])
    done = rolled(tmp_path)
    assert done.written == ["ES/2025-12-02.parquet", "ES/2025-12-03.parquet"]
    assert len(done.refused) == 1 and done.removed == []
    assert not (tmp_path / "X").exists()


FULL = """
import resource, signal, sys
from pathlib import Path
from actors.adapters.day_files import roll
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))
done = roll(Path(sys.argv[1]), depth=False, now_ns=int(sys.argv[2]))
print(done.removed, done.written, [text.partition(":")[2][:13] for text in done.refused])
"""


def test_a_full_disk_is_said_leaves_nothing_half_and_the_next_roll_works(tmp_path):
    record(tmp_path, [batch("10:00", count=5_000)], [batch("18:00", count=5_000)])
    command = [sys.executable, "-c", FULL, str(tmp_path), str(LATER)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[] [] [' not written:', ' not written:']\n"
    assert files(tmp_path) == []
    assert rolled(tmp_path).written == ["ES/2025-12-02.parquet", "ES/2025-12-03.parquet"]


def test_two_rolls_at_once_are_one_and_a_refusal(tmp_path):
    record(tmp_path, [batch("10:00")])
    (tmp_path / "days").mkdir()
    with alone(tmp_path / "days/.lock"), pytest.raises(Busy, match="held by another process"):
        rolled(tmp_path)
    assert rolled(tmp_path).written
