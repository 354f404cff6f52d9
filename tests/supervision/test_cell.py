"""A gated source waits behind each of its cuts until the cut is settled, also after a restart.

And what answers a mark that a power cut has taken waits until that mark is set again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.account import BalanceReported, TradingResumed
from protocol.market import Cut, CutReason, Settled
from protocol.message import Message
from protocol.settings import Settings
from supervision.cell import Cell
from supervision.checkpoint import Checkpoint, restore
from supervision.journal import Journal, MemoryJournal
from supervision.shell import JournaledShell, Shell, SinkShell, handles


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


class Answered(Gated):
    """Sets the marks of the feed and of the desk as its own; the desk hands its cuts on."""

    handlers = {}
    echoes = {"desk": Cut}

    @handles(BalanceReported)
    @handles(Cut, source="feed")
    @handles(Settled)
    def on_own(self, message: Any) -> Iterable[Message]:
        return (message,)


def answered(journal: MemoryJournal) -> tuple[Cell, Answered]:
    shell = Answered()
    return Cell(shell, ("feed", "desk"), lambda _: None, journal), shell


ECHO = (number(101), cut(1), number(102), Settled(number=1), number(103), cut(2), number(104))


def offered(cell: Cell, source: str, messages: Sequence[Message]) -> None:
    for seq, message in enumerate(messages, 1):
        cell.offer(source, seq, message)


def test_what_lies_behind_the_echo_of_an_unknown_cut_waits_for_the_cut_and_counts_as_unread():
    journal = MemoryJournal()
    cell, shell = answered(journal)
    offered(cell, "desk", ECHO)
    cell.release()
    assert shell.facts == [number(101)]
    assert journal.positions() == {"feed": 0, "desk": 1}
    offered(cell, "feed", FEED)
    first = [number(101), number(1), cut(1), number(102), Settled(number=1), number(103)]
    assert shell.facts == [*first, number(2), number(3), cut(2), number(104)]


def test_the_echo_of_the_last_own_cut_passes_and_that_of_the_next_waits():
    cell, shell = answered(MemoryJournal())
    offered(cell, "feed", FEED[:2])
    offered(cell, "desk", ECHO)
    assert shell.facts[-1] == number(103)


def test_a_mark_of_another_kind_is_no_echo():
    cell, shell = answered(MemoryJournal())
    offered(cell, "desk", (Settled(number=1), number(101)))
    assert shell.facts == [Settled(number=1), number(101)]


def test_a_cut_that_was_loaded_is_known_and_one_that_went_with_the_power_is_not():
    journal = MemoryJournal()
    cell, _ = answered(journal)
    offered(cell, "feed", FEED[:2])
    cell.release()  # A fact among them: durable.
    cell.offer("desk", 1, Settled(number=1))
    cell.offer("feed", 3, cut(2))
    cell.release()
    journal.cut_power()
    cell, shell = answered(journal)
    assert cell.recover() == {"feed": 2, "desk": 0}
    offered(cell, "desk", (Settled(number=1), cut(1), number(102), cut(2), number(104)))
    assert shell.facts == [number(1), cut(1), Settled(number=1), number(102)]
    cell.offer("feed", 3, cut(2))
    assert shell.facts[-2:] == [cut(2), number(104)]


def test_everything_of_a_source_that_may_have_to_wait_is_offered():
    cell, _ = answered(MemoryJournal())
    assert cell.wants("desk", TradingResumed)


class TwoKinds(MemoryJournal):
    """A journal that tells what had to wait for the disk from what had not."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[list[Message]] = []
        self.noted: list[list[Message]] = []

    def append(self, facts: Sequence[Message], positions: Mapping[str, int]) -> None:
        super().append(facts, positions)
        self.waited.append(list(facts))

    def note(self, marks: Sequence[Message], positions: Mapping[str, int]) -> None:
        super().note(marks, positions)
        self.noted.append(list(marks))


def test_cuts_and_settlements_alone_do_not_wait_for_the_disk():
    journal = TwoKinds()
    cell, _ = cell_of(journal)
    cell.offer("feed", 1, cut(1))
    cell.offer("desk", 1, Settled(number=1))
    cell.release()
    assert (journal.waited, journal.noted) == ([], [[cut(1), Settled(number=1)]])
    assert journal.positions() == {"feed": 1, "desk": 1}


def test_a_fact_waits_for_the_disk_and_so_does_what_was_decided_with_it():
    journal = TwoKinds()
    cell, _ = cell_of(journal)
    cell.offer("feed", 1, number(1))
    cell.offer("feed", 2, cut(1))
    cell.release()
    assert (journal.waited, journal.noted) == ([[number(1), cut(1)]], [])


class Narrow(Gated):
    """Has a handler for balances from the desk, and for nothing else."""

    handlers = {}

    @handles(BalanceReported, source="desk")
    def on_balance(self, message: Any) -> Iterable[Message]:
        return (message,)


def test_what_a_shell_has_no_handler_for_need_not_be_offered():
    cell = Cell(Narrow(), ("feed", "desk"), lambda _: None, MemoryJournal())
    assert cell.wants("desk", BalanceReported)
    assert not cell.wants("desk", TradingResumed)


def test_cuts_what_is_held_back_and_what_is_unknown_are_always_offered():
    cell = Cell(Narrow(), ("feed", "desk"), lambda _: None, MemoryJournal())
    assert all(cell.wants("desk", kind) for kind in (Cut, Settled, None))
    assert cell.wants("feed", TradingResumed)  # The gated source.


def test_what_was_passed_over_is_not_read_again_after_a_restart():
    journal = MemoryJournal()
    cell = Cell(Narrow(), ("feed", "desk"), lambda _: None, journal)
    cell.skip("desk", 1)
    cell.offer("desk", 2, number(102))
    cell.release()
    again = Cell(Narrow(), ("feed", "desk"), lambda _: None, journal)
    assert again.recover() == {"feed": 0, "desk": 2}
    assert cell.messages_in == 2


class Pile(SinkShell):
    """Keeps balances as they come and everything else decoded; knows the time it was told."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.messages: list[Message] = []
        self.now_ns = 0

    def resume(self) -> dict[str, int]:
        return {"desk": 4}

    def keep(self, source: str, seq: int, message: Message) -> None:
        self.messages.append(message)

    def keep_frame(self, source: str, seq: int, kind: type[Message], frame: bytes) -> bool:
        if kind is BalanceReported:
            self.frames.append(frame)
        return kind is BalanceReported

    def on_time(self, now_ns: int) -> None:
        self.now_ns = now_ns

    def commit(self) -> None:
        pass


def test_a_sink_is_handed_a_frame_as_it_came_and_may_ask_for_the_message_instead():
    pile = Pile()
    cell = Cell(pile, ("desk",), lambda _: None)
    cell.recover()
    assert cell.keeps("desk", 5, BalanceReported, b"balance")
    assert not cell.keeps("desk", 6, Cut, b"cut")
    assert not cell.keeps("desk", 6, None, b"unknown")
    assert pile.frames == [b"balance"]
    assert (cell.messages_in, list(cell.last_in)) == (1, [("desk", 5, b"balance")])


def test_a_sink_need_not_be_offered_what_it_does_not_take():
    class Choosy(Pile):
        takes = frozenset({BalanceReported})

    cell = Cell(Choosy(), ("desk",), lambda _: None)
    assert all(cell.wants("desk", kind) for kind in (BalanceReported, Cut, Settled, None))
    assert not cell.wants("desk", TradingResumed)
    assert Cell(Pile(), ("desk",), lambda _: None).wants("desk", TradingResumed)


def test_no_other_shell_is_handed_frames():
    cell, _ = cell_of(MemoryJournal())
    assert not cell.keeps("desk", 1, BalanceReported, b"balance")


def test_a_sink_learns_the_time():
    pile = Pile()
    Cell(pile, ("desk",), lambda _: None).time(77)
    assert pile.now_ns == 77


class Listing(Shell):
    """Publishes what it reads, in the order in which it is handled, and knows all of it."""

    def __init__(self) -> None:
        self.known: list[int] = []

    @handles(BalanceReported)
    def on_balance(self, message: BalanceReported) -> Iterable[Message]:
        self.known.append(message.balance_cents)
        return (message,)


def listing(
    after_cut: Callable[[Cell], object] = lambda _: None,
) -> tuple[Cell, Listing, list[Message]]:
    shell, sent = Listing(), []
    cell = Cell(shell, ("feed", "bars"), sent.extend, after_cut=lambda: after_cut(cell))
    return cell, shell, sent


BARS = (number(11), cut(1), number(12), cut(2))


def test_a_cell_rests_behind_a_cut_of_all_sources_and_at_no_other_time():
    cell, _, _ = listing()
    seen = [cell.rests]
    for seq in (1, 2):
        cell.offer("bars", seq, BARS[seq - 1])
        seen.append(cell.rests)
    for seq in (1, 2, 3):
        cell.offer("feed", seq, FEED[seq - 1])
        seen.append(cell.rests)
    assert seen == [False, False, False, False, True, False]


def test_a_checkpoint_stands_behind_the_cut_of_each_source_however_far_it_was_read_ahead():
    found = []
    cell, shell, sent = listing(lambda cell: found.append(cell.checkpoint(3, {"feed": 1})))
    offered(cell, "feed", FEED)
    cell.skip("feed", len(FEED) + 1)
    offered(cell, "bars", BARS[:2])
    assert (shell.known, sent[-1]) == ([1, 11, 2, 3], number(3))
    assert found == [Checkpoint(1, {"feed": 2, "bars": 2}, 3, {"feed": 1}, found[0].state)]
    assert vars(shell_of(found[0].state)) == {"known": [1, 11]}


def shell_of(state: bytes) -> Listing:
    shell = Listing()
    restore(shell, state)
    return shell


def test_in_the_middle_of_a_cut_there_is_no_checkpoint():
    cell, _, _ = listing()
    offered(cell, "feed", FEED[:2])
    with pytest.raises(ValueError, match="in the middle of a cut"):
        cell.checkpoint(1, {})


def test_a_restart_with_a_checkpoint_goes_on_as_if_nothing_had_been():
    calm, knows_all, wanted = listing()
    offered(calm, "feed", FEED[:5])
    offered(calm, "bars", BARS)
    cell, _, _ = listing()
    offered(cell, "feed", FEED[:2])
    offered(cell, "bars", BARS[:2])
    assert cell.rests
    kept = cell.checkpoint(3, {})
    again, shell, sent = listing()
    assert again.recover(kept) == {"feed": 2, "bars": 2}
    for source, told in (("feed", FEED[:5]), ("bars", BARS)):
        for seq, message in enumerate(told[2:], 3):
            again.offer(source, seq, message)
    assert sent == wanted[3:]
    assert shell.known == knows_all.known
    assert (again.cut, again.messages_in, again.messages_out) == (
        calm.cut, calm.messages_in, calm.messages_out,
    )
    assert again.checkpoint(0, {}) == calm.checkpoint(0, {})
