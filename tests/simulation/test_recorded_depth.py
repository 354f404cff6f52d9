"""A recorded hour with its book on the floor: bars trade as without it, the metrics as live."""

import dataclasses
from functools import cache
from pathlib import Path

import pytest

from actors.adapters.books import MemoryBooks, digest
from actors.adapters.feeds.ingest import Recording
from actors.adapters.feeds.port import Refusals
from actors.adapters.feeds.tape import TapeRule, tape
from ops.replay import LOCAL_BATCH_TRADES_MAX, local_floor, replay_local
from protocol.codec import decode, encode
from protocol.market import Cut, CutReason, DepthBatch
from protocol.patterns import FAMILY, Family
from protocol.settings import Settings
from protocol.signals import SignalRaised
from protocol.units import NANOS_PER_S
from supervision.simulator import Faults
from tests.actors.adapters.feeds.recordings import real
from tests.simulation.floor import Floor
from tests.simulation.flow_tape import flow_settings

ESH4 = "es-mbo-20231225/esh4-glbx-mdp3-20231225.mbo.dbn.zst"
OPEN_NS = 1_703_545_200_000_000_000


def live_rule(settings: Settings) -> TapeRule:
    return TapeRule.of(
        settings.feed, settings.bars, settings.flow, settings.risk, settings.calendar
    )


def local_rule(settings: Settings) -> TapeRule:
    return dataclasses.replace(
        live_rule(settings), batch_trades_max=LOCAL_BATCH_TRADES_MAX, batch_ns=0
    )


def messages(settings: Settings, rule: TapeRule, directory: Path, minutes: int = 60):
    """The tape of the file's first minutes."""
    source = Recording([real(ESH4)], "ES", Refusals(directory), settings.feed)
    for message in source.with_depth(tape(source, rule), rule):
        if isinstance(message, Cut) and message.ts_ns >= OPEN_NS + minutes * 60 * NANOS_PER_S:
            yield dataclasses.replace(message, reason=CutReason.END)
            return
        yield message


def played(settings: Settings, tape_messages, directory: Path) -> MemoryBooks:
    books = MemoryBooks()
    local_floor(settings, books, str(directory)).run(tape_messages)
    return books


def wanting(settings: Settings, **feed) -> Settings:
    return dataclasses.replace(settings, feed=dataclasses.replace(settings.feed, **feed))


def measured(exits: bool, **feed) -> Settings:
    """Settings under which the metrics find something in a quiet night."""
    settings = flow_settings(exits=exits, window_s=10, imbalance_min=0.05, delta_min=5,
                             confidence_min=0.3, require_primary=False)  # fmt: skip
    return wanting(settings, **feed)


def test_bars_signals_and_trades_are_the_same_with_the_book_and_without(tmp_path):
    found = {}
    for depth in ("none", "ten"):
        settings = wanting(Settings(), depth=depth)
        books = played(settings, messages(settings, local_rule(settings), tmp_path), tmp_path)
        found[depth] = digest(books)
    assert found["none"] == found["ten"]


@pytest.mark.parametrize("exits", [False, True])
def test_the_metrics_find_the_same_however_the_tape_is_cut_into_batches(tmp_path, exits):
    found = set()
    settings = measured(exits, speed=60.0, batch_trades_max=7)
    unpaced = live_rule(wanting(settings, speed=0.0))
    for rule in (unpaced, live_rule(settings), local_rule(settings)):
        books = played(settings, messages(settings, rule, tmp_path, minutes=20), tmp_path)
        found.add(digest(books))
        assert any(
            isinstance(m, SignalRaised) and FAMILY[m.pattern] is Family.FLOW
            for m in books.entries("detector")
        )
    assert len(found) == 1


def test_a_local_replay_finds_what_the_live_tape_brings(tmp_path):
    settings = measured(False)
    _, result = replay_local([real(ESH4)], settings, tmp_path)
    books = played(settings, messages(settings, live_rule(settings), tmp_path), tmp_path)
    assert result.digest == digest(books)
    without = messages(wanting(settings, depth="none"), live_rule(settings), tmp_path)
    assert result.digest != digest(played(settings, without, tmp_path))


@cache
def opening(directory: Path) -> tuple[bytes, ...]:
    """The first minutes of the live tape, encoded."""
    settings = measured(True)
    return tuple(map(encode, messages(settings, live_rule(settings), directory, minutes=3)))


@pytest.mark.parametrize("seed", range(3))
def test_crashes_and_losses_change_nothing_with_the_book_on_the_tape(tmp_path_factory, seed):
    frames = opening(tmp_path_factory.getbasetemp())
    calm = Floor(0, Faults(), measured(True), frames)
    calm.run()
    storm = Floor(
        seed, Faults(crash=0.01, loss=0.01, duplicate=0.02, delay=0.02, crashes_max=30),
        measured(True), frames,
    )  # fmt: skip
    storm.run()
    assert storm.digest == calm.digest
    recorded = tuple(storm.recorded.read(n) for n in range(1, storm.recorded.last + 1))
    assert recorded == frames
    assert sum(isinstance(decode(frame), DepthBatch) for frame in recorded) > 20
