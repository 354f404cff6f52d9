"""The bytes of a session as columns, against the official decoder's objects."""

import numpy as np
import pytest
from databento_dbn import Compression, DBNDecoder, Side, VersionUpgradePolicy

from actors.core.book.records import NO_PRICE
from actors.core.market import records as dbn
from actors.core.market.records import clock_of, levels_of, prints_of, runs_of, text_of
from protocol.market import Aggressor
from tests.actors.adapters.feeds.recordings import real
from tests.venues.databento.depth import QUARTER, book, ten
from tests.venues.databento.records import ESH4, START_NS, error, made, mapping, system, trade


def one(raw: bytes) -> dbn.Records:
    (found,) = runs_of(raw)
    return found


def test_buying_aggressors_are_b_and_selling_ones_a_and_the_rest_is_unknown():
    sides = (Side.BID, Side.ASK, Side.NONE)
    prints = prints_of(one(b"".join(trade(1, 10**12, side=side).raw for side in sides)))
    wanted = [Aggressor.BUY, Aggressor.SELL, Aggressor.UNKNOWN]
    assert prints.aggressor.tolist() == wanted


def test_records_of_several_kinds_are_runs_in_their_order():
    raw = mapping(1, "ES.FUT", "ESH4") + b"".join(s.raw for s in made(3)) + system(0, "hb", 7)
    found = [(records.rtype, len(records.rows)) for records in runs_of(raw)]
    assert found == [(dbn.MAPPING, 1), (dbn.TRADES, 3), (dbn.SYSTEM, 1)]


@pytest.mark.parametrize("cut", [1, 2, 15, 47])
def test_what_is_no_whole_record_is_refused_with_what_was_found(cut):
    raw = made(1)[0].raw
    with pytest.raises(ValueError, match=f"record at 48 of kind -?[0-9]+ with .* of {cut} bytes"):
        list(runs_of(raw + raw[:cut]))


def test_a_record_without_a_length_is_refused_and_no_endless_loop():
    with pytest.raises(ValueError, match="record at 0 of kind 0 with 0 of 64 bytes, wanted 48"):
        list(runs_of(bytes(64)))


def test_a_known_kind_of_another_length_is_refused():
    raw = bytearray(made(1)[0].raw)
    raw[0] = 14  # As with ts_out, which is never asked for.
    with pytest.raises(ValueError, match="kind 0 with 56 of 56 bytes, wanted 48"):
        list(runs_of(bytes(raw) + bytes(8)))


def test_words_and_codes_are_read_where_the_decoder_has_them():
    (row,) = one(error(7, "skipped", 5)).rows
    assert (text_of(row["text"]), row["code"]) == ("skipped", 7)
    (row,) = one(system(3, "done", 5)).rows
    assert (text_of(row["text"]), row["code"]) == ("done", 3)
    (row,) = one(mapping(9, "ES.c.0", "ESH4")).rows
    assert (text_of(row["asked"]), text_of(row["symbol"])) == ("ES.c.0", "ESH4")


def test_the_gateways_clock_is_what_it_says_itself_and_when_data_were_captured():
    assert clock_of(one(system(0, "hb", 7))) == 7
    assert clock_of(one(trade(5, 10**12, recv=9).raw)) == 9
    assert clock_of(one(mapping(1, "a", "b"))) == 0
    undefined = trade(5, 10**12, recv=2**64 - 1).raw
    assert clock_of(one(undefined)) == 0
    assert clock_of(one(undefined + trade(5, 10**12, recv=3).raw)) == 3


@pytest.mark.parametrize(("name", "rtype"), [
    ("trades", dbn.TRADES), ("tbbo", dbn.MBP_1), ("mbp-1", dbn.MBP_1), ("mbp-10", dbn.MBP_10),
    ("mbo", dbn.MBO), ("status", dbn.STATUS), ("definition", dbn.DEFINITION),
    ("statistics", dbn.STATISTICS),
])  # fmt: skip
def test_every_schema_is_read_as_the_official_decoder_reads_it(name, rtype):
    path = real(f"databento-fixtures/dbn/tests/data/test_data.{name}.v3.dbn.zst")
    decoder = DBNDecoder(
        upgrade_policy=VersionUpgradePolicy.UPGRADE_TO_V3, compression=Compression.ZSTD
    )
    _, *told = decoder.write_and_decode(path.read_bytes())
    records = one(b"".join(map(bytes, told)))
    assert (records.rtype, len(records.rows)) == (rtype, len(told))
    for row, record in zip(records.rows, told, strict=True):
        assert (row["instrument_id"], row["ts_event"]) == (record.instrument_id, record.ts_event)
        assert row["ts_recv"] == record.ts_recv
        if rtype in dbn.TRADE_KINDS.values():
            assert (row["price"], row["size"], row["flags"]) == (
                record.price, record.size, int(record.flags),
            )  # fmt: skip
            assert (chr(row["action"]), chr(row["side"])) == (str(record.action), str(record.side))
        if rtype in (dbn.MBP_1, dbn.MBP_10):
            level = record.levels[0]
            assert (row["bid"], row["ask"]) == (level.bid_px, level.ask_px)
        if rtype == dbn.DEFINITION:
            assert text_of(row["symbol"]) == record.raw_symbol
            assert text_of(row["class"]) == str(record.instrument_class)
            assert row["tick"] == record.min_price_increment
        if rtype == dbn.STATUS:
            assert row["action"] == int(record.action)
        if rtype == dbn.STATISTICS:
            assert (row["kind"], row["quantity"]) == (int(record.stat_type), record.quantity)


def test_ten_levels_are_those_that_the_official_decoder_reads():
    path = real("databento-fixtures/dbn/tests/data/test_data.mbp-10.v3.dbn.zst")
    decoder = DBNDecoder(
        upgrade_policy=VersionUpgradePolicy.UPGRADE_TO_V3, compression=Compression.ZSTD
    )
    _, *told = decoder.write_and_decode(path.read_bytes())
    rows = levels_of(one(b"".join(map(bytes, told))), (told[0].instrument_id,), QUARTER)
    assert rows is not None and len(rows) == len(told) > 0
    for number, record in enumerate(told):
        assert (rows.flags[number], rows.sequence[number]) == (int(record.flags), record.sequence)
        assert rows.ts_event[number] == record.ts_event
        for place, level in enumerate(record.levels):
            assert rows.price[number, :, place].tolist() == [
                level.bid_px // QUARTER, level.ask_px // QUARTER
            ]  # fmt: skip
            assert rows.size[number, :, place].tolist() == [level.bid_sz, level.ask_sz]
            assert rows.orders[number, :, place].tolist() == [level.bid_ct, level.ask_ct]


def test_levels_are_those_of_our_instruments_alone_and_none_where_there_are_none():
    raw = b"".join(ten(5 + id, *book(100 + id), instrument_id=id).raw for id in (1, 2, 1))
    assert levels_of(one(raw), (), QUARTER) is None
    assert levels_of(one(raw), (9,), QUARTER) is None
    assert levels_of(one(raw), (1, 9), QUARTER).price[:, 0, 0].tolist() == [101, 101]


@pytest.mark.parametrize(("ts", "recv", "told"), [
    (5, 9, 5), (9, 9, 9), (10, 9, 9), (2**64 - 1, 9, 9), (5, 2**64 - 1, 5),
])  # fmt: skip
def test_an_event_is_no_later_than_its_capture(ts, recv, told):
    found = levels_of(one(ten(ts, *book(100), recv=recv).raw), (ESH4,), QUARTER)
    assert found.ts_event.tolist() == [told]


def test_a_level_without_a_price_or_off_the_grid_has_none():
    raw = bytearray(ten(5, [(100, 3, 1)], [(101, 4, 2)]).raw)
    raw[48:56] = (100 * QUARTER + 1).to_bytes(8, "little")
    found = levels_of(one(bytes(raw)), (ESH4,), QUARTER)
    assert found.price[0, 0].tolist() == [NO_PRICE] * 10
    assert found.price[0, 1].tolist() == [101, *[NO_PRICE] * 9]


def test_records_that_are_no_trades_bring_none():
    raw = bytearray(made(1)[0].raw)
    raw[28] = ord("F")  # The resting side of a trade.
    assert prints_of(one(bytes(raw))) is None


def test_rows_are_chosen_with_all_their_columns():
    prints = prints_of(one(b"".join(s.raw for s in made(4))))
    kept = prints.where(np.array([True, False, False, True]))
    assert kept.ts_event.tolist() == [START_NS, START_NS + 1_000_000]
    assert len(kept) == 2 and kept.bid is None
