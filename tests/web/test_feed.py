"""The feed as the page knows it: the book, what becomes of it when the feed is away, limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.market import DepthBatch, FeedLost, FeedRestored
from tests.web.books import (
    ASK,
    BID,
    NOON,
    Sides,
    depth,
    esh4,
    lost,
    restored,
    slow_best,
    slow_fold,
    twenty,
)
from web import feed as limits
from web.actor import WebShell
from web.feed import FeedState

ROWS = st.lists(
    st.tuples(st.integers(0, 2**62), st.sampled_from((BID, ASK)), st.integers(-8, 8),
              st.integers(-1, 5), st.integers(0, 3)),
    max_size=12,
)  # fmt: skip


def state(*messages: DepthBatch | FeedLost | FeedRestored) -> FeedState:
    made = FeedState()
    for message in messages:
        made.fold(message)
    return made


def best(feed: FeedState) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]:
    assert feed.book is not None
    return feed.book.bids.best(10), feed.book.asks.best(10)


def test_the_recorded_esh4_book_is_that_of_a_slow_fold_all_day_long() -> None:
    feed, sides = FeedState(), Sides({BID: {}, ASK: {}})
    for changes in esh4():
        rows = list(zip(changes.ts_event.tolist(), changes.side.tolist(), changes.price.tolist(),
                        changes.size.tolist(), changes.orders.tolist(), strict=True))  # fmt: skip
        for start in range(0, len(rows), 2_000):
            part = rows[start : start + 2_000]
            feed.fold(depth(*part, contract="ESH4"))
            slow_fold(sides, (row[1:] for row in part))
            assert best(feed) == slow_best(sides)
    assert best(feed)[0][0][:2] == (19_240, 22)  # 4810.00
    assert best(feed)[1][0][:2] == (19_241, 28)  # 4810.25


@given(st.lists(ROWS, max_size=20))
def test_any_changes_make_the_book_of_a_slow_fold(batches: list[list[tuple[int, ...]]]) -> None:
    feed, sides = FeedState(), Sides({BID: {}, ASK: {}})
    for rows in batches:
        feed.fold(depth(*rows))  # type: ignore[arg-type]
        feed.fold(depth(*rows))  # type: ignore[arg-type]  # A repeat changes nothing.
        slow_fold(sides, (row[1:] for row in rows))  # type: ignore[misc]
    if any(batches):
        assert best(feed) == slow_best(sides)
        assert feed.ts_ns == max((row[0] for rows in batches for row in rows), default=0)
    else:
        assert feed.book is None


@pytest.mark.parametrize("more", [-1, 0, 1, 700])
def test_beyond_the_limit_the_levels_furthest_from_the_touch_go(more: int) -> None:
    count = limits.LEVELS_MAX + more
    feed = state(depth(*((NOON, BID, -n, 1, 1) for n in range(count)),
                       *((NOON, ASK, 1 + n, 1, 1) for n in range(count))))  # fmt: skip
    assert feed.book is not None
    kept = min(count, limits.LEVELS_MAX)
    for side in (feed.book.bids, feed.book.asks):
        assert len(side.keys) == len(side.held) == kept
    assert best(feed) == ([(-n, 1, 1) for n in range(10)], [(1 + n, 1, 1) for n in range(10)])


def test_another_contract_or_a_simulated_one_begins_a_new_book() -> None:
    feed = state(twenty(), depth((NOON - 5, BID, 9, 1, 1), contract="ESH6"))
    assert (best(feed), feed.contract, feed.ts_ns) == (([(9, 1, 1)], []), "ESH6", NOON - 5)
    feed.fold(depth((NOON, ASK, 11, 1, 1), contract="ESH6", simulated=True))
    assert (best(feed), feed.simulated) == (([], [(11, 1, 1)]), True)


def test_a_lost_feed_has_no_book_until_it_is_told_anew_and_a_stale_one_until_it_is_back() -> None:
    feed = state(twenty())
    assert (feed.stale, dict(feed.lost)) == ("", {})
    feed.fold(lost("no word"))
    assert (feed.stale, dict(feed.lost)) == ("no word", {"ESZ5": "no word"})
    assert (best(feed), feed.contract) == (([], []), "ESZ5")
    feed.fold(depth((NOON, BID, 7, 1, 1)))  # Sent again while the feed catches up.
    assert (feed.stale, best(feed)) == ("no word", ([(7, 1, 1)], []))
    feed.fold(restored())
    assert (feed.stale, dict(feed.lost)) == ("no word", {})
    feed.fold(depth())
    assert feed.stale == "no word"
    feed.fold(depth((NOON, ASK, 8, 1, 1)))
    assert (feed.stale, best(feed)) == ("", ([(7, 1, 1)], [(8, 1, 1)]))


def test_the_loss_of_another_contract_or_beside_a_made_up_one_leaves_the_book() -> None:
    for other, fields in (("ESH6", {}), ("ESZ5", {"simulated": True})):
        told = depth((NOON, BID, 7, 1, 1), **fields)
        assert best(state(told, lost(contract=other))) == ([(7, 1, 1)], [])


def test_a_loss_before_any_book_makes_none() -> None:
    assert state(lost()).book is None


def test_of_two_losses_of_a_contract_the_last_reason_stands_and_each_ends_for_itself() -> None:
    feed = state(lost("away"), lost("refused"), lost("another contract", "ESH6"))
    assert dict(feed.lost) == {"ESZ5": "refused", "ESH6": "another contract"}
    feed.fold(restored("ESZ5"))
    feed.fold(restored("ESZ5"))
    assert dict(feed.lost) == {"ESH6": "another contract"}


def test_however_many_contracts_are_lost_a_few_are_kept() -> None:
    feed = state(*(lost(contract=str(n)) for n in range(3 * limits.LOST_MAX)))
    assert list(feed.lost) == [str(n) for n in range(2 * limits.LOST_MAX, 3 * limits.LOST_MAX)]


def test_that_the_feed_is_lost_is_believed_of_the_feed_alone() -> None:
    # The broker hands it on, so that its word may come after the feed is back.
    read = {source for kind, source in WebShell.handlers if kind in (FeedLost, FeedRestored)}
    assert read == {"feed"}
