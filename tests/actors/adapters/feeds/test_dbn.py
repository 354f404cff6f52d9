"""Databento files: every schema and version with trades, the right contract, named damage."""

import numpy as np
import pytest

from actors.adapters.feeds.dbn import DbnReader
from actors.adapters.feeds.ingest import Recording, ingest
from actors.adapters.feeds.port import FeedError, Reason, Refusals
from actors.adapters.feeds.tape import TapeRule, tape
from actors.core.columns import concat
from protocol.market import Aggressor, SideSource
from protocol.settings import BarSettings, FeedSettings
from protocol.units import NANOS_PER_S
from tests.actors.adapters.feeds.dbn_files import (
    ES_H4,
    ES_M4,
    SPREAD,
    START,
    Trade,
    dbn_bytes,
    header_bytes,
    made_trades,
    mapping,
    mapping_record,
    packed,
    record,
)
from tests.actors.adapters.feeds.recordings import all_trades, real

UNDEF_PRICE = 2**63 - 1
P = 4_800_250_000_000  # 4800.25
TICK = 250_000_000


def read(tmp_path, content, symbol="ES"):
    """Write a file and read it; return its chunks and the refusals."""
    path = tmp_path / "given.dbn"
    path.write_bytes(content)
    refusals = Refusals(tmp_path / "refused")
    return list(Recording([path], symbol, refusals)), refusals


def trades_in(tmp_path, content, symbol="ES"):
    chunks, _ = read(tmp_path, content, symbol)
    return concat([chunk.trades for chunk in chunks])


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("schema", ["trades", "tbbo", "mbp-1", "mbp-10", "mbo"])
@pytest.mark.parametrize("pack", [bytes, packed])
def test_every_schema_and_version_gives_the_same_trades(tmp_path, version, schema, pack):
    rows = [Trade(START, P, 3, "A"), Trade(START + 5, P + TICK, 2, "B")]
    trades = trades_in(tmp_path, pack(dbn_bytes(rows, schema, version)))
    assert trades.ts_event.tolist() == [START, START + 5]
    assert trades.price.tolist() == [19201, 19202]
    assert trades.size.tolist() == [3, 2]
    assert trades.aggressor.tolist() == [Aggressor.SELL, Aggressor.BUY]
    assert trades.source.tolist() == [SideSource.FEED] * 2


def test_only_records_of_action_trade_are_trades(tmp_path):
    rows = [Trade(START + n, P, n + 1, action=action) for n, action in enumerate("ACFTMNRT")]
    assert trades_in(tmp_path, dbn_bytes(rows, "mbo")).size.tolist() == [4, 8]


def test_a_trade_without_a_side_is_left_to_inference(tmp_path):
    trades = trades_in(tmp_path, dbn_bytes([Trade(START, P, side="N")]))
    assert (trades.aggressor.tolist(), trades.source.tolist()) == ([0], [SideSource.NONE])


@pytest.mark.parametrize("schema", ["tbbo", "mbp-1", "mbp-10"])
def test_the_level_of_a_trade_record_is_the_quote_before_the_trade(tmp_path, schema):
    rows = [
        Trade(START, P, bid=P - TICK, ask=P),
        Trade(START, P, bid=UNDEF_PRICE, ask=P),
        Trade(START, P, bid=P, ask=UNDEF_PRICE),
        Trade(START, P, bid=P - 1, ask=P),
    ]
    trades = trades_in(tmp_path, dbn_bytes(rows, schema))
    assert trades.bid.tolist() == [19200, 0, 0, 0]
    assert trades.ask.tolist() == [19201, 0, 0, 0]


def test_schemas_without_quotes_have_no_quote_columns(tmp_path):
    for schema in ("trades", "mbo"):
        trades = trades_in(tmp_path, dbn_bytes(made_trades(3), schema))
        assert trades.bid is None is trades.ask


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (Trade(START, P + 1), Reason.OFF_GRID),
        (Trade(START, UNDEF_PRICE), Reason.NOT_A_NUMBER),
        (Trade(START, P, size=0), Reason.BAD_SIZE),
        (Trade(START, P, size=2**32 - 1), Reason.BAD_SIZE),
        (Trade(2**64 - 1, P), Reason.MALFORMED),
        (Trade(START - 1, P), Reason.TIME_BACKWARDS),
    ],
)
def test_a_bad_record_is_named_by_its_offset_and_the_others_are_kept(tmp_path, bad, reason):
    rows = [*made_trades(3), bad, *made_trades(6)[3:]]
    content = dbn_bytes(rows)
    chunks, refusals = read(tmp_path, content)
    assert sum(len(chunk.trades) for chunk in chunks) == 6
    assert refusals.counts == {reason: 1}
    offset = len(header_bytes()) + 3 * 48
    assert f",{offset},{reason},id={ES_H4} ts_event={bad.ts}" in refusals.path.read_text()


def test_of_several_contracts_the_front_month_is_kept_and_the_others_are_counted(tmp_path):
    rows = [
        Trade(START + n, P, instrument_id=[ES_H4, ES_M4, SPREAD, ES_M4][n % 4]) for n in range(40)
    ]
    chunks, refusals = read(tmp_path, dbn_bytes(rows))
    assert [chunk.contract for chunk in chunks] == ["ESH4"]
    assert sum(len(chunk.trades) for chunk in chunks) == 10
    assert refusals.counts == {Reason.SYMBOL_MISMATCH: 30}
    text = refusals.path.read_text()
    assert "20 trades of ESM4" in text
    assert "10 trades of ESH4-ESM4" in text


def test_a_raw_symbol_takes_that_contract(tmp_path):
    rows = [Trade(START + n, P, instrument_id=[ES_H4, ES_M4][n % 2]) for n in range(10)]
    chunks, _ = read(tmp_path, dbn_bytes(rows), symbol="ESM4")
    assert [chunk.contract for chunk in chunks] == ["ESM4"]


def test_where_the_front_month_is_missing_the_next_later_one_is_taken(tmp_path):
    rows = [Trade(START, P, instrument_id=ES_M4)]
    chunks, _ = read(tmp_path, dbn_bytes(rows, mappings=(mapping("ESM4", ES_M4),)))
    assert chunks[0].contract == "ESM4"


def test_a_continuous_symbol_is_the_front_month_of_its_day(tmp_path):
    rows = [Trade(START, P, instrument_id=7)]
    chunks, _ = read(tmp_path, dbn_bytes(rows, mappings=(mapping("ES.v.0", 7),)))
    assert chunks[0].contract == "ESH4"


@pytest.mark.parametrize("symbol", ["NQ", "ESZ4"])
def test_a_file_without_the_contract_says_what_it_holds(tmp_path, symbol):
    with pytest.raises(
        FeedError, match=f"holds ESH4, ESH4-ESM4, ESM4; wanted a contract of {symbol}"
    ):
        read(tmp_path, dbn_bytes(made_trades(1)), symbol=symbol)


def test_an_id_that_means_another_contract_on_a_later_day_is_told_apart(tmp_path):
    from datetime import date

    mappings = (
        mapping("ESH4", 7, date(2023, 12, 25), date(2023, 12, 26)),
        mapping("ESM4", 7, date(2023, 12, 26), date(2023, 12, 27)),
    )
    hour = 3_600 * NANOS_PER_S
    rows = [Trade(START, P, instrument_id=7), Trade(START + 2 * hour, P, instrument_id=7)]
    chunks, refusals = read(tmp_path, dbn_bytes(rows, mappings=mappings))
    assert [chunk.trades.ts_event.tolist() for chunk in chunks] == [[START]]
    assert refusals.counts == {Reason.SYMBOL_MISMATCH: 1}


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_live_recording_brings_its_symbols_itself_and_each_trade_once(tmp_path, version):
    trade = Trade(START, P, 3)
    content = (
        header_bytes(schema="", version=version, mappings=())
        + mapping_record(ES_H4, "ESH4", version)
        + record(trade, 0)
        + record(trade, 1)
        + record(trade, 160)
        + mapping_record(ES_M4, "ESM4", version)
        + record(trade._replace(ts=START + 1), 0)
        + record(trade._replace(ts=START + 1), 1)
    )
    trades = trades_in(tmp_path, content)
    assert trades.ts_event.tolist() == [START, START + 1]


def test_a_file_with_the_gateways_own_time_at_the_end_of_each_record_is_read(tmp_path):
    trades = trades_in(tmp_path, dbn_bytes(made_trades(5), ts_out=True))
    assert len(trades) == 5


@pytest.mark.parametrize("lost", [1, 47, 48, 100])
def test_a_file_that_ends_too_early_keeps_its_whole_records(tmp_path, lost):
    content = dbn_bytes(made_trades(10))
    chunks, refusals = read(tmp_path, content[:-lost])
    whole = (10 * 48 - lost) // 48
    assert sum(len(chunk.trades) for chunk in chunks) == whole
    if lost % 48:
        assert refusals.counts == {Reason.DAMAGED: 1}
        offset = len(header_bytes()) + whole * 48
        left = 48 - lost % 48
        assert f"from byte {offset} on: {left} bytes that are no" in refusals.path.read_text()


@pytest.mark.parametrize("wrong", [0, 1, 13, 255])
def test_a_record_of_impossible_length_ends_the_file_and_is_named(tmp_path, wrong):
    content = bytearray(dbn_bytes(made_trades(10)))
    offset = len(header_bytes()) + 4 * 48
    content[offset] = wrong
    chunks, refusals = read(tmp_path, bytes(content))
    assert sum(len(chunk.trades) for chunk in chunks) == 4
    assert refusals.counts == {Reason.DAMAGED: 1}
    assert f"from byte {offset} on: a record of kind 0" in refusals.path.read_text()


@pytest.mark.parametrize("share", [0.3, 0.6, 0.999])
def test_a_cut_zstd_file_keeps_what_came_before_the_cut(tmp_path, share):
    rng = np.random.default_rng(5)
    rows = [
        Trade(START + n, P + int(rng.integers(9)) * TICK, int(rng.integers(1, 9999)))
        for n in range(40_000)
    ]
    content = packed(dbn_bytes(rows))
    chunks, refusals = read(tmp_path, content[: int(len(content) * share)])
    kept = sum(len(chunk.trades) for chunk in chunks)
    assert 0.2 * share * 40_000 < kept < 40_000
    assert refusals.counts == {Reason.DAMAGED: 1}
    assert "the packed stream ends before its end mark" in refusals.path.read_text()


def test_a_file_of_several_zstd_frames_is_read_through(tmp_path):
    content = dbn_bytes(made_trades(100))
    chunks, refusals = read(tmp_path, packed(content[:2000]) + packed(content[2000:]))
    assert sum(len(chunk.trades) for chunk in chunks) == 100
    assert not refusals.counts


def test_a_schema_without_trades_is_refused_by_name():
    path = real("databento-fixtures/tests/data/GLBX.MDP3/test_data.ohlcv-1m.dbn.zst")
    with pytest.raises(FeedError, match="holds ohlcv-1m, wanted one of trades, tbbo, mbp-1"):
        list(DbnReader(path, "ES", Refusals(path.parent)).rows())


def test_the_first_hour_of_the_christmas_session_has_the_known_figures(tmp_path):
    summary = ingest(
        [real("es-mbo-20231225/esh4-glbx-mdp3-20231225.mbo.dbn.zst")],
        "ES", tmp_path / "tape", tmp_path,
    )  # fmt: skip
    assert (summary.contracts, summary.trades, summary.volume) == (("ESH4",), 2_973, 9_892)
    assert summary.volumes == {
        (Aggressor.BUY, SideSource.FEED): 5_322,
        (Aggressor.SELL, SideSource.FEED): 4_526,
        (Aggressor.UNKNOWN, SideSource.NONE): 44,
    }
    assert summary.refused == {}


def test_the_snapshot_alone_holds_no_trade(tmp_path):
    with pytest.raises(FeedError, match="found no trade of ES that could be used"):
        ingest(
            [real("es-mbo-20231225/esh4-glbx-mdp3-20231224.mbo.dbn.zst")],
            "ES", tmp_path / "tape", tmp_path,
        )  # fmt: skip


def test_snapshot_and_session_together_are_the_session(tmp_path):
    folder = real("es-mbo-20231225")
    files = sorted(folder.glob("esh4-*.zst"))
    assert ingest(files, "ES", tmp_path / "tape", tmp_path).trades == 2_973


@pytest.mark.parametrize(
    ("name", "symbol", "contract", "trades", "volume"),
    [
        ("futures_trades_2024-07-01T23-58_2024-07-02T00-02.dbn.zst", "ES", "ESU4", 120, 253),
        ("futures_mbp-1_2024-07-01T23-58_2024-07-02T00-02.dbn.zst", "ES", "ESU4", 120, 253),
        ("orderbooks_mbo_2024-05-08T00-00-00_2024-05-08T00-00-02.dbn.zst", "ES", "ESM4", 5, 6),
    ],
)
def test_the_other_recordings_have_the_known_figures(
    tmp_path, name, symbol, contract, trades, volume
):
    summary = ingest([real(f"es-mbo-20231225/{name}")], symbol, tmp_path / "tape", tmp_path)
    assert (summary.contracts, summary.trades, summary.volume) == ((contract,), trades, volume)
    assert summary.none_volume == 0


def test_in_a_real_recording_the_quote_of_a_trade_is_the_one_before_it(tmp_path):
    """Blind to the feed's sides, the quote rule finds every one of them again."""
    path = real("es-mbo-20231225/futures_mbp-1_2024-07-01T23-58_2024-07-02T00-02.dbn.zst")
    (chunk,) = Recording([path], "ES", Refusals(tmp_path))
    trades = chunk.trades
    bought = trades.aggressor == Aggressor.BUY
    assert np.all(trades.price[bought] == trades.ask[bought])
    assert np.all(trades.price[~bought] == trades.bid[~bought])


def test_both_schemas_of_the_same_minutes_give_the_same_trades(tmp_path):
    rule = TapeRule.of(FeedSettings(), BarSettings())
    found = []
    for schema in ("trades", "mbp-1"):
        name = f"es-mbo-20231225/futures_{schema}_2024-07-01T23-58_2024-07-02T00-02.dbn.zst"
        found.append(all_trades(tape(Recording([real(name)], "ES", Refusals(tmp_path)), rule)))
    for column in ("ts_event", "price", "size", "aggressor"):
        assert np.array_equal(getattr(found[0], column), getattr(found[1], column))


FIXTURES = [
    f"databento-fixtures/dbn/tests/data/test_data.{schema}.{kind}"
    for schema in ("trades", "tbbo", "mbp-1", "mbp-10", "mbo")
    for kind in ("dbn", "v1.dbn.zst", "v2.dbn.zst", "v3.dbn.zst")
]


@pytest.mark.parametrize("name", FIXTURES)
def test_the_official_sample_of_each_schema_and_version_is_read(tmp_path, name):
    refusals = Refusals(tmp_path)
    trades = [chunk.trades for chunk in Recording([real(name)], "ES", refusals)]
    with_trades = "trades" in name or "tbbo" in name  # The others hold two book changes each.
    assert sum(map(len, trades)) == (2 if with_trades else 0)
    assert not refusals.counts
    if with_trades:
        assert concat(trades).size.tolist() == [5, 21]
        assert concat(trades).aggressor.tolist() == [Aggressor.SELL] * 2


@pytest.mark.parametrize("schema", ["trades", "tbbo", "mbp-1", "mbp-10", "mbo"])
def test_the_official_cme_samples_are_read(tmp_path, schema):
    name = f"databento-fixtures/tests/data/GLBX.MDP3/test_data.{schema}.dbn.zst"
    refusals = Refusals(tmp_path)
    trades = sum(len(chunk.trades) for chunk in Recording([real(name)], "ES", refusals))
    assert trades == (4 if schema in ("trades", "tbbo") else 0)
    assert not refusals.counts


def test_the_official_live_sample_gives_each_trade_once(tmp_path):
    path = real("databento-fixtures/tests/data/LIVE/test_data.live.dbn.zst")
    chunks = list(Recording([path], "ES", Refusals(tmp_path)))
    assert {chunk.contract for chunk in chunks} == {"ESZ4"}
    assert sum(len(chunk.trades) for chunk in chunks) == 2
