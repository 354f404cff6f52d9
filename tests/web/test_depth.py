"""The ladder that is shown: ten levels a side, and in a word what is wrong with the book."""

import pytest

from actors.core.book.changes import Row
from protocol.message import Message
from tests.makers import make_bar
from tests.web.books import ASK, BID, NOON, depth, lost, twenty
from tests.web.test_tape import batch
from web.depth import depth_now
from web.replica import Replica
from web.view import sections


def folded(*messages: Message) -> Replica:
    made = Replica()
    for message in messages:
        made.fold(message)
    return made


def test_without_depth_there_is_no_ladder() -> None:
    assert depth_now(folded(make_bar(), lost())) is None


def test_ten_levels_of_each_side_stand_best_first_with_price_orders_and_volume() -> None:
    bar = make_bar(low=20_029, sells=(1, 10), buys=(2, 20), unknowns=(4, 40))
    told = depth_now(folded(bar, twenty(), batch([(1, 20_031, 1, 1)])))
    assert told is not None
    assert [row["ticks"] for row in told["bids"]] == list(range(20_030, 20_020, -1))
    assert [row["ticks"] for row in told["asks"]] == list(range(20_031, 20_041))
    assert told["bids"][:3] == [
        {"price": 5007.5, "ticks": 20_030, "size": 10, "orders": None, "traded": 70},
        {"price": 5007.25, "ticks": 20_029, "size": 11, "orders": 3, "traded": 7},
        {"price": 5007.0, "ticks": 20_028, "size": 12, "orders": None, "traded": 0},
    ]
    assert (told["last"], told["last_ticks"], told["spread_ticks"]) == (5007.75, 20_031, 1)
    assert (told["state"], told["stale"], told["at_ms"]) == ("sound", None, NOON // 10**6)


def test_bar_and_last_trade_of_another_contract_say_nothing_here() -> None:
    told = depth_now(folded(make_bar(), batch([(1, 20_031, 1, 1)]), twenty(contract="ESH6")))
    assert told is not None
    assert (told["last"], {row["traded"] for row in told["bids"]}) == (None, {None})


@pytest.mark.parametrize(
    ("rows", "state", "spread"),
    [
        (((NOON, BID, 5, 1, 1),), "no ask", None),
        (((NOON, ASK, 5, 1, 1),), "no bid", None),
        (((NOON, BID, 4, 1, 1), (NOON, ASK, 5, 1, 1)), "sound", 1),
        (((NOON, BID, 5, 1, 1), (NOON, ASK, 5, 1, 1)), "crossed", 0),
        (((NOON, BID, 6, 1, 1), (NOON, ASK, 5, 1, 1)), "crossed", -1),
        (((NOON, BID, 6, 1, 1), (NOON, BID, 6, 0, 0)), "empty", None),
    ],
)
def test_what_is_wrong_with_a_book_is_said_in_a_word(
    rows: tuple[Row, ...], state: str, spread: int | None
) -> None:
    told = depth_now(folded(depth(*rows)))
    assert told is not None
    assert (told["state"], told["spread_ticks"]) == (state, spread)


def test_a_batch_without_a_change_tells_no_book() -> None:
    assert depth_now(folded(depth())) is None
    told = depth_now(folded(twenty(), depth(contract="")))
    assert told is not None
    assert told["contract"] == "ESZ5"


def test_why_a_book_is_stale_and_the_feed_away_is_told() -> None:
    replica = folded(twenty(), lost("no word for 10 s"))
    told = depth_now(replica)
    assert told is not None
    assert told["stale"] == "no word for 10 s"
    assert sections(replica)["head"]["feed_lost"] == [
        {"contract": "ESZ5", "reason": "no word for 10 s"}
    ]


def test_the_last_trade_is_that_of_the_last_batch_that_holds_one() -> None:
    tape = folded(batch([(1, 7, 1, 1), (2, 8, 1, 1)]), batch([]), batch([(3, 9, 1, 1)], "X")).tape
    assert (tape.last("ESZ5"), tape.last("X"), tape.last("Y")) == (8, 9, None)
