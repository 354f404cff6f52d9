"""The tape: the last trades, whatever the size of the batches."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from protocol.market import TradeBatch
from web.replica import Replica
from web.standing import tape_rows
from web.tape import TAPE_MAX, Tape, Trade

TRADES = st.lists(
    st.tuples(st.integers(0, 2**62), st.integers(-2**31, 2**31 - 1),
              st.integers(1, 2**31 - 1), st.integers(0, 2)),
    max_size=20,
)  # fmt: skip


def batch(rows: list[tuple[int, int, int, int]], contract: str = "ESZ5") -> TradeBatch:
    """Return the columns of rows of instant, price, size and aggressor."""
    columns = [np.array([row[n] for row in rows], kind).tobytes()
               for n, kind in enumerate((np.int64, np.int32, np.int32, np.uint8))]  # fmt: skip
    blank = bytes(len(rows))
    return TradeBatch(
        contract=contract, simulated=False, ts_event=columns[0], price=columns[1],
        size=columns[2], aggressor=columns[3], source=blank, flags=blank, bid=b"", ask=b"",
    )  # fmt: skip


@given(st.lists(TRADES, max_size=60))
def test_of_any_batches_the_last_trades_are_kept_in_order(batches: list[list[Trade]]) -> None:
    tape = Tape()
    wanted: list[Trade] = []
    for rows in batches:
        tape.fold(batch(rows))  # type: ignore[arg-type]
        wanted += [(ts, "ESZ5", price, size, side) for ts, price, size, side in rows]  # type: ignore
    assert tape.trades == wanted[-TAPE_MAX:]


def test_a_batch_longer_than_the_tape_leaves_its_end() -> None:
    tape = Tape()
    tape.fold(batch([(n, n, 1, 1) for n in range(3 * TAPE_MAX)]))
    assert [trade[0] for trade in tape.trades] == list(range(2 * TAPE_MAX, 3 * TAPE_MAX))


def test_rows_are_the_newest_first_with_price_ticks_and_side() -> None:
    replica = Replica()
    replica.fold(batch([(1_000_000, 20_000, 3, 2), (2_999_999, 20_001, 1, 1), (3, 1, 1, 0)]))
    rows = tape_rows(replica, 2)
    assert [row["side"] for row in rows] == ["unknown", "buy"]
    assert rows[1] == {"at_ms": 2, "contract": "ESZ5", "price": 5000.25, "ticks": 20_001,
                       "size": 1, "side": "buy"}  # fmt: skip
