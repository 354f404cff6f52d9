"""New trades of a session as rows for the gate."""

import numpy as np

from actors.adapters.feeds.live_rows import rows_of
from actors.adapters.feeds.port import REASON_CODES, Reason
from actors.core.market.intake import Fresh
from actors.core.market.records import UNDEF_PRICE, Prints
from protocol.market import Aggressor, SideSource

QUARTER = 250_000_000


def fresh(price: list[int], bid: list[int] | None = None, ask: list[int] | None = None) -> Fresh:
    prices = np.array(price, np.int64)
    count = len(price)
    prints = Prints(
        np.ones(count, np.uint32), np.arange(count, dtype=np.uint64), prices,
        np.full(count, 3, np.uint32), np.arange(count, dtype=np.uint8) % 3,
        np.zeros(count, np.uint8),
        None if bid is None else np.array(bid, np.int64),
        None if ask is None else np.array(ask, np.int64),
    )  # fmt: skip
    return Fresh("ESH4", prints, np.arange(count), prices // QUARTER, prices % QUARTER != 0,
                 prices == UNDEF_PRICE)  # fmt: skip


def test_a_side_of_the_feed_has_the_feed_as_its_source_and_none_has_none():
    rows = rows_of(fresh([QUARTER] * 3), QUARTER)
    assert rows.aggressor.tolist() == [Aggressor.UNKNOWN, Aggressor.BUY, Aggressor.SELL]
    assert rows.source.tolist() == [SideSource.NONE, SideSource.FEED, SideSource.FEED]
    assert (rows.bid, rows.ask) == (None, None)


def test_what_is_off_the_grid_or_undefined_is_refused_with_its_reason():
    rows = rows_of(fresh([QUARTER, QUARTER + 1, UNDEF_PRICE]), QUARTER)
    wanted = [0, REASON_CODES[Reason.OFF_GRID], REASON_CODES[Reason.NOT_A_NUMBER]]
    assert rows.refused.tolist() == wanted
    assert rows.where(1) == (1, "price=250000001 size=3 side=1")


def test_a_quote_with_a_side_missing_or_off_the_grid_is_no_quote():
    bids = [QUARTER, UNDEF_PRICE, QUARTER + 1]
    rows = rows_of(fresh([QUARTER] * 3, bids, [2 * QUARTER] * 3), QUARTER)
    assert rows.bid.tolist() == [1, 0, 0]
    assert rows.ask.tolist() == [2, 0, 0]
