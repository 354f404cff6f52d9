"""The books on a server, read beside their writer as those in a file are."""

from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread

import pytest

from actors.adapters.fault import StoreFault
from actors.adapters.open import open_books
from actors.adapters.sql import Connection
from protocol.market import BarClosed
from protocol.message import Message
from protocol.settings import Settings, StoreSettings
from protocol.signals import SignalRaised
from tests.makers import at, make_bar, make_signal
from tests.venues.postgres import PostgresServer, postgres_server
from tests.web.rooms import keep, make_run
from web.actor import books_server
from web.api import books as module
from web.api.books import BooksServer, Unreadable, books_of

__all__ = ["postgres_server"]


def streams() -> dict[str, list[Message]]:
    raised = [make_signal(ts_ns=n, id=f"s{n % 2}") for n in range(1, 12)]
    return {"detector": [*raised], "bars": [make_bar(end_ns=at("10:00"))]}


@pytest.fixture
def away(tmp_path: Path, postgres_server: PostgresServer) -> Iterator[tuple[Path, BooksServer]]:
    """A run whose books are on a server, their writer still there."""
    run_dir = make_run(tmp_path)
    settings = Settings(store=StoreSettings(url=postgres_server.url()))
    writer = open_books(settings, str(run_dir / "data"))
    for stream, messages in streams().items():
        for seq, message in enumerate(messages, 1):
            writer.add(stream, seq, message)
    writer.commit()
    yield run_dir, books_server(postgres_server.url(), str(run_dir / "data"))
    writer.close()


def test_a_server_answers_as_a_file_does(
    away: tuple[Path, BooksServer], tmp_path_factory: pytest.TempPathFactory
) -> None:
    filed = make_run(tmp_path_factory.mktemp("filed"))
    keep(filed, streams())
    asked = [{}, {"after": 3, "before": 9}, {"newest_first": True, "most": 4}, {"holding": b"s1"}]
    with books_of(*away) as there, books_of(filed) as here:
        for more in asked:
            found = [list(books.rows("detector", [SignalRaised], **more))  # type: ignore[arg-type]
                     for books in (there, here)]  # fmt: skip
            assert found[0] == found[1] != [], more
        for ts_ns in (0, 1, 7, 12):
            assert len({b.number_at("detector", SignalRaised, ts_ns) for b in (there, here)}) == 1
        assert len(list(there.rows("bars", [BarClosed]))) == 1
        assert list(there.rows("nobody", [BarClosed])) == []


def test_a_look_can_change_nothing(away: tuple[Path, BooksServer]) -> None:
    with pytest.raises(Unreadable, match="read-only"), books_of(*away) as books:
        books._read("DELETE FROM books_entries", [])
    with books_of(*away) as books:
        assert list(books.rows("detector", [SignalRaised]))


def test_before_their_writer_has_begun_there_is_nothing(
    away: tuple[Path, BooksServer], postgres_server: PostgresServer
) -> None:
    run_dir, server = away
    schema = (run_dir / "data" / "store.schema").read_text().strip()
    postgres_server.run(f'ALTER TABLE "{schema}".books_entries RENAME TO gone')
    with books_of(run_dir, server) as books:
        assert list(books.rows("detector", [SignalRaised])) == []
        assert books.number_at("detector", SignalRaised, 5) == 1


def test_a_server_that_is_away_is_said_so_and_not_where_it_is(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path)
    (run_dir / "data" / "store.schema").write_text("fw_x")
    server = BooksServer(lambda: refuse(), StoreFault)
    with pytest.raises(Unreadable, match="cannot be read: .*an answer"), books_of(run_dir, server):
        pass
    with pytest.raises(Unreadable, match="cannot be read"), books_of(run_dir, server):
        pass  # The look before has let it go.


def refuse() -> Connection:
    raise StoreFault("store of web on the server", "the server is gone", "an answer", "Look")


def test_of_two_who_look_at_once_the_second_waits_or_is_told(
    away: tuple[Path, BooksServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []
    ready = Barrier(2, timeout=10)

    def look() -> None:
        with books_of(*away) as books:
            ready.wait()
            ready.wait()
            found.append(str(len(list(books.rows("detector", [SignalRaised])))))

    first = Thread(target=look)
    first.start()
    ready.wait()
    monkeypatch.setattr(module, "LOOK_LIMIT_S", 0.05)
    with pytest.raises(Unreadable, match="not free within 0.05 s"), books_of(*away):
        pass
    ready.wait()
    first.join()
    with books_of(*away) as books:
        found.append(str(len(list(books.rows("detector", [SignalRaised])))))
    assert found == ["11", "11"]
