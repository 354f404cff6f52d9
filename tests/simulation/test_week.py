"""A week in the simulator: the end of summer time, a holiday, a half day, and crashes at random.

From Friday noon to Sunday evening nine days later; the clocks go back on the first Sunday, the
second Wednesday is closed and Thursday closes early. The session and its chores are to do every
thing of every day once, at its hour, whatever dies meanwhile.
"""

import dataclasses
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache

import numpy as np
import pytest

from actors.adapters.chores import FakeChores
from actors.adapters.feeds.port import Chunk
from actors.adapters.feeds.tape import TapeRule, tape
from actors.core.columns import Trades
from actors.core.session.chores import Outcome
from actors.session import SessionShell
from protocol.codec import decode, encode
from protocol.day import (
    ActionMissed,
    ActionTaken,
    Chore,
    ChoreEnded,
    ChoreResult,
    PhaseChanged,
)
from protocol.day_settings import DaySettings
from protocol.market import Aggressor, Cut, SideSource
from protocol.message import Message
from protocol.settings import CalendarSettings, Settings
from protocol.units import NANOS_PER_S
from supervision.flow import MemoryWindow, Window
from supervision.journal import MemoryJournal
from supervision.shell import Shell, SinkShell
from supervision.simulator import Crash, Faults, Place, Simulator
from supervision.spec import ChildSpec
from tests.simulation.week_market import CLOCKS_GO_BACK, NEW_YORK, REGULAR, SHORT, at

FIRST, LAST = datetime(2025, 10, 31, 12, 0), datetime(2025, 11, 9, 19, 0)
CLOSED, HALF = date(2025, 11, 5), date(2025, 11, 6)
SETTINGS = dataclasses.replace(
    Settings(), calendar=CalendarSettings(closed=(str(CLOSED),), early=(f"{HALF} 13:15",))
)
STORM = Faults(
    crash=0.15, power=0.02, loss=0.05, duplicate=0.05, delay=0.1, crashes_max=30
)
AGAIN = Outcome(75, "no route")
SHORT_DAY = REGULAR | SHORT["13:15"]


class WeekFeed(Shell):
    """Publishes a tape as it is; nothing here has to be settled."""

    joined = False

    def __init__(self, frames: tuple[bytes, ...]) -> None:
        self.frames = frames

    def window(self) -> Window[bytes]:
        return MemoryWindow(bodies=list(self.frames))


class Diary(SinkShell):
    """Keeps what the session publishes; `kept` outlives it."""

    def __init__(self, kept: list[Message]) -> None:
        self.kept, self.open = kept, list[Message]()

    def resume(self) -> dict[str, int]:
        return {"session": len(self.kept)}

    def keep(self, source: str, seq: int, message: Message) -> None:
        self.open.append(message)

    def commit(self) -> None:
        self.kept += self.open
        self.open = []


def moments() -> Iterator[int]:
    """Yield the instants of the trades: two a minute while the exchange is open."""
    moment = FIRST.replace(tzinfo=NEW_YORK).astimezone(UTC)
    while (local := moment.astimezone(NEW_YORK)).replace(tzinfo=None) < LAST:
        if CLOCKS_GO_BACK.is_open(local):
            base = int(moment.timestamp()) * NANOS_PER_S
            yield from (base + 7 * NANOS_PER_S, base + 40 * NANOS_PER_S)
        moment += timedelta(minutes=1)


@cache
def frames() -> tuple[bytes, ...]:
    """Return the encoded tape of the week."""
    times = np.fromiter(moments(), np.int64)
    rng = np.random.default_rng(5)
    count = len(times)
    trades = Trades(
        times,
        (20_000 + np.cumsum(rng.integers(-1, 2, count))).astype(np.int32),
        rng.integers(1, 9, count).astype(np.int32),
        rng.choice(np.array([Aggressor.BUY, Aggressor.SELL], np.uint8), count),
        np.full(count, SideSource.FEED, np.uint8),
        np.zeros(count, np.uint8),
        None,
        None,
    )
    rule = TapeRule.of(SETTINGS.feed, SETTINGS.bars, calendar=SETTINGS.calendar)
    return tuple(encode(m) for m in tape([Chunk(trades, "ESZ5", simulated=True)], rule))


class Clocked(Simulator):
    """Tells the session the time of its wall, which here is that of the play."""

    def _tick(self, id: str) -> None:
        node = self.places[id].node
        try:
            if node is not None and id == "session":
                node.cell.time(round(self.now_s * NANOS_PER_S))
                node.cell.release()
        except Crash:
            self._crash(id)
        super()._tick(id)


class Week:
    """One simulated week and what is left of it."""

    def __init__(self, seed: int, faults: Faults, outcomes: list[Outcome | None]) -> None:
        self.seed, self.faults = seed, faults
        self.fake = FakeChores(outcomes)
        self.diary: list[Message] = []

    def run(self) -> Simulator:
        """Play to the end of the tape."""
        wiring = {"feed": (), "session": ("feed",), "diary": ("session",)}
        makers = {
            "feed": lambda: WeekFeed(frames()),
            "session": self._session,
            "diary": lambda: Diary(self.diary),
        }
        places = {
            id: Place(ChildSpec(id=id, start="week.Toy", reads=reads), makers[id])
            for id, reads in wiring.items()
        }
        places["session"].journal = MemoryJournal()
        self.session = places["session"]
        simulator = Clocked(places, self.seed, self.faults, self._finished)
        simulator.run()
        return simulator

    def _session(self) -> SessionShell:
        day = DaySettings(chores=("preflight", "recap", "export"), backoff_s=60)
        shell = SessionShell(self.fake.life())
        shell.configure(dataclasses.replace(SETTINGS, day=day), "/nowhere/data")
        return shell

    def _finished(self) -> bool:
        node = self.session.node
        if node is None or node.inlets["feed"].taken < len(frames()):
            return False
        if node.shell.state.chores.waiting:  # Pauses are the wall's, the tape knows none.
            return False
        return len(self.diary) == node.window.last

    def of(self, *kinds: type) -> list:
        return [fact for fact in self.diary if isinstance(fact, kinds)]


def wanted() -> dict[tuple[str, str], int]:
    """Return the hour of every action of the week by action and trading date, a table by hand."""
    found = {
        (name, "2025-10-31"): at(date(2025, 10, 31), clock) for name, clock in REGULAR.items()
    }
    found["globex_open", "2025-10-31"] = at(date(2025, 10, 30), "18:00")
    for number in (3, 4, 6, 7):
        day = date(2025, 11, number)
        for name, clock in (SHORT_DAY if day == HALF else REGULAR).items():
            found[name, str(day)] = at(day, clock)
        found["globex_open", str(day)] = at(day - timedelta(days=1), "18:00")
    found["globex_open", "2025-11-10"] = at(date(2025, 11, 9), "18:00")
    return found


@pytest.fixture(scope="module")
def calm() -> Week:
    week = Week(0, Faults(), [])
    week.run()
    return week


def test_every_action_of_the_week_is_answered_once_at_its_hour(calm):
    answers = calm.of(ActionTaken, ActionMissed)
    assert {(str(f.action), f.trading_date): f.due_ns for f in answers} == wanted()
    assert len(answers) == len(wanted())
    # The tape begins at noon: what came before is missed, or late, and nothing else.
    begin = at(date(2025, 10, 31), "12:00")
    assert {f.due_ns < begin for f in calm.of(ActionMissed)} == {True}
    cuts = [m.ts_ns for m in map(decode, frames()) if isinstance(m, Cut)]
    for fact in calm.of(ActionTaken):
        assert fact.ts_ns == min(ts for ts in cuts if ts >= fact.due_ns)
    assert [fact.due_ns for fact in answers] == sorted(fact.due_ns for fact in answers)


def test_the_trading_dates_are_those_of_the_week_and_roll_at_1700(calm):
    phases = calm.of(PhaseChanged)
    rolls = [f for one, f in zip(phases, phases[1:], strict=False)
             if one.trading_date != f.trading_date]  # fmt: skip
    assert [f.trading_date for f in rolls] == [
        "2025-11-03", "2025-11-04", "2025-11-05", "2025-11-06", "2025-11-07", "2025-11-10",
    ]  # fmt: skip
    assert [f.ts_ns for f in rolls] == [
        at(date(2025, 10, 31), "17:00"), *(at(date(2025, 11, n), "17:00") for n in range(3, 8)),
    ]  # fmt: skip


def test_the_phases_are_those_of_the_calendar(calm):
    found = {}
    for fact in calm.of(PhaseChanged):
        found.setdefault(fact.trading_date, []).append(str(fact.phase))
    regular = ["halt", "eth", "rth", "post"]
    assert found == {
        "2025-10-31": ["rth", "post"],
        "2025-11-03": ["weekend", "eth", "rth", "post"],
        "2025-11-04": regular,
        "2025-11-05": ["closed"],
        "2025-11-06": ["halt", "eth", "rth", "halt"],
        "2025-11-07": regular,
        "2025-11-10": ["weekend", "eth"],
    }


def test_preflight_recap_and_export_are_done_once_on_every_day_that_was_open(calm):
    done = [(str(f.chore), f.trading_date) for f in calm.of(ChoreEnded)]
    days = ["2025-11-03", "2025-11-04", "2025-11-06", "2025-11-07"]
    after = [(c, d) for d in days for c in ("preflight", "recap", "export")]
    assert done == [("recap", "2025-10-31"), ("export", "2025-10-31"), *after]
    assert calm.fake.done == [(Chore(chore), day) for chore, day in done]


@pytest.mark.parametrize("seed", range(12))
def test_a_storm_of_crashes_changes_no_action_and_no_phase(calm, seed):
    week = Week(seed, STORM, [AGAIN, None, None, AGAIN])
    simulator = week.run()
    print(f"seed {seed}: {simulator.crashes} crashes, {simulator.power_cuts} power cuts")
    assert simulator.crashes >= 5, f"seed {seed}"
    kinds = (ActionTaken, ActionMissed, PhaseChanged)
    assert week.of(*kinds) == calm.of(*kinds), f"seed {seed}"
    ended = [f for f in week.of(ChoreEnded) if f.result is not ChoreResult.AGAIN]
    done = sorted((f.chore, f.trading_date) for f in ended if f.result is ChoreResult.DONE)
    calm_done = sorted((f.chore, f.trading_date) for f in calm.of(ChoreEnded))
    # A preflight whose starter died just before the open is given up: that is said, not hidden.
    lost = [(f.chore, f.trading_date) for f in ended if f.result is ChoreResult.FAILED]
    assert {chore for chore, _ in lost} <= {Chore.PREFLIGHT}, f"seed {seed}"
    assert sorted([*done, *lost]) == calm_done, f"seed {seed}"
