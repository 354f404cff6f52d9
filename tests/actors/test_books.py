"""The books: what of a stream is kept, and by which marks one knows how far they tell."""

import pytest

from actors.adapters.books import STREAMS, MemoryBooks
from actors.books import SETTLING, BooksShell
from protocol.market import Cut, CutReason, Settled
from protocol.settings import Settings
from tests.makers import at, make_closed

DAY = "2025-12-02"


class Kept:
    """Books that outlive their shell, read stream by stream."""

    def __init__(self):
        self.books, self.seq = MemoryBooks(), dict.fromkeys(STREAMS, 0)
        self.restart()

    def restart(self):
        self.shell = BooksShell(self.books)
        self.shell.configure(Settings(), "")
        self.shell.resume()

    def tell(self, stream, *messages):
        for message in messages:
            self.seq[stream] += 1
            self.shell.keep(stream, self.seq[stream], message)
        self.shell.commit()

    def marks(self, stream):
        return list(self.books.marks(stream))


def cut(number, clock, reason=CutReason.SESSION, day=DAY):
    return Cut(number=number, ts_ns=at(clock, day), reason=reason)


def end_of_day(number):
    return cut(number, "17:00")


def test_of_cuts_only_the_one_at_the_end_of_a_trading_date_is_kept():
    kept = Kept()
    kept.tell("bars", cut(1, "16:59:30"), end_of_day(2), cut(3, "18:00"))
    assert kept.marks("bars") == [end_of_day(2)]


@pytest.mark.parametrize("day", ["2025-12-06", "2025-12-07"])  # A weekend.
def test_1700_of_a_day_that_is_no_trading_date_ends_none(day):
    kept = Kept()
    kept.tell("bars", cut(1, "17:00", day=day))
    assert kept.marks("bars") == []


@pytest.mark.parametrize("stream", SETTLING)
def test_the_settlement_of_the_end_of_a_date_is_kept_and_no_other(stream):
    kept = Kept()
    kept.tell(stream, cut(1, "16:55"), Settled(number=1), end_of_day(2), Settled(number=2))
    kept.tell(stream, cut(3, "18:00"), Settled(number=3))
    assert kept.marks(stream) == [end_of_day(2), Settled(number=2)]


@pytest.mark.parametrize("stream", SETTLING)
def test_a_restart_between_the_end_of_a_date_and_its_settlement_loses_neither(stream):
    kept = Kept()
    kept.tell(stream, end_of_day(2))
    kept.restart()
    kept.tell(stream, Settled(number=2))
    assert kept.marks(stream) == [end_of_day(2), Settled(number=2)]


def test_the_end_of_the_tape_is_kept_and_completes_the_books():
    kept = Kept()
    end = cut(5, "12:00", CutReason.END)
    for stream in STREAMS:
        assert not kept.shell.complete
        kept.tell(stream, cut(4, "11:55", CutReason.BAR), end)
        if stream in SETTLING:
            kept.tell(stream, Settled(number=4), Settled(number=5))
    assert kept.shell.complete
    kept.restart()
    assert kept.shell.complete
    assert kept.marks("risk") == [end]
    assert kept.marks("desk") == [end, Settled(number=5)]


def test_decisions_are_kept_in_their_order():
    kept = Kept()
    trips = [make_closed(bracket_id=id) for id in "ab"]
    kept.tell("desk", trips[0], cut(1, "10:05", CutReason.BAR), trips[1])
    assert list(kept.books.entries("desk")) == trips
