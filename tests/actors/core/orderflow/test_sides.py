"""Who was the aggressor: the table of domain 1.2, its edges, and batches cut anywhere."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.columns import Trades, concat
from actors.core.orderflow.sides import SideInference, SideRule
from protocol.market import Aggressor, SideSource
from protocol.units import NANOS_PER_S

UNKNOWN, BUY, SELL = Aggressor
NONE, FEED, QUOTE, TICKRULE = SideSource
NO_QUOTE = (0, 0)
RULE = SideRule(quote_max_age_ns=5 * NANOS_PER_S)


def trades_of(rows, quoted=True) -> Trades:
    """Rows of (price, feed side, (bid, ask)); the trades come a second apart."""
    prices, sides, quotes = zip(*rows, strict=True) if rows else ((), (), ())
    return Trades(
        ts_event=np.arange(len(rows), dtype=np.int64) * NANOS_PER_S,
        price=np.array(prices, np.int32),
        size=np.ones(len(rows), np.int32),
        aggressor=np.array(sides, np.uint8),
        source=np.where(np.array(sides, np.uint8) > 0, np.uint8(FEED), np.uint8(NONE)),
        flags=np.zeros(len(rows), np.uint8),
        bid=np.array([bid for bid, _ in quotes], np.int32) if quoted else None,
        ask=np.array([ask for _, ask in quotes], np.int32) if quoted else None,
    )


def sides(rows, quoted=True, quote_ts=None):
    inferred = SideInference(RULE).infer(trades_of(rows, quoted), quote_ts)
    return list(zip(inferred.aggressor.tolist(), inferred.source.tolist(), strict=True))


def test_t1_2_the_table_of_the_specification():
    rows = [
        (401, BUY, NO_QUOTE),
        (400, SELL, NO_QUOTE),
        (401, UNKNOWN, (400, 401)),
        (401, UNKNOWN, (400, 402)),  # At the middle: last different price is 400, below.
        (400, UNKNOWN, NO_QUOTE),
    ]
    assert sides(rows) == [
        (BUY, FEED), (SELL, FEED), (BUY, QUOTE), (BUY, TICKRULE), (SELL, TICKRULE)
    ]


@pytest.mark.parametrize(
    ("price", "quote", "side"),
    [
        (405, (400, 404), BUY),  # Through the ask.
        (404, (400, 404), BUY),
        (403, (400, 404), BUY),  # Above the middle.
        (401, (400, 404), SELL),
        (400, (400, 404), SELL),
        (399, (400, 404), SELL),
        (-3, (-4, 0), SELL),  # Crude oil has traded below zero.
        (-1, (-4, 0), BUY),
        (2**31 - 1, (2**31 - 4, 2**31 - 2), BUY),  # The sum of both does not fit 32 bits.
    ],
)
def test_the_quote_decides_by_the_side_of_its_middle(price, quote, side):
    assert sides([(price, UNKNOWN, quote)]) == [(side, QUOTE)]


@pytest.mark.parametrize("quote", [NO_QUOTE, (401, 401), (402, 400)])
def test_a_quote_that_is_not_bid_below_ask_decides_nothing(quote):
    assert sides([(500, UNKNOWN, quote)]) == [(UNKNOWN, NONE)]


@pytest.mark.parametrize(("age_ns", "source"), [(5 * NANOS_PER_S, QUOTE), (5_000_000_001, NONE)])
def test_a_quote_with_a_time_of_its_own_decides_until_it_is_too_old(age_ns, source):
    trades = trades_of([(401, UNKNOWN, (400, 401))])
    inferred = SideInference(RULE).infer(trades, trades.ts_event - age_ns)
    assert inferred.source[0] == source


def test_trades_before_the_first_change_of_price_have_no_side():
    rows = [(400, UNKNOWN, NO_QUOTE)] * 3 + [(401, UNKNOWN, NO_QUOTE)] * 2
    assert sides(rows, quoted=False) == [(UNKNOWN, NONE)] * 3 + [(BUY, TICKRULE)] * 2


def test_a_trade_whose_side_the_feed_gave_still_moves_the_tick_rule():
    rows = [(400, UNKNOWN, NO_QUOTE), (402, SELL, NO_QUOTE), (402, UNKNOWN, NO_QUOTE)]
    assert sides(rows) == [(UNKNOWN, NONE), (SELL, FEED), (BUY, TICKRULE)]


def test_sides_inferred_before_keep_their_source():
    once = SideInference(RULE).infer(trades_of([(400, 0, NO_QUOTE), (401, 0, NO_QUOTE)]))
    again = SideInference(RULE).infer(once)
    assert again.source.tolist() == [NONE, TICKRULE]


def test_an_empty_batch_changes_nothing():
    inference = SideInference(RULE)
    inference.infer(trades_of([(400, 0, NO_QUOTE), (401, 0, NO_QUOTE)]))
    assert len(inference.infer(trades_of([]))) == 0
    assert inference.infer(trades_of([(401, 0, NO_QUOTE)])).aggressor.tolist() == [BUY]


ROWS = st.lists(
    st.tuples(
        st.integers(-3, 3),
        st.sampled_from([UNKNOWN, UNKNOWN, UNKNOWN, BUY, SELL]),
        st.tuples(st.integers(-3, 3), st.integers(-3, 3)),
    ),
    max_size=30,
)


def slow(rows):
    """The four rules written down as the specification says them, one trade at a time."""
    found, last, last_different = [], None, None
    for price, side, (bid, ask) in rows:
        if last is not None and price != last:
            last_different = last
        if side != UNKNOWN:
            found.append((side, FEED))
        elif bid < ask and (price >= ask or price > (bid + ask) / 2):
            found.append((BUY, QUOTE))
        elif bid < ask and (price <= bid or price < (bid + ask) / 2):
            found.append((SELL, QUOTE))
        elif last_different is not None:
            found.append((BUY if price > last_different else SELL, TICKRULE))
        else:
            found.append((UNKNOWN, NONE))
        last = price
    return found


@given(ROWS)
def test_columns_and_the_rules_one_by_one_agree(rows):
    assert sides(rows) == slow(rows)


@given(ROWS, st.lists(st.integers(0, 30), max_size=5))
def test_where_a_batch_is_cut_makes_no_difference(rows, cuts):
    whole = trades_of(rows)
    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    inference = SideInference(RULE)
    parts = [
        inference.infer(whole.slice(start, stop))
        for start, stop in zip(edges, edges[1:], strict=False)
    ]
    joined = concat(parts)
    assert list(zip(joined.aggressor, joined.source, strict=True)) == slow(rows)
