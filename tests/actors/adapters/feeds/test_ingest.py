"""From files to a tape: the real recordings, mixed files, and every way a file can be wrong."""

import gzip
import random
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.adapters.feeds.ingest import Recording, ingest
from actors.adapters.feeds.port import FeedError, Reason, Refusals
from actors.adapters.feeds.tape import TapeRule, tape
from actors.adapters.frames import FrameLog
from actors.core.columns import concat
from protocol.codec import decode
from protocol.market import Aggressor, Cut, CutReason, SideSource, TradeBatch
from protocol.settings import BarSettings, FeedSettings
from protocol.units import NANOS_PER_S
from tests.actors.adapters.feeds.recordings import all_trades, csv_file, line, real

GOOD = [line(number) for number in range(20)]
ES_2013 = "es-ticks-2013/tick_data.csv.gz"


def ingested(tmp_path, *files, symbol="ES"):
    return ingest(files, symbol, tmp_path / "tape", tmp_path / "refused")


def messages(tmp_path):
    return [decode(frame) for frame in FrameLog.read_only(tmp_path / "tape").frames()]


def test_half_a_million_real_trades_become_the_known_tape(tmp_path):
    summary = ingested(tmp_path, real(ES_2013))
    assert summary.contracts == ("ESU3",)
    assert (summary.trades, summary.volume) == (500_000, 1_844_058)
    assert summary.volumes == {
        (Aggressor.BUY, SideSource.TICKRULE): 916_432,
        (Aggressor.SELL, SideSource.TICKRULE): 926_190,
        (Aggressor.UNKNOWN, SideSource.NONE): 1_436,
    }
    assert (summary.refused, summary.quarantine) == ({}, None)
    found = messages(tmp_path)
    trades = all_trades(found)
    assert len(trades) == 500_000
    assert len(np.unique(trades.ts_event // (300 * NANOS_PER_S))) == 461
    assert (trades.price.min(), trades.price.max()) == (1630.75 * 4, 1650 * 4)
    assert [cut.number for cut in found if isinstance(cut, Cut)] == list(
        range(1, summary.cuts + 1)
    )
    assert found[-1].reason == CutReason.END


def test_the_tape_on_disk_and_the_generator_are_the_same(tmp_path):
    path = real(ES_2013)
    ingested(tmp_path, path)
    rule = TapeRule.of(FeedSettings(), BarSettings())
    assert messages(tmp_path) == list(tape(Recording([path], "ES", Refusals(tmp_path)), rule))


def test_half_a_million_rows_are_a_tape_within_a_second(tmp_path):
    path = real(ES_2013)
    ingested(tmp_path, path)  # The libraries are loaded with the first file.
    begun = time.perf_counter()
    ingested(tmp_path, path)
    took = time.perf_counter() - begun
    print(f"{took:.3f} s, {500_000 / took / 1e6:.1f} M rows/s")
    assert took < 1.0


def test_bad_rows_of_every_kind_are_counted_named_and_left_out(tmp_path):
    lines = [line(number) for number in range(100)]
    lines[10] = "rubbish"
    lines[20] = line(20, price=1640.26)
    lines[30] = line(30, size=0)
    lines[40] = line(40, price=float("nan"))
    lines[50] = line(3)
    lines[60] = line(60, price=2640.25)
    lines[70] = line(70).replace("2013", "2031")
    summary = ingested(tmp_path, csv_file(tmp_path / "a.csv", lines))
    assert summary.trades == 93
    assert summary.refused == {
        Reason.MALFORMED: 1,
        Reason.OFF_GRID: 1,
        Reason.BAD_SIZE: 1,
        Reason.NOT_A_NUMBER: 1,
        Reason.TIME_BACKWARDS: 1,
        Reason.PRICE_JUMP: 1,
        Reason.TIME_LEAP: 1,
    }
    rows = summary.quarantine.read_text().splitlines()[1:]
    places = sorted(int(row.split(",")[1]) for row in rows)
    assert places == [12, 22, 32, 42, 52, 62, 72]
    assert f'{tmp_path}/a.csv,62,price_jump,"{lines[60]}"' in rows


def test_files_are_read_one_after_the_other_and_a_second_run_starts_a_new_quarantine(tmp_path):
    one = csv_file(tmp_path / "1.csv", [*GOOD[:10], "rubbish"])
    two = csv_file(tmp_path / "2.csv", ["rubbish", *GOOD[10:]])
    for _ in range(2):
        summary = ingested(tmp_path, one, two)
        assert (summary.trades, summary.refused) == (20, {Reason.MALFORMED: 2})
        assert len(summary.quarantine.read_text().splitlines()) == 3


def test_a_file_that_overlaps_the_one_before_does_not_turn_time_back(tmp_path):
    one = csv_file(tmp_path / "1.csv", GOOD[:10])
    two = csv_file(tmp_path / "2.csv", GOOD[5:])
    summary = ingested(tmp_path, one, two)
    assert summary.refused == {Reason.TIME_BACKWARDS: 4}
    assert np.all(np.diff(all_trades(messages(tmp_path)).ts_event) >= 0)


def test_a_raw_symbol_names_the_contract_itself(tmp_path):
    summary = ingested(tmp_path, csv_file(tmp_path / "a.csv", GOOD), symbol="ESZ3")
    assert summary.contracts == ("ESZ3",)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (None, "found nothing, wanted a file"),
        (b"", "found an empty file"),
        (b"\x7fELF\x02\x01\x01\x00", r"begins with b'\\x7fELF"),
        (b"PK\x03\x04\x00\x00", "begins with b'PK"),
        (gzip.compress(b"\x00\x01\x02\x03", mtime=0), r"begins with b'\\x00"),
        (b"just text\n", "the first line is b'just text'"),
        (b"DateTime,Price,Volume\n", "found no trade of ES that could be used"),
        (b"DateTime,Price,Volume\nx\n", "refused: 1 malformed"),
        (b"DBN", "the header ends after 3 bytes"),
        (b"DBN\x09" + b"\0" * 90, r"begins with b'DBN\\t', wanted DBN of version 1, 2 or 3"),
        (b"PAR1 but not really", "a Parquet file that cannot be opened"),
    ],
)
def test_what_gives_no_trades_is_one_error_that_names_the_file(tmp_path, content, found):
    path = tmp_path / "given.bin"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FeedError, match=found) as error:
        ingested(tmp_path, path)
    assert "given.bin" in str(error.value)
    assert not (tmp_path / "tape").exists()


def test_a_directory_and_no_file_at_all_are_refused(tmp_path):
    with pytest.raises(FeedError, match="found a directory"):
        ingested(tmp_path, tmp_path)
    with pytest.raises(FeedError, match="no file was given"):
        ingested(tmp_path)


def test_a_missing_file_is_found_before_the_first_one_is_read(tmp_path):
    with pytest.raises(FeedError, match=r"b\.csv: found nothing"):
        ingested(tmp_path, csv_file(tmp_path / "a.csv", GOOD), tmp_path / "b.csv")


def test_an_unknown_symbol_is_refused(tmp_path):
    with pytest.raises(FeedError, match="'XX' is no contract"):
        ingested(tmp_path, csv_file(tmp_path / "a.csv", GOOD), symbol="XX")


@given(st.integers(0, 2**32), st.sampled_from(["csv", "gz", "dbn", "zst"]))
@settings(max_examples=60, deadline=None)
def test_no_damage_to_a_file_gets_past_the_two_errors_or_breaks_the_order(
    tmp_path_factory, seed, kind
):
    folder = tmp_path_factory.mktemp("damage")
    whole = _small_file(kind)
    rng = random.Random(seed)
    damaged = bytearray(whole)
    for _ in range(rng.randrange(1, 4)):
        place = rng.randrange(len(damaged))
        match rng.randrange(3):
            case 0:
                damaged[place] ^= 1 << rng.randrange(8)
            case 1:
                del damaged[place : place + rng.randrange(1, 60)]
            case 2:
                damaged[place:place] = rng.randbytes(rng.randrange(1, 20))
        if not damaged:
            return
    path = folder / "file"
    path.write_bytes(damaged)
    refusals = Refusals(folder)
    try:
        parts = [chunk.trades for chunk in Recording([path], "ES", refusals)]
    except FeedError:
        return
    trades = concat(parts)
    assert np.all(np.diff(trades.ts_event) >= 0)
    assert np.all(trades.size >= 1)
    assert len(trades) <= 3_000


def _small_file(kind: str) -> bytes:
    if kind in ("dbn", "zst"):
        from tests.actors.adapters.feeds.dbn_files import dbn_bytes, made_trades, packed

        plain = dbn_bytes(made_trades(300))
        return plain if kind == "dbn" else packed(plain)
    text = "DateTime,Price,Volume\n" + "".join(line(n) + "\n" for n in range(300))
    return gzip.compress(text.encode()) if kind == "gz" else text.encode()


def test_a_tape_holds_nothing_but_batches_and_cuts(tmp_path):
    ingested(tmp_path, csv_file(tmp_path / "a.csv", GOOD))
    assert {type(message) for message in messages(tmp_path)} == {TradeBatch, Cut}
