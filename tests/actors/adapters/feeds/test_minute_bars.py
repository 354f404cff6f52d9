"""Minute bars as a source: trades that keep to the bars, say that they are made up, never more."""

import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.adapters.feeds import lean
from actors.adapters.feeds.ingest import Recording, ingest
from actors.adapters.feeds.minute_bars import RANGE_TICKS_MAX
from actors.adapters.feeds.port import Reason, Refusals
from actors.core.columns import concat
from protocol.market import Aggressor, SideSource
from protocol.units import NANOS_PER_S
from tests.actors.adapters.feeds.recordings import real

MINUTE_NS = 60 * NANOS_PER_S
ES_DAY = "gc-es-lean-2013/future/cme/minute/es/20131008_trade.zip"
GOLD_DAY = "gc-es-lean-2013/future/comex/minute/gc/20131008_trade.zip"
GOOD = [f"{60_000 * number},1667.5,1668,1667.25,1667.75,{number + 20}" for number in range(5)]


def archive(path, lines, name="20131008_es_minute_trade_201312.csv"):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as written:
        written.writestr(name, "".join(f"{line}\n" for line in lines))
    return path


def read(path, refusals, symbol="ES"):
    return list(Recording([path], symbol, refusals))


def bars_of(trades):
    """(minute, open, high, low, close, volume) of trades, one by one."""
    bars = []
    for minute in np.unique(trades.ts_event // MINUTE_NS).tolist():
        mine = trades.ts_event // MINUTE_NS == minute
        price = trades.price[mine].tolist()
        volume = int(trades.size[mine].sum())
        bars.append((minute, price[0], max(price), min(price), price[-1], volume))
    return bars


def test_t1_9_the_worked_bar_becomes_the_six_trades_of_the_domain(tmp_path):
    path = archive(tmp_path / "a.zip", ["0,100.00,100.50,99.75,100.25,20"])
    (chunk,) = read(path, Refusals(tmp_path))
    trades = chunk.trades
    assert (chunk.contract, chunk.simulated) == ("ESZ3", True)
    assert trades.price.tolist() == [400, 399, 400, 401, 402, 401]
    assert trades.size.tolist() == [4, 4, 2, 2, 4, 4]
    buy, sell = Aggressor.BUY, Aggressor.SELL
    assert trades.aggressor.tolist() == [buy, sell, buy, buy, buy, sell]
    assert set(trades.source.tolist()) == {SideSource.TICKRULE}
    assert (trades.ts_event % MINUTE_NS // NANOS_PER_S).tolist() == [5, 15, 25, 35, 45, 55]


@pytest.mark.parametrize(
    ("recording", "symbol", "scale", "volume"),
    [(ES_DAY, "ES", 4, 1_182_485), (GOLD_DAY, "GC", 10, 72_432)],
)
def test_trades_of_a_real_day_give_its_minute_bars_back(
    tmp_path, recording, symbol, scale, volume
):
    path = real(recording)
    with zipfile.ZipFile(path) as whole:
        (entry,) = [name for name in whole.namelist() if name.endswith("trade_201312.csv")]
        lines = whole.read(entry).decode().split()
    wanted = []
    for line in lines:
        ms, *prices, contracts = line.split(",")
        ticks = [round(float(price) * scale) for price in prices]
        wanted.append((int(ms) // 60_000, *ticks, int(contracts)))
    trades = concat([chunk.trades for chunk in read(path, Refusals(tmp_path), symbol)])
    midnight = bars_of(trades)[0][0] - wanted[0][0]
    assert [(minute - midnight, *rest) for minute, *rest in bars_of(trades)] == wanted
    assert trades.size.sum() == volume
    assert np.all(np.diff(trades.ts_event) > 0)


def test_a_summary_of_minute_bars_knows_no_side_from_the_feed(tmp_path):
    path = archive(tmp_path / "a.zip", GOOD)
    summary = ingest([path], "ES", tmp_path / "tape", tmp_path)
    assert summary.volume == sum(range(20, 25))
    assert {source for _, source in summary.volumes} == {SideSource.TICKRULE}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("rubbish", Reason.MALFORMED),
        ("600000,1667.5,1668,1667.25,1667.75", Reason.MALFORMED),
        ("600001,1667.5,1668,1667.25,1667.75,9", Reason.MALFORMED),
        ("600000,1667.5,1667.25,1667.25,1667.5,9", Reason.MALFORMED),
        ("600000,1667.5,1668,1667.25,1668.25,9", Reason.MALFORMED),
        ("600000,1667,1668,1667.25,1667.75,9", Reason.MALFORMED),
        ("600000,1667.5,1667,1668,1667.5,9", Reason.MALFORMED),
        ("600000,nan,1668,1667.25,1667.75,9", Reason.MALFORMED),
        ("600000,1667.5,1668,1667.25,1667.75,1.5", Reason.MALFORMED),
        ("600000,999999999,999999999,999999999,999999999,9", Reason.MALFORMED),
        ("600000,1667.5,1668.1,1667.25,1667.75,9", Reason.OFF_GRID),
        ("600000,1667.5,1668,1667.25,1667.75,0", Reason.BAD_SIZE),
        ("600000,1667.5,1668,1667.25,1667.75,-3", Reason.BAD_SIZE),
        ("600000,1667.5,1668,1667.25,1667.75,2147483648", Reason.BAD_SIZE),
        ("600000,1667.5,4500,1667.25,1667.75,9", Reason.PRICE_JUMP),
    ],
)
@pytest.mark.parametrize("place", [0, 2, 5])
def test_a_bad_bar_is_one_refused_row_and_its_neighbours_are_kept(tmp_path, text, reason, place):
    lines = GOOD[:place] + [text] + GOOD[place:]
    refusals = Refusals(tmp_path)
    path = archive(tmp_path / "a.zip", lines)
    trades = concat([chunk.trades for chunk in read(path, refusals)])
    assert refusals.counts == {reason: 1}
    assert f'a.zip,{place + 1},{reason},"{text}"'.replace('"', "") in (
        refusals.path.read_text().replace('"', "")
    )
    assert trades.size.sum() == sum(range(20, 25))


@pytest.mark.parametrize(("ticks", "trades"), [(RANGE_TICKS_MAX, 5), (RANGE_TICKS_MAX + 1, 0)])
def test_the_range_of_a_minute_has_a_limit(tmp_path, ticks, trades):
    path = archive(tmp_path / "a.zip", [f"0,100,{100 + ticks / 4},100,100,5"])
    refusals = Refusals(tmp_path)
    assert sum(rows.refused.tolist().count(0) for rows in lean_rows(path, refusals)) == trades


def lean_rows(path, refusals):
    return lean.LeanReader(path, "ES", refusals).rows()


@given(st.integers(1, 300))
def test_how_the_text_is_cut_into_blocks_makes_no_difference(tmp_path_factory, block_bytes):
    folder = tmp_path_factory.mktemp("minutes")
    lines = [GOOD[0], GOOD[1], "rubbish", *GOOD[2:]]
    path = archive(folder / "a.zip", lines)
    whole = concat([chunk.trades for chunk in read(path, Refusals(folder))])
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(lean.BLOCK_BYTES, "minute", block_bytes)
        patched.setattr(lean, "_BITE_BYTES", 29)
        refusals = Refusals(folder)
        cut = concat([chunk.trades for chunk in read(path, refusals)])
    assert refusals.counts == {Reason.MALFORMED: 1}
    assert ",3,malformed,rubbish" in refusals.path.read_text()
    for column in ("ts_event", "price", "size", "aggressor", "source"):
        assert np.array_equal(getattr(whole, column), getattr(cut, column))
