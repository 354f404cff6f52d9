"""What has to be bought for a symbol: trading dates, contracts, and what is no symbol."""

from datetime import date

import pytest

from actors.adapters.history.plan import DAYS_MAX, pieces_of
from actors.adapters.history.port import HistoryError
from actors.core.session.calendar import day_of
from tests.actors.adapters.history.fakes import MemoryHistory
from tests.makers import at

ALL = ("2000-01-01", "2030-01-01")
KNOWN = {name: ((*ALL, name),) for name in ("ESZ3", "ESH4", "ESM4")}


def pieces(symbol, start_ns, end_ns, **spans):
    history = MemoryHistory(KNOWN | {name.replace("_", "."): s for name, s in spans.items()})
    return pieces_of(history, "GLBX.MDP3", "trades", symbol, start_ns, end_ns)


def test_a_trading_date_is_one_piece_from_17_to_17():
    day = day_of(date(2023, 12, 26))
    (piece,) = pieces("ESH4", day.start_ns, day.end_ns)
    assert (piece.contract, piece.start_ns, piece.end_ns) == ("ESH4", day.start_ns, day.end_ns)
    assert (piece.dataset, piece.schema) == ("GLBX.MDP3", "trades")


def test_a_nanosecond_beyond_the_date_is_a_piece_of_the_next():
    day = day_of(date(2023, 12, 26))
    first, second = pieces("ESH4", day.start_ns + 1, day.end_ns + 1)
    assert (first.start_ns, first.end_ns) == (day.start_ns + 1, day.end_ns)
    assert (second.start_ns, second.end_ns) == (day.end_ns, day.end_ns + 1)


def test_a_weekend_is_no_date_and_leaves_no_hole():
    friday, monday = day_of(date(2023, 12, 22)), day_of(date(2023, 12, 25))
    first, second = pieces("ESH4", friday.start_ns, monday.end_ns)
    assert first.end_ns == second.start_ns == friday.end_ns


def test_a_root_is_the_front_month_of_each_date_by_the_rule_of_the_house():
    start, end = day_of(date(2023, 12, 7)).start_ns, day_of(date(2023, 12, 8)).end_ns
    assert [piece.contract for piece in pieces("ES", start, end)] == ["ESZ3", "ESH4"]


def test_a_continuous_symbol_is_what_the_vendor_says_it_was_on_the_date():
    start, end = day_of(date(2023, 12, 11)).start_ns, day_of(date(2023, 12, 13)).end_ns
    spans = ((ALL[0], "2023-12-12", "ESZ3"), ("2023-12-12", ALL[1], "ESH4"))
    found = pieces("ES.v.0", start, end, ES_v_0=spans)
    assert [piece.contract for piece in found] == ["ESZ3", "ESH4", "ESH4"]


def test_a_date_on_which_a_continuous_symbol_means_nothing_is_refused():
    start, end = day_of(date(2023, 12, 11)).start_ns, day_of(date(2023, 12, 13)).end_ns
    with pytest.raises(HistoryError, match="ES.v.0 means no contract on 2023-12-12"):
        pieces("ES.v.0", start, end, ES_v_0=((ALL[0], "2023-12-12", "ESZ3"),))


@pytest.mark.parametrize(("symbol", "said"), [
    ("ESZ9", "ESZ9 was not traded in GLBX.MDP3 from 2023-12-25 to 2023-12-27"),
    ("XX", "'XX' is no contract"),
    ("XX.v.0", "symbol 'XX' is not known"),
    ("ES.v.1", "wanted a continuous symbol like ES.v.0"),
    ("ES.FUT", "wanted a continuous symbol like ES.v.0"),
    ("ESH4-ESM4", "is a spread"),
    ("", "is no contract"),
])  # fmt: skip
def test_what_is_no_single_contract_is_refused(symbol, said):
    day = day_of(date(2023, 12, 26))
    with pytest.raises(HistoryError, match=said):
        pieces(symbol, day.start_ns, day.end_ns)


def test_an_end_that_is_not_behind_the_start_and_too_long_a_time_are_refused():
    start = at("09:30", "2023-12-26")
    with pytest.raises(HistoryError, match="wanted the end behind the start"):
        pieces("ESH4", start, start)
    with pytest.raises(HistoryError, match=f"more than {DAYS_MAX} trading dates"):
        pieces("ESH4", start, start + 600 * 86_400 * 10**9)
