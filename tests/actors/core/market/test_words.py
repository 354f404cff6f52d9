"""What the gateway says beside trades, and what follows from it."""

import pytest

from actors.core.market.ends import End
from actors.core.market.figures import Figures
from actors.core.market.months import Months
from actors.core.market.records import runs_of
from actors.core.market.words import Turn, Words, utc_words
from tests.actors.adapters.feeds.recordings import real
from tests.venues.databento.records import ESH4, definition, error, mapping, system

QUARTER = 250_000_000


def told(raw: bytes, words: Words | None = None, figures: Figures | None = None, contract=""):
    words = words or Words(Months("ES"), QUARTER)
    figures = figures or Figures()
    return [turn for records in runs_of(raw) for turn in words.add(records, figures, contract)]


@pytest.mark.parametrize(("code", "turn"), [
    (0, Turn.NOTHING), (1, Turn.ACKNOWLEDGED), (2, Turn.NOTHING), (3, Turn.REPLAYED),
    (4, Turn.NOTHING), (255, Turn.NOTHING),
])  # fmt: skip
def test_system_words_are_told_apart_by_their_code(code, turn):
    assert told(system(code, "words", 1)) == [(turn, None)]


def test_a_warning_of_a_slow_reader_is_counted_and_shown_and_a_heartbeat_is_not():
    figures = Figures()
    told(system(2, "you are slow", 1) + system(0, "Heartbeat", 2), None, figures)
    assert (figures.slow_warnings, figures.said) == (1, "you are slow")


@pytest.mark.parametrize("code", [1, 2, 3, 5, 6, 7])
def test_an_error_ends_the_session_with_its_code(code):
    ((turn, fault),) = told(error(code, "why", 1))
    assert (turn, fault.end, fault.code, fault.text) == (Turn.NOTHING, End.ERROR, code, "why")


def test_what_is_too_old_makes_the_next_session_ask_for_all():
    ((turn, fault),) = told(error(8, "old", 1))
    assert (turn, fault.code) == (Turn.ALL, 8)


def test_a_symbol_that_is_not_resolved_ends_the_session_only_where_nothing_is_ours():
    assert told(error(4, "ESZ9", 1))[0][1].code == 4
    assert told(mapping(1, "ES.FUT", "ESH4") + error(4, "X", 1)) == [
        (Turn.NAMED, None), (Turn.NOTHING, None),
    ]  # fmt: skip


def fixture(schema: str) -> bytes:
    from databento_dbn import Compression, DBNDecoder

    path = real(f"databento-fixtures/dbn/tests/data/test_data.{schema}.v3.dbn.zst")
    decoder = DBNDecoder(compression=Compression.ZSTD)
    return b"".join(map(bytes, decoder.write_and_decode(path.read_bytes())[1:]))


def test_a_definition_with_another_tick_than_ours_ends_the_session():
    months = Months("ES")
    months.add(ESH4, "ES.FUT", "ESH4")
    words = Words(months, QUARTER)
    assert told(definition(ESH4, "ESH4", QUARTER), words) == [(Turn.NOTHING, None)]
    ((_, fault),) = told(definition(ESH4, "ESH4", QUARTER + 1), words)
    assert (fault.end, fault.text) == (End.TICK, "ESH4 has 250000001 billionths, wanted 250000000")


def test_a_definition_of_another_product_or_without_a_tick_ends_nothing():
    months = Months("ES")
    months.add(ESH4, "ES.FUT", "ESH4")
    raw = definition(5, "NQH4", 1) + definition(ESH4, "ESH4", 2**63 - 1) + fixture("definition")
    assert all(fault is None for _, fault in told(raw, Words(months, QUARTER)))


def test_a_definition_that_says_spread_takes_the_instrument_out():
    months = Months("ES")
    months.add(ESH4, "ES.FUT", "ESH4")
    told(definition(ESH4, "ESH4", 1, "S"), Words(months, QUARTER))
    assert (months.ids("ESH4"), months.spreads) == ((), 1)


def test_status_and_statistics_are_shown_of_our_contract_alone():
    raw = fixture("status") + fixture("statistics")
    ids = {int(r.rows[0]["instrument_id"]) for r in runs_of(raw)}
    months, figures = Months("ES"), Figures()
    told(raw, Words(months, QUARTER), figures, "ESH4")
    assert (figures.status, figures.statistics) == ("", {})
    for id in ids:
        months.names[id] = "ESH4"
    told(raw, Words(months, QUARTER), figures, "ESH4")
    assert figures.status and figures.statistics


def test_an_instant_is_told_to_the_second():
    assert utc_words(1_703_545_200_999_999_999) == "2023-12-25 23:00:00 UTC"
