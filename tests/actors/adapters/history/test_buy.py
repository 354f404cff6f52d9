"""Buying: nothing twice, nothing above the limit, and what came is what was announced."""

import dataclasses

import pytest

from actors.adapters.feeds.port import FeedError
from actors.adapters.history.buy import TooDear, buy, dollars, order_of
from actors.adapters.history.cache import Cache
from actors.adapters.history.port import HistoryError, Piece
from actors.adapters.history.spent import spent_cents
from tests.actors.adapters.history.fakes import MemoryHistory

S = 10**9
FIRST = Piece(dataset="D", schema="trades", contract="ESH4", start_ns=100 * S, end_ns=110 * S)
SECOND = dataclasses.replace(FIRST, start_ns=110 * S, end_ns=130 * S)


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "history")


def bought(history, cache, pieces, limit=100):
    return buy(history, cache, order_of(history, cache, pieces), limit, 7)


def test_no_pieces_cost_nothing_and_give_no_files(cache):
    history = MemoryHistory()
    assert bought(history, cache, [], limit=0).files == []
    assert (history.estimated, history.fetched) == ([], [])


@pytest.mark.parametrize(("limit", "fits"), [(29, False), (30, True), (31, True)])
def test_all_pieces_together_are_held_against_the_limit_before_the_first(limit, fits, cache):
    history = MemoryHistory()
    order = order_of(history, cache, [FIRST, SECOND])
    assert order.cost_cents == 30
    if fits:
        assert len(buy(history, cache, order, limit, 7).files) == 2
        return
    with pytest.raises(TooDear, match=r"\$0.30, more than the limit of \$0.29; raise history."):
        buy(history, cache, order, limit, 7)
    assert (history.fetched, spent_cents(cache.directory)) == ([], 0)


def test_files_stand_in_the_order_of_time_whichever_was_there_before(cache):
    history = MemoryHistory()
    bought(history, cache, [SECOND])
    files = bought(history, cache, [FIRST, SECOND]).files
    assert files == [cache.path(FIRST), cache.path(SECOND)]
    assert history.fetched == [SECOND, FIRST]


def test_a_piece_without_records_is_not_bought(cache):
    history = MemoryHistory()
    history.empty = {FIRST.start_ns}
    assert bought(history, cache, [FIRST, SECOND]).files == [cache.path(SECOND)]
    assert history.fetched == [SECOND]


@pytest.mark.parametrize("fault", ["refused", "half"])
def test_what_failed_is_not_kept_what_came_before_is_and_the_next_try_buys_the_rest(fault, cache):
    history = MemoryHistory()
    history.broken = {2: fault}
    with pytest.raises(FeedError):
        bought(history, cache, [FIRST, SECOND])
    assert [path.exists() for path in map(cache.path, (FIRST, SECOND))] == [True, False]
    assert not cache.draft(SECOND).exists()
    # What was paid for and did not come is spent all the same.
    assert spent_cents(cache.directory) == 30
    bought(history, cache, [FIRST, SECOND])
    assert history.fetched == [FIRST, SECOND, SECOND]


def test_what_the_vendor_says_is_handed_on_and_a_wrong_count_is_noticed(cache):
    history = MemoryHistory()
    history.broken = {1: "more"}
    order = order_of(history, cache, [FIRST])
    (offer,) = order.offers
    announced = dataclasses.replace(offer.estimate, records=12)
    changed = dataclasses.replace(order, offers=(dataclasses.replace(offer, estimate=announced),))
    found = buy(history, cache, changed, 100, 7).warnings
    assert found[0] == "more came"
    assert found[1].endswith("10 records came, 12 had been announced")


def test_each_piece_is_told_before_and_after_and_asked_for_aloud(cache):
    history, told, asked = MemoryHistory(), [], []
    order = order_of(history, cache, [FIRST, SECOND], asked.append)
    buy(history, cache, order, 100, 7, lambda offer, whole: told.append((offer.piece, whole)))
    assert asked == [FIRST, SECOND]
    assert told == [(FIRST, False), (FIRST, True), (SECOND, False), (SECOND, True)]


@pytest.mark.parametrize(("cents", "text"), [
    (0, "$0.00"), (5, "$0.05"), (100, "$1.00"), (123_456, "$1,234.56"),
])  # fmt: skip
def test_amounts_are_written_in_dollars(cents, text):
    assert dollars(cents) == text


def test_an_error_of_the_vendor_is_one_of_the_feed():
    assert issubclass(HistoryError, FeedError)
