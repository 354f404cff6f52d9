"""Whatever kind of bars decides, the result depends on the trades alone, not on how they come."""

import dataclasses

import pytest

from actors.adapters.books import MemoryBooks, digest
from actors.adapters.feeds.port import Chunk
from actors.adapters.feeds.simulated import SimulatedSession
from actors.adapters.feeds.tape import TapeRule, tape
from ops.replay import local_floor
from protocol.market import BarClosed, Cut, Settled
from protocol.reports import OrderFilled
from protocol.settings import Settings
from tests.simulation.floor import busy_settings

MARKS = (Cut, Settled)
ALL = ("time:900", "tick:20", "volume:100", "range:6")


def decided_on(series: tuple[str, ...]) -> Settings:
    base = busy_settings()
    return dataclasses.replace(base, bars=dataclasses.replace(base.bars, series=series))


def books_of(
    settings: Settings, directory, batch: int, chunk: int, block: int = 256
) -> MemoryBooks:
    """Play a session whose source hands over `chunk` trades at a time, cut into batches.

    Those who depend on the tape alone are `block` messages ahead.
    """
    rule = dataclasses.replace(TapeRule.of(settings.feed, settings.bars), batch_trades_max=batch)
    source = [
        dataclasses.replace(whole, trades=whole.trades.slice(start, start + chunk))
        for whole in SimulatedSession("ES", 11, 900)
        for start in range(0, len(whole.trades), chunk)
    ]
    assert all(isinstance(part, Chunk) for part in source)
    books = MemoryBooks()
    run = local_floor(settings, books, str(directory))
    run.block_messages = block
    run.run(tape(source, rule))
    return books


@pytest.mark.parametrize("first", range(len(ALL)), ids=ALL)
def test_batches_and_chunks_of_any_size_give_the_same_bars_signals_and_fills(tmp_path, first):
    settings = decided_on(ALL[first:] + ALL[:first])
    whole = books_of(settings, tmp_path, 1_000_000, 900)
    assert any(isinstance(m, OrderFilled) for m in whole.entries("broker"))
    kinds = {bar.series for bar in whole.entries("bars") if isinstance(bar, BarClosed)}
    assert kinds == set(ALL)
    for batch, chunk in ((1, 1), (7, 40), (64, 333), (1_000_000, 11)):
        assert digest(books_of(settings, tmp_path, batch, chunk)) == digest(whole), (batch, chunk)


@pytest.mark.parametrize("first", range(len(ALL)), ids=ALL)
def test_however_far_ahead_the_tape_is_known_the_same_is_decided(tmp_path, first):
    settings = decided_on(ALL[first:] + ALL[:first])
    live = books_of(settings, tmp_path, 64, 900, block=1)
    for block in (2, 3, 64, 100_000):
        ahead = books_of(settings, tmp_path, 64, 900, block)
        assert digest(ahead) == digest(live), block
        for stream in ("bars", "detector", "regime", "router", "risk", "desk", "broker"):
            assert list(ahead.marks(stream)) == list(live.marks(stream)), stream


def test_what_is_built_beside_the_deciding_bars_decides_nothing(tmp_path):
    alone = books_of(decided_on(ALL[:1]), tmp_path, 64, 900)
    beside = books_of(decided_on(ALL), tmp_path, 64, 900)
    for stream in ("detector", "regime", "router", "risk", "desk", "broker"):
        one, other = alone.entries(stream), beside.entries(stream)
        # The other bars bring cuts of their own, so the last cut has another number.
        assert [m for m in one if not isinstance(m, MARKS)] == [
            m for m in other if not isinstance(m, MARKS)
        ], stream
