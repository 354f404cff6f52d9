"""Archives of LEAN: the front month of a day, exact prices, and every way one can be wrong."""

import random
import time
import zipfile
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.adapters.feeds import lean
from actors.adapters.feeds.ingest import Recording, ingest
from actors.adapters.feeds.lean import LeanReader
from actors.adapters.feeds.lean_lines import Lines
from actors.adapters.feeds.port import REASONS, FeedError, Reason, Refusals
from actors.core.columns import concat
from actors.core.session.calendar import Phase, phase
from protocol.units import NANOS_PER_S
from tests.actors.adapters.feeds.recordings import real

GOLD = "gc-es-lean-2013/future/comex/tick/gc"
ES_MINUTES = "gc-es-lean-2013/future/cme/minute/es"
HALF_HOUR_NS = 1_800 * NANOS_PER_S
GOOD = [f"{1_000 * number},1313.{number % 10},{number + 1},usa,,0" for number in range(5)]


def name(contract="201312", day="20131007", product="gc", resolution="tick", kind="trade"):
    return f"{day}_{product}_{resolution}_{kind}_{contract}.csv"


def archive(path, entries, method=zipfile.ZIP_DEFLATED):
    """Write an archive of {entry name: lines}."""
    with zipfile.ZipFile(path, "w", method) as written:
        for entry, lines in entries.items():
            written.writestr(entry, "".join(f"{line}\n" for line in lines))
    return path


def reader_of(tmp_path, lines, symbol="GC"):
    path = archive(tmp_path / "a.zip", {name(): lines})
    return LeanReader(path, symbol, Refusals(tmp_path))


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


def trades_of(path, symbol, refusals):
    return concat([chunk.trades for chunk in Recording([path], symbol, refusals)])


@pytest.mark.parametrize(
    ("day", "rows", "volume"),
    [("07", 39_702, 51_866), ("08", 52_038, 72_433), ("09", 64_712, 85_890)],
)
def test_a_real_day_of_gold_has_the_known_figures(tmp_path, day, rows, volume):
    refusals = Refusals(tmp_path)
    path = real(f"{GOLD}/201310{day}_trade.zip")
    (chunk,) = list(Recording([path], "GC", refusals))
    assert (chunk.contract, chunk.simulated) == ("GCZ3", False)
    # Of the rows some have no size: they are no trades, and the volume is the same without them.
    assert len(chunk.trades) + refusals.counts[Reason.BAD_SIZE] == rows
    assert chunk.trades.size.sum() == volume
    assert len(np.unique(chunk.trades.ts_event // (300 * NANOS_PER_S))) == 279
    assert set(refusals.counts) == {Reason.BAD_SIZE, Reason.SYMBOL_MISMATCH}


def test_the_prices_of_a_real_day_span_what_is_known_of_it(tmp_path):
    trades = trades_of(real(f"{GOLD}/20131009_trade.zip"), "GC", Refusals(tmp_path))
    assert (trades.price.min(), trades.price.max()) == (12_946, 13_233)


@pytest.mark.parametrize(
    ("recording", "symbol"),
    [
        (f"{GOLD}/20131008_trade.zip", "GC"),
        (f"{ES_MINUTES}/20131008_trade.zip", "ES"),
        (f"{ES_MINUTES}/20131202_trade.zip", "ES"),
    ],
)
def test_read_as_utc_the_daily_break_is_free_of_trades_in_summer_and_winter(
    tmp_path, recording, symbol
):
    trades = trades_of(real(recording), symbol, Refusals(tmp_path))
    busy = np.unique(trades.ts_event // HALF_HOUR_NS) * HALF_HOUR_NS
    halted = [int(ts) for ts in busy if phase(int(ts)) is Phase.HALT]
    # From 17:00 to 17:15 they still traded in that year.
    assert len(halted) == 1
    first = halted[0] + 900 * NANOS_PER_S
    inside = (trades.ts_event >= first) & (trades.ts_event < first + 2_700 * NANOS_PER_S)
    assert np.count_nonzero(inside) == 0


def test_three_real_days_are_read_within_a_second(tmp_path):
    files = [real(f"{GOLD}/2013100{day}_trade.zip") for day in (7, 8, 9)]
    begun = time.perf_counter()
    trades = sum(len(chunk.trades) for chunk in Recording(files, "GC", Refusals(tmp_path)))
    took = time.perf_counter() - begun
    print(f"{took:.3f} s, {trades / took / 1e6:.1f} M trades/s")
    assert trades == 39_702 + 52_038 + 64_712 - 296
    assert took < 1.0


def test_a_row_is_read_in_utc_ticks_and_contracts(tmp_path):
    (rows,) = reader_of(tmp_path, ["34200123,1313.7,8,usa,,0"]).rows()
    assert rows.contract == "GCZ3"
    assert datetime.fromtimestamp(int(rows.ts[0]) / 1e9, UTC) == datetime(
        2013, 10, 7, 9, 30, 0, 123_000, tzinfo=UTC
    )
    assert (rows.ticks[0], rows.size[0]) == (13_137, 8)


def test_a_time_with_decimals_is_read_to_the_nanosecond(tmp_path):
    (rows,) = reader_of(tmp_path, ["0.000001,1313.7,1,usa,,0"]).rows()
    midnight = datetime(2013, 10, 7, tzinfo=UTC).timestamp()
    assert int(rows.ts[0]) == int(midnight) * NANOS_PER_S + 1


def test_no_price_of_the_grid_has_dust(tmp_path):
    # As a float 2050.3 / 0.1 is 20503.000000000004.
    prices = [Decimal(tick) / 10 for tick in range(20_480, 20_520)]
    (rows,) = reader_of(tmp_path, [f"0,{price},1,usa,,0" for price in prices]).rows()
    assert rows.ticks.tolist() == list(range(20_480, 20_520))
    assert not rows.refused.any()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("rubbish", Reason.MALFORMED),
        ("", Reason.MALFORMED),
        ("0,1313.7,1,usa,", Reason.MALFORMED),
        ("0,1313.7,1,usa,,0,0", Reason.MALFORMED),
        ("-1,1313.7,1,usa,,0", Reason.MALFORMED),
        ("86400000,1313.7,1,usa,,0", Reason.MALFORMED),
        (",1313.7,1,usa,,0", Reason.MALFORMED),
        ("0,,1,usa,,0", Reason.MALFORMED),
        ("0,nan,1,usa,,0", Reason.MALFORMED),
        ("0,inf,1,usa,,0", Reason.MALFORMED),
        ("0,1e3,1,usa,,0", Reason.MALFORMED),
        ("0,13.13.7,1,usa,,0", Reason.MALFORMED),
        ("0,13-13,1,usa,,0", Reason.MALFORMED),
        ("0,.,1,usa,,0", Reason.MALFORMED),
        ("0,1313.7,1.5,usa,,0", Reason.MALFORMED),
        ("0,1313.7,99999999999999999999,usa,,0", Reason.MALFORMED),
        ("0,9999999999.7,1,usa,,0", Reason.MALFORMED),
        ("0,1313.7,1,usa,,2", Reason.MALFORMED),
        ("0,1313.7,1,usa,,", Reason.MALFORMED),
        ("0,1313.7,1,usa,,1", Reason.SUSPICIOUS),
        ("0,1313.75,1,usa,,0", Reason.OFF_GRID),
        ("0,1313.700000001,1,usa,,0", Reason.OFF_GRID),
        ("\x00\xff,1313.7,1,usa,,0", Reason.MALFORMED),
    ],
)
@pytest.mark.parametrize("place", [0, 3, 5])
def test_a_bad_row_is_named_and_its_neighbours_are_kept(tmp_path, text, reason, place):
    lines = GOOD[:place] + [text] + GOOD[place:]
    if text == "" and place == 5:
        lines.append(GOOD[-1])
    found, good = refused(reader_of(tmp_path, lines))
    assert (found, good) == ([(place + 1, reason)], len(lines) - 1)


@pytest.mark.parametrize("size", [0, -1, 2**31])
def test_a_row_without_a_possible_size_is_counted_and_left_out(tmp_path, size):
    path = archive(tmp_path / "a.zip", {name(): [*GOOD, f"5000,1313.7,{size},usa,,0"]})
    refusals = Refusals(tmp_path)
    assert len(trades_of(path, "GC", refusals)) == 5
    assert refusals.counts == {Reason.BAD_SIZE: 1}


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_line_endings_and_a_missing_last_one_make_no_difference(tmp_path, ending, last):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as written:
        written.writestr(name(), ending.join(GOOD) + (ending if last else ""))
    assert refused(LeanReader(tmp_path / "a.zip", "GC", Refusals(tmp_path))) == ([], 5)


@given(st.integers(1, 400))
def test_how_the_text_is_cut_into_blocks_makes_no_difference(tmp_path_factory, block_bytes):
    folder = tmp_path_factory.mktemp("lean")
    lines = [f"{number},1313.{number % 10},{number},usa,,0" for number in range(40)]
    lines[7] = lines[31] = "rubbish"
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(lean.BLOCK_BYTES, "tick", block_bytes)
        patched.setattr(lean, "_BITE_BYTES", 37)
        reader = reader_of(folder, lines)
        parts = list(reader.rows())
        assert refused(reader) == ([(8, Reason.MALFORMED), (32, Reason.MALFORMED)], 38)
    whole = np.concatenate([rows.ticks for rows in parts])
    assert whole[whole > 0].tolist() == [
        13_130 + number % 10 for number in range(40) if number not in (7, 31)
    ]


def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    monkeypatch.setitem(lean.BLOCK_BYTES, "tick", 1_000)
    with pytest.raises(FeedError, match="wanted lines of 6 columns"):
        list(reader_of(tmp_path, ["9" * 200_000]).rows())


MONTHS = {name(month): GOOD for month in ("201310", "201312", "201402")}


@pytest.mark.parametrize(
    ("symbol", "day", "contract"),
    [
        ("GC", "20131007", "GCZ3"),
        ("GC", "20131126", "GCZ3"),  # Three business days before the last one of November.
        ("GC", "20131127", "GCG4"),
        ("GC", "20131006", "GCZ3"),  # A Sunday evening belongs to Monday.
        ("GCV3", "20131007", "GCV3"),
        ("GCG4", "20131007", "GCG4"),
        ("GCG14", "20131007", "GCG4"),
    ],
)
def test_of_a_root_the_front_month_is_read_and_a_raw_symbol_is_itself(
    tmp_path, symbol, day, contract
):
    entries = {entry.replace("20131007", day): lines for entry, lines in MONTHS.items()}
    path = archive(tmp_path / "a.zip", entries)
    assert {r.contract for r in LeanReader(path, symbol, Refusals(tmp_path)).rows()} == {contract}


@pytest.mark.parametrize(
    ("held", "contract"),
    [(("201310", "201402", "201404"), "GCG4"), (("201308", "201310"), "GCV3")],
)
def test_without_the_front_month_the_next_later_one_is_read_or_else_the_last(
    tmp_path, held, contract
):
    path = archive(tmp_path / "a.zip", {name(month): GOOD for month in held})
    assert {r.contract for r in LeanReader(path, "GC", Refusals(tmp_path)).rows()} == {contract}


def test_the_rows_of_other_months_are_counted(tmp_path):
    path = archive(tmp_path / "a.zip", {name("201312"): GOOD, name("201402"): GOOD[:3]})
    refusals = Refusals(tmp_path)
    assert len(trades_of(path, "GC", refusals)) == 5
    assert refusals.counts == {Reason.SYMBOL_MISMATCH: 3}
    assert f"3 rows of GCG4 in {name('201402')}" in refusals.path.read_text()


def test_an_archive_is_known_by_what_is_in_it_and_not_by_its_name(tmp_path):
    path = archive(tmp_path / "prices.csv", {f"deep/{name('201312')}": GOOD, "readme.txt": []})
    summary = ingest([path], "GC", tmp_path / "tape", tmp_path)
    assert (summary.contracts, summary.trades, summary.volume) == (("GCZ3",), 5, 15)


def test_a_newer_entry_name_has_the_day_of_expiry_too(tmp_path):
    path = archive(tmp_path / "a.zip", {name("201312_20131227"): GOOD})
    assert LeanReader(path, "GC", Refusals(tmp_path)).contract.raw_symbol == "GCZ3"


def test_two_days_in_one_archive_follow_each_other(tmp_path):
    entries = {name(day="20131008"): GOOD[:2], name(day="20131007"): GOOD}
    trades = trades_of(archive(tmp_path / "a.zip", entries), "GC", Refusals(tmp_path))
    assert len(trades) == 7
    assert np.all(np.diff(trades.ts_event) >= 0)


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        ({}, "holds nothing; wanted LEAN trades by tick or minute in entries like"),
        ({"a.txt": GOOD}, r"holds a\.txt; wanted LEAN trades"),
        ({name(kind="quote"): GOOD}, "holds 20131007_gc_tick_quote_201312.csv; wanted LEAN"),
        ({name(resolution="second"): GOOD}, "gc_second_trade_201312.csv; wanted LEAN"),
        ({name(day="20131307"): GOOD}, "20131307_gc_tick_trade_201312.csv; wanted LEAN"),
        ({name("201313"): GOOD}, "20131007_gc_tick_trade_201313.csv; wanted LEAN"),
        ({f"{number}.txt": [] for number in range(9)}, r"4\.txt and 4 more; wanted"),
        ({name(): GOOD, name(resolution="minute"): GOOD}, "one resolution to an archive"),
        ({name(product="es"): GOOD}, "holds trades of ES; wanted a contract of GC"),
        ({name(): []}, "found no trade of GC that could be used"),
        ({name(): ["rubbish"]}, "refused: 1 malformed"),
    ],
)
def test_an_archive_without_the_trades_wanted_is_one_error_that_says_what_is_in_it(
    tmp_path, entries, found
):
    path = archive(tmp_path / "given.zip", entries)
    with pytest.raises(FeedError, match=found) as error:
        ingest([path], "GC", tmp_path / "tape", tmp_path)
    assert "given.zip" in str(error.value)


def test_a_contract_that_is_not_held_is_refused_with_those_that_are(tmp_path):
    path = archive(tmp_path / "a.zip", MONTHS)
    with pytest.raises(FeedError, match="holds GCG4, GCV3, GCZ3; wanted GCM4"):
        LeanReader(path, "GCM4", Refusals(tmp_path))


def test_an_archive_cut_short_is_refused_as_a_whole(tmp_path):
    path = archive(tmp_path / "a.zip", MONTHS)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(FeedError, match=r"begins with b'PK.*is no zip archive that can be opened"):
        list(Recording([path], "GC", Refusals(tmp_path)))


def test_a_packing_that_nobody_here_reads_is_reported_as_damage(tmp_path):
    path = archive(tmp_path / "a.zip", {name(): GOOD}, zipfile.ZIP_BZIP2)
    refusals = Refusals(tmp_path)
    assert list(Recording([path], "GC", refusals)) == []
    assert refusals.counts == {Reason.DAMAGED: 1}
    assert "packed by method 12, wanted 0 or 8" in refusals.path.read_text()


def test_a_damaged_entry_keeps_the_rows_before_the_damage(tmp_path):
    count = 200_000
    lines = [f"{number},1313.{number % 10},{number % 7 + 1},usa,,0" for number in range(count)]
    path = archive(tmp_path / "a.zip", {name(): lines})
    packed = bytearray(path.read_bytes())
    packed[len(packed) // 2] ^= 0xFF
    path.write_bytes(packed)
    refusals = Refusals(tmp_path)
    trades = trades_of(path, "GC", refusals)
    assert count // 3 < len(trades) < count
    assert np.array_equal(trades.size[: count // 3], np.arange(count // 3) % 7 + 1)
    assert refusals.counts[Reason.DAMAGED] == 1
    assert "damaged from byte" in refusals.path.read_text()


def test_a_line_that_damage_cuts_in_two_is_no_row_and_no_second_refusal(tmp_path):
    lines = [f"{number:08},1313.{number % 10},{100 + number % 7},usa,,0" for number in range(900)]
    path = archive(tmp_path / "a.zip", {name(): lines}, zipfile.ZIP_STORED)
    packed = bytearray(path.read_bytes())
    packed[packed.index(b"00000899,")] ^= 1  # The checksum tells, and the last bite is lost.
    path.write_bytes(packed)
    refusals = Refusals(tmp_path)
    trades = trades_of(path, "GC", refusals)
    assert len(trades) == lean._BITE_BYTES // (len(lines[0]) + 1)
    assert refusals.counts == {Reason.DAMAGED: 1}


@given(st.integers(0, 2**32), st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
@settings(max_examples=80)
def test_no_damage_to_an_archive_gets_past_the_two_errors_or_breaks_the_order(
    tmp_path_factory, seed, method
):
    folder = tmp_path_factory.mktemp("damage")
    lines = [f"{1_000 * number},1313.{number % 10},1,usa,,0" for number in range(300)]
    entries = {name("201312"): lines, name("201402"): lines}
    path = archive(folder / "file", entries, method)
    rng = random.Random(seed)
    damaged = bytearray(path.read_bytes())
    for _ in range(rng.randrange(1, 4)):
        # Half of the damage where it matters most: in the directory at the end.
        low = rng.choice((0, len(damaged) - 200))
        place = rng.randrange(low, len(damaged))
        match rng.randrange(3):
            case 0:
                damaged[place] ^= 1 << rng.randrange(8)
            case 1:
                del damaged[place : place + rng.randrange(1, 20)]
            case 2:
                damaged[place:place] = rng.randbytes(rng.randrange(1, 20))
    path.write_bytes(damaged)
    try:
        parts = [chunk.trades for chunk in Recording([path], "GC", Refusals(folder))]
    except FeedError:
        return
    trades = concat(parts)
    assert np.all(np.diff(trades.ts_event) >= 0)
    assert np.all(trades.size >= 1)


def one_number(text, decimals):
    """The slow and obvious reading of a number: None where it is none."""
    digits = text.removeprefix("-")
    whole, _, fraction = digits.partition(".")
    known = (whole + fraction).isdecimal() and (whole + fraction).isascii()
    if not known or len(fraction) > decimals or len(whole) > 18 - decimals or len(text) > 20:
        return None
    return int(Decimal(text).scaleb(decimals))


NUMBERS = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-1e6, max_value=1e6),
    st.integers(-(10**20), 10**20),
    st.text("0123456789.-+e \r\x00", max_size=24),
).map(str)


@given(
    st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=8),
    st.sampled_from([0, 6, 9]),
)
@settings(max_examples=300)
def test_numbers_are_read_as_the_slow_reading_does_or_not_at_all(pairs, decimals):
    block = "".join(f"{one},{other}\n" for one, other in pairs).encode()
    lines = Lines(block, columns=2)
    for column in (0, 1):
        values, good = lines.numbers(column, decimals)
        for index, pair in enumerate(pairs):
            # A carriage return at the end of a line belongs to the line.
            text = pair[column].removesuffix("\r") if column == 1 else pair[column]
            wanted = one_number(text, decimals)
            assert (int(values[index]), bool(good[index])) == (wanted or 0, wanted is not None)
