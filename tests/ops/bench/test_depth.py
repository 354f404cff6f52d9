"""The bench of files and books: both books see the same touch, and rows say what they hold."""

from pathlib import Path

from actors.core.book.changes import LevelBook
from actors.core.book.records import NO_PRICE
from ops.bench.depth import (
    NO_RECORDING,
    RECORDING,
    PlainBook,
    book_changes,
    columns_of,
    depth_rates,
    depth_rows,
)
from tests.actors.adapters.feeds.recordings import real


def folder() -> Path:
    return real(RECORDING).parents[1]


def test_both_books_end_every_event_of_the_recording_with_the_same_touch():
    (part, *_) = columns_of(real(RECORDING))
    parts = [part.slice(0, 10_000)]
    (changes,) = book_changes(parts)
    reader, touches, begin = LevelBook(), [], 0
    for end in changes.ends.tolist():
        event = type(changes)(
            *(getattr(changes, name)[begin:end] for name in
              ("ts_event", "side", "price", "size", "orders")),
            ends=changes.ends[:1] * 0 + end - begin,
        )  # fmt: skip
        reader.apply(event)
        bids, asks = reader.best()
        touches.append(tuple(0 if p == NO_PRICE else p for p in (bids[0][0], asks[0][0])))
        begin = end
    assert PlainBook().apply(parts[0]) == touches
    assert len(touches) > 1_000


def test_rates_are_measured_and_ours_is_faster_than_a_sorted_book():
    found = depth_rates(real(RECORDING), 1)
    assert min(found) > 0
    assert found.first > found.plain


def test_without_the_recording_the_row_says_so(tmp_path):
    (row,) = depth_rows(tmp_path, quick=True)
    assert row.found == NO_RECORDING


def test_each_figure_stands_beside_what_it_is_held_against():
    columns, book, _ = depth_rows(folder(), quick=True)
    assert "DBNStore.to_ndarray" in columns.against
    assert "sorted at each event" in book.against
