"""What goes wrong with a store of either kind: one typed error, and nothing half written.

Rows that somebody else changed, and a shell whose store fails: its next life knows the truth.
"""

import contextlib
from collections.abc import Iterable

import pytest

from actors.adapters.fault import StoreFault
from protocol.account import BalanceReported
from protocol.message import Message
from supervision.cell import Cell
from supervision.journal import Journal
from supervision.shell import JournaledShell, handles
from tests.actors.adapters.stores import cut, fault, many, refuses_what_follows, run

# Rows that somebody else changed.


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        ("UPDATE desk_facts SET body = X'81A66E756D62657207' WHERE seq = 2", "row 2"),
        ("UPDATE desk_facts SET positions = '{}' WHERE seq = 3", "row 3"),
        ("UPDATE desk_facts SET kind = 'market.settled' WHERE seq = 1", "row 1"),
        ("DELETE FROM desk_facts WHERE seq = 2", "2 rows numbered 1 to 3"),
    ],
)
def test_a_row_that_somebody_changed_or_took_is_found_when_it_is_read(place, damage, word):
    place.journal().append(many(3), {"risk": 1})
    place.close()
    run(place, "desk", damage)
    with fault("desk_facts", word, "what was written", "backup"):
        list(place.journal().load())


def test_an_entry_that_somebody_changed_is_found_when_it_is_read(place):
    books = place.books()
    books.add("bars", 1, cut(1))
    place.close()
    run(place, "books", "UPDATE books_entries SET stream = 'desk'")
    with fault("books_entries", "row 1"):
        list(place.books().entries("desk"))


def test_facts_that_are_there_already_leave_nothing_behind(place):
    journal = place.journal()
    journal.append(many(1), {"risk": 1})
    stolen = "INSERT INTO desk_facts SELECT 3, kind, version, positions, body, 0 FROM desk_facts"
    run(place, "desk", stolen)
    with fault("there already", "the only writer"):
        journal.append(many(3, 2), {"risk": 7})  # Numbers 2, 3 and 4; somebody took 3.
    refuses_what_follows(journal)
    assert run(place, "desk", "SELECT seq FROM desk_facts ORDER BY seq") == [(1,), (3,)]


def test_books_that_failed_keep_nothing_of_it_when_they_are_closed(place):
    books = place.books()
    books.add("bars", 1, cut(1))
    books.commit()
    run(place, "books", "UPDATE books_entries SET seq = 3")
    books.add("bars", 2, cut(2))
    books.add("bars", 3, cut(3))
    with fault("there already"):
        books.commit()
    with fault("an earlier write failed"):
        books.commit()
    again = place.books()
    assert again.positions() == {"bars": 1}


# A shell whose store fails.


class Counter(JournaledShell):
    """Decides that what it is told is so; its state is their sum."""

    def __init__(self) -> None:
        self.total = 0

    def apply(self, fact: Message) -> None:
        assert isinstance(fact, BalanceReported)
        self.total += fact.balance_cents

    @handles(BalanceReported)
    def on_balance(self, message: BalanceReported) -> Iterable[Message]:
        return (message,)


def told(value: int) -> BalanceReported:
    return BalanceReported(ts_ns=value, balance_cents=value, day_pnl_cents=0)


def cell_on(journal: Journal, sent: list[Message]) -> tuple[Cell, Counter]:
    shell = Counter()
    return Cell(shell, ("desk",), sent.extend, journal), shell


def offer(cell: Cell, *values: int) -> None:
    for value in values:
        cell.offer("desk", value, told(value))
    cell.release()


@pytest.mark.parametrize("lost", [False, True])
def test_a_shell_publishes_nothing_on_guesswork_and_its_next_life_knows_the_truth(
    far, server, line, lost
):
    sent: list[Message] = []
    cell, shell = cell_on(far.journal(), sent)
    offer(cell, 1, 2)
    if lost:  # It is done, and nobody hears of it.
        line.deaf_after = b"account."
    else:  # It is not done.
        line.cut()
    with fault("gone"):
        offer(cell, 3, 4)
    assert sent == [told(1), told(2)]
    with contextlib.suppress(StoreFault):
        offer(cell, 5)  # Nobody would; and nothing would come of it.
    assert sent == [told(1), told(2)]

    again: list[Message] = []
    cell, shell = cell_on(server.journal(wait_s=2.0), again)
    known = 4 if lost else 2
    assert cell.recover() == {"desk": known}
    assert again == [told(value) for value in range(1, known + 1)]
    offer(cell, *range(known + 1, 6))
    assert again == [told(value) for value in range(1, 6)]
    assert shell.total == 15


def test_a_shell_on_a_full_disk_publishes_nothing_and_goes_on_when_there_is_room(files):
    sent: list[Message] = []
    journal = files.journal()
    cell, _ = cell_on(journal, sent)
    offer(cell, 1)
    journal._connection.run("PRAGMA max_page_count = 1")
    with fault("the disk is full"):
        offer(cell, *range(2, 900))
    assert sent == [told(1)]
    cell, shell = cell_on(files.journal(), sent := [])
    assert cell.recover() == {"desk": 1}
    offer(cell, *range(2, 900))
    assert sent == [told(value) for value in range(1, 900)]
