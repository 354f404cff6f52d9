"""The books, read beside their writer."""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.adapters.open import open_books
from protocol.market import BarClosed
from protocol.settings import Settings
from protocol.signals import RegimeJudged, SignalRaised
from tests.makers import make_bar, make_regime, make_signal
from tests.web.rooms import keep, make_run
from web.api import books as module
from web.api.books import Books, Unreadable, books_of


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return make_run(tmp_path)


def times(books: Books, **more: object) -> list[int]:
    return [entry.message.ts_ns for entry in books.rows("detector", [SignalRaised], **more)]  # type: ignore


def test_of_a_run_without_books_there_is_nothing(run_dir: Path) -> None:
    with books_of(run_dir) as books:
        assert times(books) == [] and books.number_at("bars", BarClosed, 5) == 1


def test_of_a_file_without_tables_there_is_nothing(run_dir: Path) -> None:
    sqlite3.connect(run_dir / "data" / "books.sqlite").close()
    with books_of(run_dir) as books:
        assert times(books) == [] and books.number_at("bars", BarClosed, 5) == 1


def test_a_file_that_is_no_store_is_unreadable(run_dir: Path) -> None:
    (run_dir / "data" / "books.sqlite").write_bytes(b"nonsense" * 1_000)
    with pytest.raises(Unreadable, match="cannot be"), books_of(run_dir) as books:
        times(books)


def test_books_on_a_server_are_said_to_be_there(run_dir: Path) -> None:
    (run_dir / "data" / "store.schema").write_text("{}")
    with pytest.raises(Unreadable, match="on a server"), books_of(run_dir):
        pass


def test_what_its_writer_has_committed_is_read_while_he_goes_on(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAIT_S", 0.01)
    writer = open_books(Settings(), str(run_dir / "data"))
    for seq in (1, 2):
        writer.add("detector", seq, make_signal(ts_ns=seq))
        writer.commit()
    writer.add("detector", 3, make_signal(ts_ns=3))
    with books_of(run_dir) as books:
        assert times(books) == [1, 2]
        writer.commit()
        assert times(books) == [1, 2, 3]
        with pytest.raises(Unreadable, match="readonly"):
            books._read("DELETE FROM books_entries", [])
    writer.close()


@settings(max_examples=25)
@given(st.lists(st.integers(0, 12), max_size=40), st.integers(-1, 14))
def test_an_instant_is_found_as_by_looking_at_all(steps: list[int], wanted: int) -> None:
    from tempfile import TemporaryDirectory

    stamps = sorted(steps)
    with TemporaryDirectory() as name:
        run_dir = make_run(Path(name))
        # Between two messages of the kind there may be others, and numbers without any.
        writer = open_books(Settings(), str(run_dir / "data"))
        for index, ts_ns in enumerate(stamps):
            writer.add("regime", 3 * index + 1, make_regime(ts_ns=ts_ns))
            writer.add("regime", 3 * index + 2, make_signal(ts_ns=99))
        writer.commit()
        writer.close()
        with books_of(run_dir) as books:
            number = books.number_at("regime", RegimeJudged, wanted)
            found = [e.message.ts_ns for e in books.rows("regime", [RegimeJudged],  # type: ignore
                                                         after=number - 1)]  # fmt: skip
            assert found == [ts_ns for ts_ns in stamps if ts_ns >= wanted]
            between = [m.ts_ns for m in books.between("regime", RegimeJudged, wanted, 7)]  # type: ignore
            assert between == [ts_ns for ts_ns in stamps if wanted <= ts_ns <= 7]


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("part", [1, 2, 7, 100])
def test_rows_come_in_order_whatever_is_read_at_once(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch, newest_first: bool, part: int
) -> None:
    monkeypatch.setattr(module, "READ_ROWS", part)
    keep(run_dir, {"detector": [make_signal(ts_ns=n, id=f"s{n % 2}") for n in range(1, 12)]})
    with books_of(run_dir) as books:
        wanted = list(range(1, 12))
        order = -1 if newest_first else 1
        assert times(books, newest_first=newest_first) == wanted[::order]
        assert times(books, newest_first=newest_first, most=4) == wanted[::order][:4]
        assert times(books, newest_first=newest_first, after=3, before=9) == [
            4, 5, 6, 7, 8
        ][::order]  # fmt: skip
        assert times(books, newest_first=newest_first, holding=b"s1") == wanted[::2][::order]


def test_a_row_that_was_changed_is_not_believed(run_dir: Path) -> None:
    keep(run_dir, {"bars": [make_bar()]})
    with sqlite3.connect(run_dir / "data" / "books.sqlite") as connection:
        connection.execute("UPDATE books_entries SET seq = 2")
    with pytest.raises(Unreadable, match="row 2 of bars .* checksum"), books_of(run_dir) as books:
        list(books.rows("bars", [BarClosed]))
