"""A toy floor: numbers flow from a source through two shells and a journal into a sink."""

from collections.abc import Iterable
from typing import Any

from protocol.account import BalanceReported, TradingResumed
from protocol.codec import encode
from protocol.market import Cut, CutReason, Settled
from protocol.message import Message
from supervision.flow import MemoryWindow, Window
from supervision.shell import JournaledShell, Shell, SinkShell, handles


def tape_of(cuts: int, per_cut: int) -> list[Message]:
    """Return `per_cut` numbers and a cut, `cuts` times."""
    tape: list[Message] = []
    for number in range(1, cuts + 1):
        first = (number - 1) * per_cut
        for value in range(first, first + per_cut):
            tape.append(BalanceReported(ts_ns=value, balance_cents=value, day_pnl_cents=0))
        reason = CutReason.END if number == cuts else CutReason.BAR
        tape.append(Cut(number=number, ts_ns=number * per_cut, reason=reason))
    return tape


class SourceShell(Shell):
    """Publishes a tape; holds back what lies behind a cut that is not settled."""

    joined = False

    def __init__(self, tape: list[Message]) -> None:
        self.tape = tape
        self.cuts = [n for n, message in enumerate(tape, 1) if isinstance(message, Cut)]
        self.settled = 0

    @handles(Settled)
    def on_settled(self, settled: Settled) -> None:
        self.settled = max(self.settled, settled.number)

    def window(self) -> Window[bytes]:
        return GatedWindow(self)


class GatedWindow:
    """The released part of a source's tape."""

    first = 1

    def __init__(self, source: SourceShell) -> None:
        self.source = source

    @property
    def last(self) -> int:
        source = self.source
        if source.settled < len(source.cuts):
            return source.cuts[source.settled]
        return len(source.tape)

    def get(self, seq: int) -> bytes:
        return encode(self.source.tape[seq - 1])


class ForgetfulShell(SourceShell):
    """A source that holds only the newest hundred numbers of its tape."""

    keeper = "recorder"

    def window(self) -> Window[bytes]:
        return ForgetfulWindow(self)


class ForgetfulWindow(GatedWindow):
    """The newest part of what is released."""

    @property
    def first(self) -> int:  # type: ignore[override]
        return max(1, self.last - 99)


class RecorderShell(SinkShell):
    """Keeps the source's messages and serves them again; `kept` outlives it."""

    def __init__(self, kept: MemoryWindow[bytes]) -> None:
        self.kept = kept
        self.open: list[bytes] = []

    def resume(self) -> dict[str, int]:
        return {"source": self.kept.last}

    def keep(self, source: str, seq: int, message: Message) -> None:
        self.open.append(encode(message))

    def commit(self) -> None:
        for body in self.open:
            self.kept.append(body)
        self.open.clear()

    def copies(self) -> dict[str, Window[bytes]]:
        return {"source": self.kept}


class SumShell(Shell):
    """Publishes the running sum of what it reads: every loss or repeat shows for ever after."""

    resumes = True

    def __init__(self) -> None:
        self.sum = 0

    @handles(BalanceReported)
    def on_number(self, message: BalanceReported) -> Iterable[Message]:
        self.sum = self.sum * 3 + message.balance_cents & 0xFFFFFF
        yield BalanceReported(ts_ns=message.ts_ns, balance_cents=self.sum, day_pnl_cents=1)


class DealShell(JournaledShell):
    """Decides one fact per ten of what it reads; its state is the fold of its facts."""

    def __init__(self) -> None:
        self.facts: list[int] = []

    @handles(BalanceReported)
    def on_number(self, message: BalanceReported) -> Iterable[Message]:
        if message.balance_cents % 10 == 0:
            count = len(self.facts)
            yield TradingResumed(ts_ns=message.balance_cents, reason=f"fact {count}")
            yield TradingResumed(ts_ns=-message.balance_cents, reason=f"fact {count + 1}")

    @handles(Cut)
    def on_cut_of_source(self, cut: Cut) -> Iterable[Message]:
        return (Settled(number=cut.number),)

    def apply(self, fact: Message) -> None:
        if isinstance(fact, TradingResumed):
            self.facts.append(fact.ts_ns)


class KeepShell(SinkShell):
    """Keeps everything in `kept`, which outlives it."""

    def __init__(self, kept: dict[str, MemoryWindow[Message]]) -> None:
        self.kept = kept
        self.open: list[tuple[str, int, Message]] = []

    def resume(self) -> dict[str, int]:
        return {stream: window.last for stream, window in self.kept.items()}

    def keep(self, source: str, seq: int, message: Message) -> None:
        self.open.append((source, seq, message))

    def commit(self) -> None:
        for source, seq, message in self.open:
            window = self.kept.setdefault(source, MemoryWindow())
            assert window.append(message) == seq, f"{source} kept {window.last}, came {seq}"
        self.open.clear()

    def inspect(self) -> dict[str, Any]:
        return {stream: window.last for stream, window in self.kept.items()}
