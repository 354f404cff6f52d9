"""What was bought: names, drafts, what is held of a piece, and what it has cost."""

import dataclasses

import pytest

from actors.adapters.feeds.port import FeedError
from actors.adapters.history.cache import Cache
from actors.adapters.history.port import HistoryError, Piece
from actors.adapters.history.spent import spent_cents
from tests.actors.adapters.feeds.dbn_files import dbn_bytes, made_trades, packed
from tests.makers import at

S = 10**9
DAY = Piece(
    dataset="GLBX.MDP3", schema="trades", contract="ESH4",
    start_ns=at("17:00", "2023-12-25"), end_ns=at("17:00", "2023-12-26"),
)  # fmt: skip


def part(start, end):
    return dataclasses.replace(
        DAY, start_ns=at(start, "2023-12-26"), end_ns=at(end, "2023-12-26")
    )


def held(cache, *pieces):
    for piece in pieces:
        cache.begin(piece).write_bytes(packed(dbn_bytes(made_trades(3))))
        assert cache.keep(piece) == 3
    return cache


@pytest.mark.parametrize(("piece", "name"), [
    (DAY, "2023-12-26"),
    (dataclasses.replace(DAY, start_ns=DAY.start_ns + 1),
     "20231225T220000.000000001Z_20231226T220000Z"),
    (part("09:30", "16:00"), "20231226T143000Z_20231226T210000Z"),
])  # fmt: skip
def test_a_whole_date_is_called_by_it_and_a_part_by_its_instants(piece, name, tmp_path):
    path = Cache(tmp_path).path(piece)
    assert str(path.relative_to(tmp_path)) == f"GLBX.MDP3/trades/ESH4/{name}.dbn.zst"


def test_a_piece_is_there_once_it_is_whole_and_its_draft_is_gone(tmp_path):
    cache = Cache(tmp_path)
    draft = cache.begin(DAY)
    draft.write_bytes(packed(dbn_bytes(made_trades(3))))
    assert cache.split(DAY) == ([], DAY)
    assert cache.keep(DAY) == 3
    assert cache.split(DAY) == ([DAY], None)
    assert [path.name for path in draft.parent.iterdir()] == ["2023-12-26.dbn.zst"]


@pytest.mark.parametrize("content", [
    b"", b"DBN", packed(dbn_bytes(made_trades(3)))[:-4], packed(dbn_bytes(made_trades(3))[:-1]),
])  # fmt: skip
def test_a_draft_that_is_not_whole_gets_no_name_and_goes(content, tmp_path):
    cache = Cache(tmp_path)
    draft = cache.begin(DAY)
    draft.write_bytes(content)
    with pytest.raises(FeedError):
        cache.keep(DAY)
    assert list(draft.parent.iterdir()) == []


def test_a_draft_that_a_crash_left_gives_way_to_the_next(tmp_path):
    cache = Cache(tmp_path)
    cache.begin(DAY).write_bytes(b"half")
    assert not cache.begin(DAY).exists()


def test_a_day_bought_up_to_noon_is_gone_on_with_from_there(tmp_path):
    cache = Cache(tmp_path)
    morning, rest = part("09:30", "12:00"), part("12:00", "16:00")
    held(cache, morning)
    assert cache.split(part("09:30", "16:00")) == ([morning], rest)
    held(cache, rest)
    assert cache.split(part("09:30", "16:00")) == ([morning, rest], None)


def test_of_two_parts_with_one_beginning_the_longer_counts_and_none_reaches_beyond(tmp_path):
    cache = held(Cache(tmp_path), part("09:30", "10:00"), part("09:30", "12:00"))
    assert cache.split(part("09:30", "12:00")) == ([part("09:30", "12:00")], None)
    short = ([part("09:30", "10:00")], part("10:00", "11:00"))
    assert cache.split(part("09:30", "11:00")) == short


def test_a_part_behind_a_hole_does_not_count(tmp_path):
    cache = held(Cache(tmp_path), part("10:00", "12:00"))
    assert cache.split(part("09:30", "12:00")) == ([], part("09:30", "12:00"))


def test_other_files_and_other_contracts_are_none_of_a_piece(tmp_path):
    cache = held(Cache(tmp_path), dataclasses.replace(DAY, contract="ESM4"))
    folder = cache.begin(DAY).parent
    for name in ("notes.txt", "old.dbn.zst", "2023-13-45.dbn.zst", "a_b.dbn.zst"):
        (folder / name).write_bytes(b"")
    assert cache.split(DAY) == ([], DAY)


def test_instants_with_nanoseconds_are_found_again(tmp_path):
    odd = dataclasses.replace(DAY, start_ns=DAY.start_ns + 7, end_ns=DAY.end_ns - 999_999_999)
    assert held(Cache(tmp_path), odd).split(odd) == ([odd], None)


def test_what_all_purchases_cost_is_added_up_and_nothing_is_nothing(tmp_path):
    assert spent_cents(tmp_path) == 0
    Cache(tmp_path).bought(DAY, 30, at("09:30"))
    Cache(tmp_path).bought(DAY, 12, at("09:31"))
    assert spent_cents(tmp_path) == 42


def test_two_do_not_buy_at_once(tmp_path):
    with Cache(tmp_path).alone():
        with pytest.raises(HistoryError, match="somebody else is buying here"):
            with Cache(tmp_path).alone():
                pass
    with Cache(tmp_path).alone():
        pass


@pytest.mark.parametrize(("start", "end"), [(5, 5), (6, 5), (-1, 5)])
def test_a_piece_whose_end_is_not_behind_its_start_is_refused(start, end):
    with pytest.raises(HistoryError, match="wanted them in order"):
        dataclasses.replace(DAY, start_ns=start, end_ns=end)
