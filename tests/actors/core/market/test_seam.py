"""What is sent again is dropped as often as it is known, and no more often."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.core.columns import Trades
from actors.core.market.seam import Seam
from protocol.market import Aggressor, SideSource

Row = tuple[int, int, int, int]
ROWS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.integers(1, 2),
                          st.sampled_from((0, 1, 2))), max_size=20)  # fmt: skip


def trades(rows: list[Row]) -> Trades:
    """Trades whose side came from the feed, or where it gave none from the tick rule."""
    side = np.array([row[3] for row in rows], np.uint8)
    return Trades(
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.int32),
        np.array([row[2] for row in rows], np.int32),
        np.where(side, side, np.uint8(Aggressor.BUY)),
        np.where(side, np.uint8(SideSource.FEED), np.uint8(SideSource.TICKRULE)),
        np.zeros(len(rows), np.uint8),
    )


def fresh(seam: Seam, rows: list[Row]) -> list[bool]:
    columns = np.array(rows, np.int64).reshape(-1, 4)
    found = seam.fresh(columns[:, 0], columns[:, 1], columns[:, 2], columns[:, 3].astype(np.uint8))
    return found.tolist()


def seam_of(from_ns: int, rows: list[Row]) -> Seam:
    seam = Seam(from_ns)
    seam.know(trades(rows))
    return seam


def test_of_two_prints_that_look_the_same_one_that_is_known_leaves_the_other_new():
    twin = (5, 1, 1, 1)
    assert fresh(seam_of(5, [twin]), [twin, twin]) == [False, True]
    assert fresh(seam_of(5, [twin, twin]), [twin, twin, twin]) == [False, False, True]


def test_a_trade_at_the_seam_is_looked_up_and_one_before_it_counts_as_known():
    seam = seam_of(5, [(4, 1, 1, 1), (5, 1, 1, 1)])
    assert fresh(seam, [(4, 9, 9, 1), (5, 1, 1, 1), (5, 1, 1, 1), (6, 1, 1, 1)]) == [
        False, False, True, True,
    ]  # fmt: skip
    assert (seam.repeated, seam.came_ns) == (2, 4)


def test_a_side_that_was_inferred_was_none_in_the_record():
    assert fresh(seam_of(0, [(1, 1, 1, 0)]), [(1, 1, 1, 1), (1, 1, 1, 0)]) == [True, False]


def test_a_closed_seam_takes_everything_for_new():
    seam = seam_of(5, [(5, 1, 1, 1)])
    seam.close()
    assert fresh(seam, [(4, 1, 1, 1), (5, 1, 1, 1)]) == [True, True]


def test_a_seam_that_knows_nothing_takes_everything_from_its_start_on():
    assert fresh(Seam(), [(0, 1, 1, 1), (0, 1, 1, 1)]) == [True, True]
    assert fresh(Seam(1), [(0, 1, 1, 1), (1, 1, 1, 1)]) == [False, True]
    assert fresh(Seam(), []) == []


@given(ROWS, ROWS, st.integers(0, 6))
def test_known_and_fresh_together_are_the_larger_count_of_each_print(known, again, from_ns):
    seam = seam_of(from_ns, known)
    new = [row for row, is_new in zip(again, fresh(seam, again), strict=True) if is_new]
    have = Counter(row for row in known if row[0] >= from_ns)
    come = Counter(row for row in again if row[0] >= from_ns)
    assert Counter(new) == come - have
    assert seam.missing == (have - come).total()


@given(ROWS, st.data())
def test_however_the_replay_is_cut_into_pieces_the_same_trades_are_new(rows, data):
    known = rows[: data.draw(st.integers(0, len(rows)))]
    place = data.draw(st.integers(0, len(rows)))
    whole, parts = seam_of(0, known), seam_of(0, known)
    assert fresh(whole, rows) == fresh(parts, rows[:place]) + fresh(parts, rows[place:])
