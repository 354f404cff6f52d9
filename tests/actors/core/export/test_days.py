"""Rows of a day: the line at 17:00, rows once, in order, against a plain reference."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.columns import batch_of
from actors.core.export.days import (
    Differs,
    Run,
    columns_of,
    date_runs,
    held_rows,
    joined,
    prices,
    same,
)
from actors.core.session.calendar import trading_date
from protocol.instruments import INSTRUMENTS
from protocol.market import DepthBatch
from tests.makers import at, make_trades

LINE = at("17:00")
TUESDAY, WEDNESDAY = date(2025, 12, 2), date(2025, 12, 3)


def columns(rows, seq=1, quotes=None, contract="ESZ5"):
    return columns_of(batch_of(make_trades(rows, quotes), contract, False), seq)


def rows_at(*times):
    return [(ts, 20_000 + index, "B", 1) for index, ts in enumerate(times)]


def test_a_trade_at_17_00_sharp_belongs_to_the_next_file_and_one_before_does_not():
    times = np.array([LINE - 1, LINE, LINE + 1])
    assert date_runs(times) == [Run(TUESDAY, 0, 1), Run(WEDNESDAY, 1, 3)]


@pytest.mark.parametrize(
    ("clock", "day", "wanted"),
    [("17:00", "2025-12-05", date(2025, 12, 8)), ("18:05", "2025-12-07", date(2025, 12, 8)),
     ("16:59:59.999", "2025-12-05", date(2025, 12, 5))],
)  # fmt: skip
def test_the_weekend_belongs_to_monday(clock, day, wanted):
    assert [run.date for run in date_runs(np.array([at(clock, day)]))] == [wanted]


def test_no_rows_make_no_run():
    assert date_runs(np.empty(0, np.int64)) == []


@given(st.lists(st.integers(LINE - 3 * 86_400 * 10**9, LINE + 3 * 86_400 * 10**9), max_size=40))
@settings(deadline=None)
def test_runs_are_what_the_dates_one_by_one_say(times):
    runs = date_runs(np.array(times, np.int64))
    assert [run.start for run in runs] == [0, *(run.stop for run in runs[:-1])][: len(runs)]
    found = [run.date for run in runs for _ in range(run.start, run.stop)]
    assert found == [trading_date(ts) for ts in times]
    assert all(one.date != other.date for one, other in zip(runs, runs[1:], strict=False))


def test_quotes_are_kept_and_their_absence_too():
    with_quotes = columns(rows_at(1, 2), quotes=[(7, 8), (0, 0)])
    assert with_quotes["quoted"].tolist() == [True, True]
    assert with_quotes["bid"].tolist() == [7, 0]
    assert columns(rows_at(1, 2))["quoted"].tolist() == [False, False]


def test_a_row_that_came_late_stands_where_its_time_is():
    parts = [columns(rows_at(10, 30), 1), columns(rows_at(20), 2)]
    assert joined(parts)["seq"].tolist() == [1, 2, 1]


def test_rows_of_one_nanosecond_stay_in_the_order_of_the_recording():
    parts = [columns(rows_at(10, 10), 2), columns(rows_at(10), 1), columns(rows_at(5), 3)]
    found = joined(parts)
    assert list(zip(found["seq"].tolist(), found["row"].tolist(), strict=True)) == [
        (3, 0), (1, 0), (2, 0), (2, 1),
    ]  # fmt: skip


def test_the_same_row_with_two_contents_is_named():
    with pytest.raises(Differs, match="row 0 of frame 1 has size 1 and 9, wanted one row"):
        joined([columns([(1, 5, "B", 1)]), columns([(1, 5, "B", 9)])])


def test_two_contracts_stand_side_by_side():
    found = joined([columns(rows_at(1), 1), columns(rows_at(2), 2, contract="ESH26")])
    assert found["symbol"].tolist() == [b"ESZ5", b"ESH26"]


def test_nothing_to_join_and_unequal_columns_are_refused():
    with pytest.raises(ValueError, match="wanted at least one"):
        joined([])
    depth = DepthBatch(
        contract="ESZ5", simulated=False, ts_event=bytes(8), side=b"\1", price=bytes(4),
        size=bytes(4), orders=bytes(4),
    )  # fmt: skip
    with pytest.raises(ValueError, match="wanted"):
        joined([columns(rows_at(1)), columns_of(depth, 1)])


@given(
    st.lists(st.lists(st.integers(0, 20), min_size=1, max_size=5), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
@settings(deadline=None)
def test_any_parts_given_any_number_of_times_give_each_row_once(batches, dice):
    parts = [columns(rows_at(*times), seq) for seq, times in enumerate(batches, 1)]
    given_parts = parts + [part for part in parts if dice.random() < 0.5]
    dice.shuffle(given_parts)
    found = joined(given_parts)
    wanted = sorted(
        (ts, seq, row) for seq, times in enumerate(batches, 1) for row, ts in enumerate(times)
    )
    triples = zip(*(found[name].tolist() for name in ("ts_event", "seq", "row")), strict=True)
    assert list(triples) == wanted
    assert same(found, joined([found])) and same(found, joined([found, *parts]))


@given(st.lists(st.integers(1, 9), max_size=30), st.integers(0, 10), st.integers(0, 10))
def test_rows_held_are_counted_as_one_by_one(seqs, one, other):
    first, last = min(one, other), max(one, other)
    count = held_rows(np.array(seqs, np.int64), first, last)
    assert count == sum(first <= seq <= last for seq in seqs)


def test_a_plain_price_is_the_float_next_to_the_exact_one_for_every_instrument():
    for instrument in INSTRUMENTS.values():
        ticks = np.array([0, 1, -3, 6_579, 123_457], np.int32)
        wanted = [float(int(tick) * instrument.tick) for tick in ticks]
        assert prices(ticks, instrument.tick_billionths).tolist() == wanted

