"""The local runtime with toys: who reads what when, and that nothing is lost, told twice or late."""

from collections.abc import Iterable, Sequence

import pytest

from actors.core.columns import batch_of
from protocol.account import BalanceReported
from protocol.market import Cut, Settled
from protocol.message import Message
from supervision.flow import MemoryWindow
from supervision.journal import MemoryJournal
from supervision.local import BLOCK_TRADES, LocalRun, Unsettled, blocks
from supervision.shell import Shell, handles
from supervision.spec import ChildSpec
from tests.makers import make_trades
from tests.supervision.toys import DealShell, KeepShell, SumShell, tape_of

STREAMS = {"double": ("sum", "tape"), "sum": ("tape",), "deal": ("double",)}


class Foresight(SumShell):
    """A sum that notes what it was told of before its turn, and what it has read."""

    def __init__(self) -> None:
        super().__init__()
        self.foreseen: list[Message] = []
        self.read: list[Message] = []

    def foresee(self, messages: Sequence[Message]) -> None:
        assert self.read == [m for m in self.foreseen if isinstance(m, BalanceReported)]
        self.foreseen += messages

    @handles(BalanceReported)
    def on_number(self, message: BalanceReported) -> Iterable[Message]:
        self.read.append(message)
        return super().on_number(message)


def run_of(block: int, journal: MemoryJournal | None = None):
    """Return a run in which two sums go ahead of a deal, and all that a sink keeps of it."""
    kept: dict[str, MemoryWindow[Message]] = {}
    shells: dict[str, Shell] = {
        "keep": KeepShell(kept), "double": SumShell(), "sum": Foresight(), "deal": DealShell(),
    }  # fmt: skip
    reads = {"keep": ("sum", "double", "deal"), **STREAMS}
    specs = [ChildSpec(id=id, start="", reads=reads[id]) for id in shells]
    run = LocalRun(specs, shells, "tape", lambda _: journal or MemoryJournal())
    run.block_messages = block
    return run, kept


def told(kept: dict[str, MemoryWindow[Message]]) -> dict[str, list[Message]]:
    return {stream: window.bodies for stream, window in kept.items()}


@pytest.mark.parametrize("block", [2, 3, 7, 10_000])
def test_however_far_ahead_some_may_run_all_say_the_same(block):
    run, kept = run_of(1)
    run.run(tape_of(9, 4))
    ahead, also = run_of(block)
    ahead.run(tape_of(9, 4))
    assert told(also) == told(kept)
    assert {stream for stream in also} == {"sum", "double", "deal"}
    assert also["deal"].last > 9  # Its facts, and a settlement for each cut.


def test_only_who_reads_the_tape_is_told_of_what_will_come_and_only_once():
    run, _ = run_of(5)
    tape = tape_of(4, 3)
    run.run(tape)
    assert run.cells["sum"].shell.foreseen == tape


def test_what_a_journal_remembers_is_told_again_and_comes_before_the_tape():
    journal = MemoryJournal()
    run, kept = run_of(4, journal)
    run.run(tape_of(3, 4))
    facts = told(kept)["deal"]
    _, again = afresh = run_of(4, journal)
    afresh[0].run(tape_of(3, 4)[:5])
    assert told(again)["deal"][: len(facts)] == facts


def test_a_cut_that_nobody_settles_is_an_error_that_says_which():
    class Deaf(DealShell):
        @handles(Cut)
        def on_cut_of_source(self, cut: Cut) -> Iterable[Message]:
            return (Settled(number=cut.number),) if cut.number < 3 else ()

    specs = [ChildSpec(id="deal", start="", reads=("tape",))]
    run = LocalRun(specs, {"deal": Deaf()}, "tape")
    with pytest.raises(Unsettled, match="cut 3 was followed by settled 2"):
        run.run(tape_of(4, 1))


def test_a_tape_without_an_end_is_read_as_far_as_it_goes():
    run, kept = run_of(3)
    run.run(tape_of(2, 4)[:-1])
    assert kept["sum"].last == 9  # Eight numbers and one cut.


def test_an_empty_tape_is_no_error():
    run, kept = run_of(3)
    run.run([])
    assert told(kept) == {}


def test_a_block_ends_with_so_many_messages_or_so_many_trades():
    numbers = tape_of(1, 4)
    assert [len(block) for block in blocks(numbers, 2)] == [2, 2, 1]
    heavy = make_batch_of(BLOCK_TRADES)
    assert [len(block) for block in blocks([heavy, heavy, numbers[0]], 100)] == [1, 1, 1]
    assert list(blocks([], 2)) == []


def make_batch_of(count: int) -> Message:
    return batch_of(make_trades([(1, 1, "B", 1)] * count), "ESZ5", False)
