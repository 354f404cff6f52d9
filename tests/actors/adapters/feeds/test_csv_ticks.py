"""Text files: good rows fast, every bad row by line and reason, damage named."""

import gzip
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.adapters.feeds import csv_ticks
from actors.adapters.feeds.csv_ticks import CsvReader
from actors.adapters.feeds.ingest import Recording
from actors.adapters.feeds.port import REASONS, FeedError, Reason, Refusals
from tests.actors.adapters.feeds.recordings import HEADER, csv_file, line

GOOD = [line(number) for number in range(5)]


def refused(reader):
    """(line number, reason) of every row that the reader itself refuses, and the good count."""
    found, good = [], 0
    for rows in reader.rows():
        for index, code in enumerate(rows.refused.tolist()):
            if code:
                found.append((rows.where(index)[0], REASONS[code - 1]))
            else:
                good += 1
    return found, good


def reader_of(path, tmp_path, symbol="ES"):
    return CsvReader(path, symbol, Refusals(tmp_path))


def test_a_row_is_read_in_local_time_ticks_and_contracts(tmp_path):
    path = csv_file(tmp_path / "a.csv", ["2013-09-01 17:00:00.083,1640.25,8"])
    (rows,) = reader_of(path, tmp_path).rows()
    assert rows.contract == "ESU3"
    assert datetime.fromtimestamp(int(rows.ts[0]) / 1e9, UTC) == datetime(
        2013, 9, 1, 22, 0, 0, 83_000, tzinfo=UTC
    )
    assert (rows.ticks[0], rows.size[0]) == (6561, 8)


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2013-03-10 01:59:59.999", "2013-03-10T07:59:59.999+00:00"),
        ("2013-03-10 03:00:00.000", "2013-03-10T08:00:00+00:00"),
        ("2013-11-03 00:59:59.999", "2013-11-03T05:59:59.999+00:00"),
        ("2013-11-03 02:00:00.000", "2013-11-03T08:00:00+00:00"),
    ],
)
def test_local_times_around_a_clock_change(tmp_path, local, utc):
    path = csv_file(tmp_path / "a.csv", [f"{local},1640.25,1"])
    (rows,) = reader_of(path, tmp_path).rows()
    assert int(rows.ts[0]) == round(datetime.fromisoformat(utc).timestamp() * 1000) * 1_000_000


def test_another_zone_shifts_the_times(tmp_path):
    path = csv_file(tmp_path / "a.csv", GOOD[:1])
    (chicago,) = CsvReader(path, "ES", Refusals(tmp_path)).rows()
    (new_york,) = CsvReader(path, "ES", Refusals(tmp_path), zone="America/New_York").rows()
    assert int(chicago.ts[0] - new_york.ts[0]) == 3_600 * 10**9


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("rubbish", Reason.MALFORMED),
        ("", Reason.MALFORMED),
        ("2013-09-03 10:00:00.000,1640.25", Reason.MALFORMED),
        ("2013-09-03 10:00:00.000,1640.25,1,2", Reason.MALFORMED),
        ("2013-13-03 10:00:00.000,1640.25,1", Reason.MALFORMED),
        ("2013-09-03 25:00:00.000,1640.25,1", Reason.MALFORMED),
        ("2013-09-03 10:00:00.000,,1", Reason.MALFORMED),
        ("2013-09-03 10:00:00.000,abc,1", Reason.MALFORMED),
        ("2013-09-03 10:00:00.000,1640.25,1.5", Reason.MALFORMED),
        ("2013-09-03 10:00:00.000,1640.25,99999999999999999999", Reason.MALFORMED),
        ("2013-09-03 10:00:00.000,nan,1", Reason.NOT_A_NUMBER),
        ("2013-09-03 10:00:00.000,inf,1", Reason.NOT_A_NUMBER),
        ("2013-09-03 10:00:00.000,1e300,1", Reason.NOT_A_NUMBER),
        ("2013-09-03 10:00:00.000,1640.26,1", Reason.OFF_GRID),
        ("2013-09-03 10:00:00.000,1640.250001,1", Reason.OFF_GRID),
        ("\x00\x01\x02,1640.25,1", Reason.MALFORMED),
        ("2013-09-03 10:00:00.000,1640.25,1\r2013-09-03 10:00:00.000,1640.25,1", Reason.MALFORMED),
        ("2013-09-03 10:00:00.000,16\r40.25,1", Reason.MALFORMED),
    ],
)
@pytest.mark.parametrize("place", [0, 3, 5])
def test_a_bad_row_is_named_and_its_neighbours_are_kept(tmp_path, text, reason, place):
    lines = GOOD[:place] + [text] + GOOD[place:]
    if text == "" and place == 5:
        lines.append(GOOD[-1])  # At the very end an empty line is only the end of the file.
    path = csv_file(tmp_path / "a.csv", lines)
    found, good = refused(reader_of(path, tmp_path))
    assert (found, good) == ([(place + 2, reason)], len(lines) - 1)


def test_line_numbers_go_on_from_block_to_block(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_ticks, "BLOCK_BYTES", 100)
    lines = [line(number) for number in range(40)]
    lines[7] = lines[31] = "rubbish"
    found, good = refused(reader_of(csv_file(tmp_path / "a.csv", lines), tmp_path))
    assert (found, good) == ([(9, Reason.MALFORMED), (33, Reason.MALFORMED)], 38)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_line_endings_and_a_missing_last_one_make_no_difference(tmp_path, ending, last):
    path = tmp_path / "a.csv"
    text = ending.join([HEADER.strip(), *GOOD]) + (ending if last else "")
    path.write_bytes(text.encode())
    assert refused(reader_of(path, tmp_path)) == ([], 5)


def test_columns_are_found_by_name(tmp_path):
    path = csv_file(
        tmp_path / "a.csv", ["7,x,2013-09-03 10:00:00,1640.25"], "Volume,Note,DateTime,Price\n"
    )
    (rows,) = reader_of(path, tmp_path).rows()
    assert (rows.ticks[0], rows.size[0]) == (6561, 7)


@pytest.mark.parametrize("header", ["a,b,c\n", "DateTime;Price;Volume\n", "DateTime,Price\n"])
def test_a_header_without_the_columns_is_no_ticks_file(tmp_path, header):
    path = csv_file(tmp_path / "a.csv", GOOD, header)
    with pytest.raises(FeedError, match="wanted a header with the columns DateTime, Price, Volume"):
        list(reader_of(path, tmp_path).rows())


def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_ticks, "BLOCK_BYTES", 1000)
    path = csv_file(tmp_path / "a.csv", ["9" * 200_000])
    with pytest.raises(FeedError, match="wanted lines of DateTime, Price, Volume"):
        list(reader_of(path, tmp_path).rows())


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_damaged_gzip_file_keeps_the_rows_before_the_damage(tmp_path, damage):
    path = tmp_path / "a.csv.gz"
    lines = [line(number, size=number % 97 + 1) for number in range(200_000)]
    packed = bytearray(gzip.compress((HEADER + "\n".join(lines)).encode()))
    if damage == "cut":
        del packed[len(packed) // 2 :]
    else:
        packed[-6] ^= 1  # In the checksum at the end: every row is there and cannot be trusted.
    path.write_bytes(packed)
    refusals = Refusals(tmp_path)
    trades = sum(len(chunk.trades) for chunk in Recording([path], "ES", refusals))
    assert trades > 50_000
    assert refusals.counts[Reason.DAMAGED] == 1
    assert "damaged from byte" in refusals.path.read_text()


PIECES = st.sampled_from(
    ["2013-09-03 10:00:00.000", "2013-09-03", "2013-09-03T10:00:00", "2013-09-03 10:00:00Z", "x",
     "1640.25", " 1640.25", "1e3", "-1", "+5", "007", "", "nan", "NULL", '"1640.25"', "0x10",
     "16\r40", "\r", "1\x0b2", "\x85"]
)  # fmt: skip
LINES = st.lists(st.lists(PIECES, min_size=1, max_size=4).map(",".join), min_size=1, max_size=8)


@given(LINES)
@settings(deadline=None)
def test_what_counts_as_bad_does_not_depend_on_the_neighbours(tmp_path_factory, lines):
    folder = tmp_path_factory.mktemp("csv")
    together, _ = refused(reader_of(csv_file(folder / "all.csv", lines), folder))
    alone = []
    for number, text in enumerate(lines, start=2):
        found, _ = refused(reader_of(csv_file(folder / "one.csv", [text]), folder))
        alone += [(number, reason) for _, reason in found]
    assert together == alone
