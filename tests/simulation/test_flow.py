"""The metrics on the floor: their stops, their cooldown and their exit, whatever happens to it."""

import dataclasses
import os

import pytest

from actors.adapters.books import MemoryBooks, digest
from ops.replay import local_floor
from protocol.codec import encode
from protocol.market import Cut, CutReason
from protocol.orders import (
    BracketApproved,
    BracketDenied,
    BracketSubmitted,
    DenyReason,
    ExitReason,
    FlattenOrdered,
    Leg,
    PositionClosed,
    PositionOpened,
)
from protocol.patterns import FAMILY, Direction, Family, Pattern
from protocol.reports import OrderFilled
from protocol.signals import FlowTurned, SignalApproved, SignalRaised
from protocol.units import NANOS_PER_MS, NANOS_PER_S
from supervision.simulator import Faults
from tests.makers import at
from tests.simulation.floor import Floor
from tests.simulation.flow_tape import TURN, flow_settings, flow_tape

SEEDS = max(1, min(int(os.environ.get("FLOORWATCH_SEEDS", "1000")) // 4, 50))
STORM = Faults(crash=0.01, loss=0.01, duplicate=0.02, delay=0.02, crashes_max=30)


def played(settings, directory, **cut) -> MemoryBooks:
    books = MemoryBooks()
    local_floor(settings, books, str(directory)).run(flow_tape(settings, **cut))
    return books


def signals(books):
    return [m for m in found(books, "detector", SignalRaised) if FAMILY[m.pattern] is Family.FLOW]


def found(books, stream, kind):
    return [message for message in books.entries(stream) if type(message) is kind]


@pytest.fixture(scope="module")
def books(tmp_path_factory) -> MemoryBooks:
    return played(flow_settings(), tmp_path_factory.mktemp("floor"))


@pytest.mark.parametrize(
    ("symbol", "stop", "target", "cents"),
    # Gold: the cap of 25 ticks and one of slippage, 10 dollars each; ES: 40 ticks of 12.50.
    [("GC", 25, 50, 26 * 1_000 + 450), ("ES", 40, 80, 41 * 1_250 + 450)],
)
def test_an_entry_of_the_metrics_has_the_stop_of_the_table(tmp_path, symbol, stop, target, cents):
    kept = played(flow_settings(symbol), tmp_path)
    signal = signals(kept)[0]
    approved = found(kept, "router", SignalApproved)[0]
    bracket = found(kept, "risk", BracketApproved)[0]
    order = found(kept, "desk", BracketSubmitted)[0]
    assert signal.pattern is Pattern.FLOW_BUYING
    for message in (signal, approved, bracket, order):
        assert (message.stop_ticks, message.target_ticks) == (stop, target), message
    assert bracket.risk_cents == cents
    entry = found(kept, "broker", OrderFilled)[0]
    assert entry.price - entry.stop_price == stop
    assert entry.target_price - entry.price == target


def test_the_reward_ratio_moves_the_target(tmp_path):
    kept = played(flow_settings(reward_ratio=1.5), tmp_path)
    bracket = found(kept, "risk", BracketApproved)[0]
    assert (bracket.stop_ticks, bracket.target_ticks) == (40, 60)


def test_a_stop_dearer_than_the_day_allows_is_denied(tmp_path):
    base = flow_settings()
    for dollars, wanted in ((517.0, BracketApproved), (516.99, BracketDenied)):
        limit = dataclasses.replace(base.risk, daily_loss_dollars=dollars)
        kept = played(dataclasses.replace(base, risk=limit), tmp_path)
        answers = (BracketApproved, BracketDenied)
        first = next(m for m in kept.entries("risk") if isinstance(m, answers))
        assert type(first) is wanted
    assert first.reason is DenyReason.RISK_BUDGET


def test_the_entry_is_decided_at_the_cut_of_its_own_slice(books):
    signal = signals(books)[0]
    assert at("10:04") < signal.ts_ns < TURN and signal.ts_ns % (5 * NANOS_PER_S) == 0
    opened = found(books, "desk", PositionOpened)[0]
    # The next trade behind the latency: a third of a second behind the slice.
    assert opened.ts_ns == signal.ts_ns + NANOS_PER_S // 3


def test_metrics_that_turn_close_the_position_at_the_next_trade_behind_the_latency(books):
    said = [m for m in found(books, "detector", FlowTurned) if m.against is Direction.LONG]
    order = found(books, "risk", FlattenOrdered)[0]
    closed = found(books, "desk", PositionClosed)[0]
    assert (order.reason, closed.reason) == (ExitReason.FLOW_EXIT, ExitReason.FLOW_EXIT)
    first = min(m.ts_ns for m in said if m.ts_ns > TURN)
    assert order.ts_ns == first
    assert closed.ts_ns == first + NANOS_PER_S // 3 >= first + 50 * NANOS_PER_MS
    exits = [m for m in found(books, "broker", OrderFilled) if m.leg is Leg.FLATTEN]
    assert exits[0].ts_ns == closed.ts_ns


def test_a_signal_within_the_cooldown_of_the_close_is_denied_and_a_later_one_is_not(books):
    closed = found(books, "desk", PositionClosed)[0]
    first, second, *later = signals(books)
    assert second.ts_ns - first.ts_ns == 300 * NANOS_PER_S  # The clock of the metrics themselves.
    assert second.ts_ns - closed.ts_ns < 300 * NANOS_PER_S
    (denied,) = found(books, "risk", BracketDenied)
    assert (denied.signal_id, denied.reason) == (second.id, DenyReason.COOLDOWN)
    approved = [m.signal_id for m in found(books, "risk", BracketApproved)]
    assert approved == [first.id, later[0].id]


def test_exits_switched_off_leave_the_position_to_its_stop_and_cut_no_slices(tmp_path):
    settings = flow_settings(exits=False)
    assert not any(
        isinstance(m, Cut) and m.reason is CutReason.TIMER for m in flow_tape(settings)
    )
    kept = played(settings, tmp_path)
    assert found(kept, "detector", FlowTurned) == found(kept, "risk", FlattenOrdered) == []
    assert found(kept, "desk", PositionOpened) != []


def test_a_longer_hold_moves_the_exit(tmp_path, books):
    opened = found(books, "desk", PositionOpened)[0]
    kept = played(flow_settings(hold_min_s=120), tmp_path)
    order = found(kept, "risk", FlattenOrdered)[0]
    assert order.ts_ns - opened.ts_ns >= 120 * NANOS_PER_S
    assert order.ts_ns > found(books, "risk", FlattenOrdered)[0].ts_ns


@pytest.mark.parametrize(("batch", "chunk", "depth"), [(1, 1, 1), (7, 40, 3), (64, 333, 1_024)])
def test_batches_of_any_size_give_the_same(tmp_path, books, batch, chunk, depth):
    kept = played(flow_settings(), tmp_path, batch=batch, chunk=chunk, depth=depth)
    assert digest(kept) == digest(books)


@pytest.mark.slow
def test_a_storm_of_faults_leaves_no_trace_in_the_books(books):
    settings = flow_settings()
    frames = tuple(encode(message) for message in flow_tape(settings))
    for seed in range(SEEDS):
        floor = Floor(seed, STORM, settings, frames)
        floor.run()
        assert floor.digest == digest(books), f"seed {seed}: another digest"
        assert tuple(floor.recorded.all()) == frames, f"seed {seed}: recorded otherwise"
