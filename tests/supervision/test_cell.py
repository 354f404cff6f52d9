"""A gated source waits behind each of its cuts until the cut is settled, also after a restart."""

from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from protocol.account import BalanceReported
from protocol.market import Cut, CutReason, Settled
from protocol.message import Message
from protocol.settings import Settings
from supervision.cell import Cell
from supervision.journal import Journal, MemoryJournal
from supervision.shell import JournaledShell, handles


class Gated(JournaledShell):
    """Records whatever it is handed, and nothing else."""

    gated = "feed"

    def __init__(self) -> None:
        self.facts: list[Message] = []

    def open_journal(self, settings: Settings, directory: str) -> Journal:
        return MemoryJournal()

    def apply(self, fact: Message) -> None:
        self.facts.append(fact)

    @handles(BalanceReported)
    @handles(Cut)
    @handles(Settled)
    def on_anything(self, message: Any) -> Iterable[Message]:
        return (message,)


def number(value: int) -> BalanceReported:
    return BalanceReported(ts_ns=value, balance_cents=value, day_pnl_cents=0)


def cut(n: int) -> Cut:
    return Cut(number=n, ts_ns=n, reason=CutReason.BAR)


def cell_of(journal: MemoryJournal) -> tuple[Cell, Gated]:
    shell = Gated()
    cell = Cell(shell, ("feed", "desk"), lambda _: None, journal)
    return cell, shell


FEED = (number(1), cut(1), number(2), number(3), cut(2), number(4))
DESK = (number(101), Settled(number=1), number(102), Settled(number=2))


def test_nothing_behind_a_cut_is_handled_before_the_cut_is_settled():
    cell, shell = cell_of(MemoryJournal())
    for seq, message in enumerate(FEED, 1):
        cell.offer("feed", seq, message)
    assert shell.facts == [number(1), cut(1)]


def test_what_waited_is_handled_in_order_up_to_the_next_cut():
    cell, shell = cell_of(MemoryJournal())
    for seq, message in enumerate(FEED, 1):
        cell.offer("feed", seq, message)
    cell.offer("desk", 1, Settled(number=1))
    assert shell.facts == [number(1), cut(1), Settled(number=1), number(2), number(3), cut(2)]
    cell.offer("desk", 2, Settled(number=1))  # A repeat opens nothing.
    assert shell.facts[-1] == Settled(number=1)
    cell.offer("desk", 3, Settled(number=2))
    assert shell.facts[-1] == number(4)


def test_the_other_source_never_waits():
    cell, shell = cell_of(MemoryJournal())
    cell.offer("feed", 1, cut(1))
    cell.offer("desk", 1, number(101))
    assert shell.facts == [cut(1), number(101)]


@given(st.lists(st.booleans()), st.integers(0, 10))
def test_however_the_sources_mix_and_wherever_it_restarts_each_interval_keeps_to_itself(
    order: list[bool], stop: int
) -> None:
    journal = MemoryJournal()
    cell, shell = cell_of(journal)
    taken = {"feed": 0, "desk": 0}
    streams = {"feed": FEED, "desk": DESK}
    turns = ["feed" if first else "desk" for first in order] + ["feed"] * 6 + ["desk"] * 4
    for turn, source in enumerate(turns):
        if turn == stop:  # What was held is forgotten; what was handled is not asked for again.
            cell, shell = cell_of(journal)
            taken = cell.recover()
        settled = max((f.number for f in shell.facts if isinstance(f, Settled)), default=0)
        if source == "desk" and isinstance(DESK[taken["desk"] % 4], Settled) and not any(
            f == cut(settled + 1) for f in shell.facts
        ):
            source = "feed"  # Nothing is settled before it was seen.
        if taken[source] < len(streams[source]):
            taken[source] += 1
            cell.offer(source, taken[source], streams[source][taken[source] - 1])
            cell.release()
    facts = shell.facts
    assert [f for f in facts if f in FEED] == list(FEED[: len([f for f in facts if f in FEED])])
    for n in (1, 2):
        behind = [number(2), number(3)] if n == 1 else [number(4)]
        for fact in behind:
            if fact in facts:
                assert facts.index(Settled(number=n)) < facts.index(fact)
