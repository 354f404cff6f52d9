"""The metrics M1 to M5 of domain 3, against plain sums over the rows of each window."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.flow.metrics import (
    SIZE_MAX,
    WINDOW_NS_MAX,
    aggressive_ratio,
    book_ratio,
    cumulative_delta,
    imbalance_ratio,
    intensity,
    rounded,
    session_starts,
    window_volume,
)
from protocol.units import NANOS_PER_S
from tests.makers import at

SECOND = NANOS_PER_S
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE


def column(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def nearest(exact: Fraction) -> int:
    """Halves away from zero."""
    size = int(abs(exact) + Fraction(1, 2))
    return size if exact >= 0 else -size


def slow_imbalance(rows, instant: int, window: int) -> int:
    """M1 state by state: rows of (ts, bid, ask)."""
    area = 0
    ends = [row[0] for row in rows[1:]] + [instant]
    for (ts, bid, ask), end in zip(rows, ends, strict=False):
        begin, until = max(ts, instant - window), min(end, instant)
        ratio = nearest(Fraction((bid - ask) * 1_000_000, bid + ask)) if bid + ask else 0
        area += ratio * max(until - begin, 0)
    return nearest(Fraction(area, window))


def test_without_a_book_the_imbalance_is_zero():
    none = column()
    assert imbalance_ratio(none, none, none, column(5, 6), MINUTE).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("bid", "ask", "wanted"),
    [(0, 0, 0), (5, 0, 1_000_000), (0, 5, -1_000_000), (80, 20, 600_000), (2, 1, 333_333),
     (1, 2, -333_333), (1, 1, 0)],
)  # fmt: skip
def test_resting_bids_pull_up_and_offers_down(bid, ask, wanted):
    assert book_ratio(column(bid), column(ask)).tolist() == [wanted]


def test_a_state_of_the_book_weighs_by_how_long_it_stood():
    # 45 s of +1 and 15 s of -1 in the minute: half of it remains.
    ts = column(0, 45 * SECOND)
    found = imbalance_ratio(ts, column(7, 0), column(0, 9), column(MINUTE), MINUTE)
    assert found.tolist() == [500_000]


def test_a_thousand_changes_in_an_instant_weigh_nothing():
    ts = np.concatenate((column(0), np.full(1_000, 30 * SECOND), column(30 * SECOND)))
    bids = np.concatenate((column(1), np.zeros(1_000, np.int64), column(1)))
    asks = np.concatenate((column(0), np.ones(1_000, np.int64), column(0)))
    assert imbalance_ratio(ts, bids, asks, column(MINUTE), MINUTE).tolist() == [1_000_000]


def test_what_happens_at_the_instant_itself_is_not_known_yet():
    ts, one, none = column(0, MINUTE), column(1, 0), column(0, 1)
    assert imbalance_ratio(ts, one, none, column(MINUTE), MINUTE).tolist() == [1_000_000]
    assert window_volume(ts, column(3, 4), column(MINUTE), MINUTE).tolist() == [3]
    assert intensity(ts, column(MINUTE), MINUTE).tolist() == [1.0]
    since = column(0)
    assert cumulative_delta(ts, column(3, 4), column(0, 0), column(MINUTE), since).tolist() == [3]


def test_what_happened_just_as_the_window_began_still_counts():
    ts = column(0, 1)
    assert window_volume(ts, column(3, 4), column(MINUTE, MINUTE + 1), MINUTE).tolist() == [7, 4]
    assert intensity(ts, column(MINUTE, MINUTE + 1, MINUTE + 2), MINUTE).tolist() == [2, 1, 0]


def test_time_before_the_first_book_counts_as_balance():
    found = imbalance_ratio(column(30 * SECOND), column(9), column(0), column(MINUTE), MINUTE)
    assert found.tolist() == [500_000]


def test_the_imbalance_is_right_after_weeks_and_over_the_longest_window():
    ts = column(0, 30 * DAY)
    instant = column(30 * DAY, 30 * DAY + WINDOW_NS_MAX)
    found = imbalance_ratio(ts, column(1, 0), column(0, 1), instant, WINDOW_NS_MAX)
    assert found.tolist() == [1_000_000, -1_000_000]


BOOKS = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 9), st.integers(0, 9)), max_size=30
).map(lambda rows: sorted(rows, key=lambda row: row[0]))


@given(BOOKS, st.lists(st.integers(1, 260), min_size=1, max_size=8), st.integers(1, 90))
def test_many_instants_at_once_equal_each_on_its_own(rows, instants, window):
    columns = [np.array([row[part] for row in rows], np.int64) for part in range(3)]
    found = imbalance_ratio(*columns, np.array(instants), window)
    assert found.tolist() == [slow_imbalance(rows, instant, window) for instant in instants]


TRADES = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 50), st.integers(0, 50)), max_size=40
).map(lambda rows: sorted(rows, key=lambda row: row[0]))


@given(TRADES, st.lists(st.integers(0, 260), min_size=1, max_size=8), st.integers(1, 90))
def test_volumes_delta_and_intensity_equal_plain_sums(rows, instants, window):
    ts, buys, sells = (np.array([row[part] for row in rows], np.int64) for part in range(3))
    instant, since = np.array(instants), np.array(instants) // 100 * 100
    seen = [[row for row in rows if end - window <= row[0] < end] for end in instants]
    bought = window_volume(ts, buys, instant, window)
    sold = window_volume(ts, sells, instant, window)
    assert bought.tolist() == [sum(row[1] for row in part) for part in seen]
    counts = [float(len(part) * Fraction(MINUTE, window)) for part in seen]
    assert intensity(ts, instant, window).tolist() == pytest.approx(counts)
    session = [[row for row in rows if end // 100 * 100 <= row[0] < end] for end in instants]
    deltas = [sum(row[1] - row[2] for row in part) for part in session]
    assert cumulative_delta(ts, buys, sells, instant, since).tolist() == deltas
    ratios = [
        nearest(Fraction((b - s) * 1_000_000, max(b + s, 1)))
        for b, s in zip(bought.tolist(), sold.tolist(), strict=True)
    ]
    assert aggressive_ratio(bought, sold).tolist() == ratios


def test_intensity_counts_on_where_a_buffer_of_a_hundred_would_be_full():
    ts = np.arange(500) * (MINUTE // 500)
    assert intensity(ts, column(MINUTE), MINUTE).tolist() == [500.0]
    # Fifty trades in the last half minute are a hundred a minute of a window that short.
    assert intensity(ts[:50], column(30 * SECOND), 30 * SECOND).tolist() == [100.0]


def test_intensity_is_exact_where_it_is_a_whole_number():
    for seconds, count in ((36, 30), (45, 37 + 38), (49, 49), (7, 7 * 5)):
        ts = np.zeros(count, np.int64)
        found = intensity(ts, column(1), seconds * SECOND).tolist()
        assert found == [float(Fraction(count * 60, seconds))]


def test_the_delta_starts_anew_at_the_open_of_the_regular_session():
    open_ns = at("09:30")
    instants = column(open_ns - 1, open_ns, open_ns + 1, at("09:30", "2025-12-03"))
    yesterday = at("09:30", "2025-12-01")
    since = session_starts(instants)
    # At 09:30 exactly all that can be known happened before the open.
    assert since.tolist() == [yesterday, yesterday, open_ns, open_ns]
    ts = column(open_ns - 5, open_ns)
    found = cumulative_delta(ts, column(10, 0), column(0, 3), instants, since)
    assert found.tolist() == [10, 10, -3, -3]


def test_the_delta_of_a_monday_reaches_back_to_friday():
    friday, monday = at("09:30", "2025-12-05"), at("09:29", "2025-12-08")
    assert session_starts(column(monday)).tolist() == [friday]


@pytest.mark.parametrize(
    "sizes",
    [[float("nan")], [float("inf")], [2.0], [-1], [SIZE_MAX + 1], [True], ["5"], [[1]]],
    ids=repr,
)
def test_sizes_that_are_no_numbers_of_contracts_are_refused(sizes):
    bad, good = np.array(sizes), column(1)
    for call in (
        lambda: book_ratio(bad, good),
        lambda: book_ratio(good, bad),
        lambda: window_volume(good, bad, good, MINUTE),
        lambda: cumulative_delta(good, bad, good, good, good),
        lambda: cumulative_delta(good, good, bad, good, good),
        lambda: aggressive_ratio(bad, good),
    ):
        with pytest.raises(ValueError, match="wanted"):
            call()


def test_the_largest_size_is_still_exact():
    large = column(SIZE_MAX)
    assert book_ratio(large, column(0)).tolist() == [1_000_000]
    assert book_ratio(large, large).tolist() == [0]


def test_times_that_fall_or_are_no_whole_numbers_are_refused():
    one, two = column(1), column(1, 1)
    with pytest.raises(ValueError, match="book times fall at row 1"):
        imbalance_ratio(column(2, 1), two, two, one, MINUTE)
    with pytest.raises(ValueError, match="trade times fall at row 1"):
        intensity(column(2, 1), one, MINUTE)
    with pytest.raises(ValueError, match="wanted whole numbers"):
        intensity(np.array([1.0]), one, MINUTE)
    with pytest.raises(ValueError, match=r"less than 2\^63"):
        intensity(np.array([2**63], np.uint64), one, MINUTE)


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="2 and 1 rows"):
        window_volume(column(1, 2), column(1), column(5), MINUTE)
    with pytest.raises(ValueError, match="2 and 1 rows"):
        imbalance_ratio(column(1, 2), column(1), column(5), column(5), MINUTE)


@pytest.mark.parametrize("window", [0, -1, WINDOW_NS_MAX + 1])
def test_windows_without_length_or_over_an_hour_are_refused(window):
    with pytest.raises(ValueError, match="a window of"):
        intensity(column(1), column(5), window)


def test_halves_round_away_from_zero():
    found = rounded(column(1, -1, 3, -3, 1, -1), column(2, 2, 2, 2, 3, 3))
    assert found.tolist() == [1, -1, 2, -2, 0, 0]
