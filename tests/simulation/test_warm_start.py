"""A floor warmed up by bars of the past knows what one knows that has seen them come."""

from collections.abc import Iterable
from datetime import date

import pytest

from actors.adapters.books import MemoryBooks
from actors.adapters.feeds.simulated import SimulatedSession
from actors.adapters.feeds.tape import TapeRule, tape
from actors.core.columns import trades_of
from ops.replay import local_floor
from protocol.market import BarClosed, BarWarm, Cut, TradeBatch, ValueJudged
from protocol.message import Message
from protocol.patterns import Pattern
from protocol.settings import Settings
from protocol.signals import Regime, RegimeJudged, SignalRaised, ZoneChanged
from tests.makers import at

DAY = "2025-12-02"
SESSION = SimulatedSession("ES", 5, 60_000, date(2025, 12, 2))
SETTINGS = Settings()


def recorded() -> list[Message]:
    return list(tape(SESSION, TapeRule.of(SETTINGS.feed, SETTINGS.bars)))


def played(messages: Iterable[Message], directory: str) -> MemoryBooks:
    books = MemoryBooks()
    local_floor(SETTINGS, books, directory).run(messages)
    return books


def from_here(messages: list[Message], ts_ns: int) -> list[Message]:
    """The messages behind the cut at an instant, their cuts numbered anew."""
    (begin,) = (n for n, m in enumerate(messages) if isinstance(m, Cut) and m.ts_ns == ts_ns)
    skipped = messages[begin].number
    return [
        Cut(number=m.number - skipped, ts_ns=m.ts_ns, reason=m.reason) if isinstance(m, Cut) else m
        for m in messages[begin + 1 :]
    ]


def behind(books: MemoryBooks, stream: str, kind: type, ts_ns: int) -> list[Message]:
    def time_of(message: Message) -> int:
        return message.end_ns if isinstance(message, BarClosed) else message.ts_ns

    return [m for m in books.entries(stream) if isinstance(m, kind) and time_of(m) > ts_ns]


@pytest.mark.parametrize("clock", ["08:00", "09:30", "11:00", "15:30"])
def test_bars_values_and_regimes_are_those_of_a_floor_that_ran_all_day(tmp_path, clock):
    messages, ts_ns = recorded(), at(clock, DAY)
    whole = played(messages, str(tmp_path))
    past = [m for m in whole.entries("bars") if isinstance(m, BarClosed) and m.end_ns <= ts_ns]
    assert len(past) > 36
    warm = played([*(BarWarm(bar=b) for b in past), *from_here(messages, ts_ns)], str(tmp_path))
    for stream, kind in (("bars", BarClosed), ("bars", ValueJudged), ("regime", RegimeJudged)):
        wanted = behind(whole, stream, kind, ts_ns)
        assert [m for m in warm.entries(stream) if isinstance(m, kind)] == wanted != []


def test_nothing_is_raised_marked_or_traded_on_the_bars_of_the_past(tmp_path):
    messages, ts_ns = recorded(), at("11:00", DAY)
    whole = played(messages, str(tmp_path))
    past = [m for m in whole.entries("bars") if isinstance(m, BarClosed) and m.end_ns <= ts_ns]
    rest = from_here(messages, ts_ns)
    first_ns = next(int(trades_of(m).ts_event[0]) for m in rest if isinstance(m, TradeBatch))
    warm = played([*(BarWarm(bar=b) for b in past), *rest], str(tmp_path))
    raised = [m for m in warm.entries("detector") if isinstance(m, SignalRaised)]
    assert raised and all(signal.ts_ns > first_ns for signal in raised)
    changed = [m for m in warm.entries("detector") if isinstance(m, ZoneChanged)]
    assert changed and {m.signal_id for m in changed} <= {signal.id for signal in raised}
    # Those of bars are the same; missing are only those about what the past had marked.
    found = {signal.id for signal in raised if signal.series != "trades"}
    wanted = [
        signal
        for signal in behind(whole, "detector", SignalRaised, ts_ns)
        if isinstance(signal, SignalRaised) and signal.series != "trades"
    ]
    missing = {signal.pattern for signal in wanted if signal.id not in found}
    assert found <= {signal.id for signal in wanted} and missing == {Pattern.UNFINISHED_REVISITED}


def test_the_regime_knows_enough_at_the_first_bar(tmp_path):
    messages, ts_ns = recorded(), at("11:00", DAY)
    whole = played(messages, str(tmp_path))
    past = [m for m in whole.entries("bars") if isinstance(m, BarClosed) and m.end_ns <= ts_ns]
    rest = from_here(messages, ts_ns)
    cold = played(rest, str(tmp_path))
    warm = played([*(BarWarm(bar=b) for b in past[-36:]), *rest], str(tmp_path))
    first = [next(m for m in b.entries("regime") if isinstance(m, RegimeJudged))
             for b in (cold, warm)]  # fmt: skip
    assert [judged.bars for judged in first] == [1, 37]
    assert first[0].regime is Regime.NO_TRADE
