"""Whoever goes on from a copy of its state cannot be told from one who never died.

Here every actor that keeps copies is replaced behind every cut by a new one, restored from its
copy, in tapes that bring every calculation with a memory to work.
"""

import dataclasses
from collections import Counter

from actors.adapters.books import MemoryBooks, digest
from actors.adapters.feeds.ingest import Recording
from actors.adapters.feeds.port import Refusals
from actors.adapters.feeds.tape import TapeRule, tape
from ops.replay import local_floor, workers
from protocol.codec import decode
from protocol.settings import Settings
from supervision.checkpoint import restore, state_of
from supervision.guarded import resolve
from tests.actors.adapters.feeds.recordings import real
from tests.simulation.floor import Floor, busy_settings, frames
from tests.simulation.flow_tape import flow_settings, flow_tape
from tests.simulation.test_floor import STORM

RESUMING = {"bars", "detector", "regime", "router", "risk"}


def played(messages, settings, directory, *, replaced) -> tuple[str, Counter]:
    """Return the digest of a run, and how often each actor was replaced."""
    books = MemoryBooks()
    run = local_floor(settings, books, directory)
    run.block_messages = 1  # As it is live: nobody knows what will come.
    counts = Counter()
    starts = {spec.id: spec.start for spec in workers(settings)}

    def replace(id: str) -> None:
        again = resolve(starts[id])()
        again.configure(settings, directory)
        restore(again, state_of(run.cells[id].shell))
        run.cells[id].shell = again
        counts[id] += 1

    for id, cell in run.cells.items():
        if replaced and cell.shell.resumes:
            cell._after_cut = lambda id=id: replace(id)
    run.run(messages)
    return digest(books), counts


def check(messages, settings, directory) -> None:
    calm, nobody = played(messages, settings, directory, replaced=False)
    found, counts = played(messages, settings, directory, replaced=True)
    assert found == calm
    assert not nobody
    assert set(counts) == RESUMING
    assert set(counts.values()) == {sum(message.KIND == "market.cut" for message in messages)}


def test_bars_zones_regimes_and_orders_go_on_from_a_copy(tmp_path):
    check([decode(frame) for frame in frames()], busy_settings(), str(tmp_path))


def test_the_metrics_and_the_book_go_on_from_a_copy(tmp_path):
    settings = flow_settings()
    check(list(flow_tape(settings)), settings, str(tmp_path))


def test_a_recorded_day_goes_on_from_a_copy(tmp_path):
    path = real("es-ticks-2013/tick_data.csv.gz")
    settings = Settings()
    source = Recording([path], "ES", Refusals(tmp_path), settings.feed)
    messages = list(tape(source, TapeRule.of(settings.feed, settings.bars)))
    check(messages, settings, str(tmp_path))


def test_in_a_storm_most_lives_begin_with_a_copy_and_leave_no_trace():
    calm = Floor(0, dataclasses.replace(STORM, crash=0.0, loss=0.0))
    calm.run()
    for seed in range(3):
        floor = Floor(seed, dataclasses.replace(STORM, checkpoint=0.5))
        played = floor.run()
        crashed = sum(played.places[id].crashes for id in RESUMING)
        resumed = sum(played.places[id].resumed for id in RESUMING)
        assert resumed > crashed / 2
        assert floor.digest == calm.digest, f"seed {seed}: another digest"
