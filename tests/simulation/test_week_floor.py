"""A week of the whole floor: its hours, its chores, its files and its books, whatever dies.

From Sunday's open to Friday's close and the next open, in two weeks that differ from others: when
the clocks go back, with a holiday and a half day by notice, and Thanksgiving's as every calendar
has it. Actors are killed at any message and at the hours that matter, the floor is killed as a
whole and comes back at once or hours later, on the wall's clock and on the market's own.

FLOORWATCH_SEEDS sets how many storms are played; every failure names its seed.
"""

import dataclasses
import os
import random
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from actors.adapters.books import STREAMS, MemoryBooks, digest
from actors.adapters.digest import sha256_of
from actors.adapters.store import SqlBooks, SqlJournal, database_for
from actors.core.session.calendar import Schedule
from ops.calendars import with_calendar
from protocol.message import Message
from protocol.settings import Settings
from protocol.units import NANOS_PER_S
from supervision.simulator import Faults
from tests.simulation.floor import busy_settings
from tests.simulation.test_floor import check_orders
from tests.simulation.week import Death, WeekFloor, WeekSimulator
from tests.simulation.week_checks import (
    check_actions,
    check_actions_of_events,
    check_chores,
    check_day_files,
    check_destination,
    check_digests,
    check_excursions,
    check_journals,
    check_recaps,
    date_of,
    recap_of,
    untimed,
)
from tests.simulation.week_market import WEEKS, at, frames_of, walk

SEEDS = max(2, int(os.environ.get("FLOORWATCH_SEEDS", "1000")) // 40)
STORM = Faults(crash=0.0004, loss=0.005, duplicate=0.02, delay=0.02, crashes_max=60)
DOLLARS = 25_000
MOMENTS = ("16:00", "16:55", "17:00", "17:01")
DOWN_S = (0.0, 20.0, 600.0, 2_700.0, 10_800.0)
MORTALS = ("session", "recorder", "books", "feed")  # What a day's end depends on.
NOTICE = """[[day]]
date = {day}
calendar = "CME Globex Equity"
{what}
reason = "announced"
source = "a notice of the exchange"
"""


def settings_of(week_name: str, directory: Path) -> Settings:
    """Return settings under which the week trades on most days, its calendar filled in."""
    week, base, new = WEEKS[week_name], busy_settings(), dataclasses.replace
    settings = new(
        base,
        bars=new(base.bars, series=("time:900",)),
        risk=new(base.risk, stop_ticks=6, target_ticks=8),
        paper=new(base.paper, balance_dollars=float(DOLLARS)),
        day=new(base.day, clock="wall", chores=("preflight", "recap", "export"), backoff_s=60),
        export=new(base.export, to="directory"),
        watch=new(base.watch, market="live"),
    )
    if week.announced:
        days = [NOTICE.format(day=day, what="closed = true") for day in week.closed]
        days += [NOTICE.format(day=d, what=f'close = "{c}"') for d, c in week.early.items()]
        file = directory / f"{week_name}.toml"
        file.write_text("version = 1\n" + "".join(days))
        settings = new(settings, calendar=new(settings.calendar, overrides_file=str(file)))
    return with_calendar(settings, week.first.date())


class Lived:
    """A week that was lived, and what it left."""

    def __init__(
        self,
        week_name: str,
        settings: Settings,
        place: Path,
        seed: int = 0,
        faults: Faults = Faults(),
        deaths: Sequence[Death] = (),
    ) -> None:
        self.name, self.week, self.seed = week_name, WEEKS[week_name], seed
        self.outside = place / "outside"
        self.outside.mkdir(parents=True)
        export = dataclasses.replace(settings.export, path=str(self.outside))
        own = dataclasses.replace(settings, export=export)
        self.floor = WeekFloor(seed, faults, own, tape_of(week_name, settings), place / "floor")
        dues = [due_ns for due_ns, _ in self.week.due().values()]
        marks = [*dues, self.week.last_ns]
        self.played: WeekSimulator = self.floor.run(
            self.week.first_ns - NANOS_PER_S, marks, deaths
        )
        self.books = self._kept()
        self.facts = self._facts()

    def _kept(self) -> MemoryBooks:
        kept, found = MemoryBooks(), SqlBooks(database_for("", str(self.floor.data), "books"))
        for stream in (*STREAMS, "session"):
            for seq, message in enumerate(found.entries(stream), 1):
                kept.add(stream, seq, message)
        found.close()
        kept.commit()
        return kept

    def _facts(self) -> list[Message]:
        place = database_for("", str(self.floor.data), "session")
        journal = SqlJournal(place, "session")
        facts = list(journal.load())
        journal.close()
        return facts

    def check(self) -> None:
        """Hold all that must be so after any week."""
        floor, week, data = self.floor, self.week, self.floor.data
        if floor.settings.day.clock == "wall":
            check_actions(self.facts, week, self.played.up_ns)
        else:
            check_actions_of_events(self.facts, week, floor.cuts_ns)
        check_chores(self.facts, week)
        assert floor.chores.told == [], f"seed {self.seed}: an export had something to say"
        check_day_files(self.name, week, self.outside)
        check_destination(week, data, self.outside)
        journals = {id: journal.load() for id, journal in floor.journals.items()}
        check_journals(journals | {"session": self.facts}, self.books)
        check_recaps(self.books, data, week, DOLLARS * 100)
        check_excursions(self.name, self.books, data, week)
        check_digests(floor.notified.told, self.books, week)
        check_orders(self, self.seed)

    def day_files(self) -> dict[str, str]:
        """Return the checksums of the day files outside."""
        return {path.name: sha256_of(path) for path in (self.outside / "ES").glob("*.parquet")}

    def recaps(self) -> list[dict]:
        """Return the recaps but for when they were written."""
        return [untimed(recap_of(self.floor.data, day)) for day in self.week.dates]


@cache
def tape_of(week_name: str, settings: Settings) -> tuple[tuple[bytes, ...], tuple[int, ...]]:
    return frames_of(week_name, settings)


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """Return the undisturbed week of a name, lived once."""

    @cache
    def lived(week_name: str) -> tuple[Settings, Lived]:
        place = tmp_path_factory.mktemp("calm")
        settings = settings_of(week_name, place)
        return settings, Lived(week_name, settings, place)

    return lived


def deaths_of(week_name: str, seed: int) -> list[Death]:
    """Return who dies when: in most nights the floor, and single actors while a day ends."""
    week, dice = WEEKS[week_name], random.Random(f"deaths {seed}")

    def around(day: date, clock: str) -> int:
        return at(day, clock) + round(dice.uniform(-1, 8) * NANOS_PER_S)

    last_ns = week.last_ns - 3_600 * NANOS_PER_S
    found = [Death(dice.randrange(week.first_ns, last_ns), dice.choice(DOWN_S)) for _ in range(3)]
    # Once the floor comes back when the day is over, with all of its end still to be lived.
    found.append(Death(at(dice.choice(week.dates), "12:50"), 5.0 * 3_600))
    for day in week.dates:
        if dice.random() < 0.6:
            found.append(Death(around(day, dice.choice(MOMENTS)), dice.choice(DOWN_S)))
        found += [Death(around(day, "17:01"), who=who) for who in MORTALS if dice.random() < 0.4]
        if dice.random() < 0.5:  # In the midst of the recap.
            found.append(Death(at(day, "17:01") + NANOS_PER_S * 3 // 4, who="session"))
    return found


@pytest.mark.parametrize("week_name", WEEKS)
def test_the_calendar_knows_the_days_that_differ(calm, week_name):
    settings, _ = calm(week_name)
    week, found = WEEKS[week_name], settings.calendar
    schedule = Schedule.of(found.closed, found.early)
    for day in (week.first.date(), *week.dates, *week.closed):
        assert (day in schedule.closed) == (day in week.closed)
        clock = schedule.early.get(day)
        assert (f"{clock // 60}:{clock % 60:02}" if clock else None) == week.early.get(day)


@pytest.mark.parametrize("week_name", WEEKS)
def test_the_week_is_traded_and_its_tape_has_trades_on_both_sides_of_the_line(calm, week_name):
    _, lived = calm(week_name)
    counts = [recap["summary"]["trades"] for recap in lived.recaps()]
    assert sum(count > 3 for count in counts) >= 4 and sum(counts) > 40
    trades, week = walk(week_name), WEEKS[week_name]
    ends = [at(day, "17:00") for day in week.dates if day not in week.early]
    on_the_line = np.isin(ends, trades.ts_event)
    assert on_the_line.sum() >= 3 and np.isin(np.array(ends) - 1, trades.ts_event).all()
    line = next(end for end, there in zip(ends, on_the_line, strict=True) if there)
    assert date_of(line - 1) != date_of(line)


@pytest.mark.parametrize("week_name", WEEKS)
def test_an_undisturbed_week_does_everything_once_and_at_its_hour(calm, week_name):
    _, lived = calm(week_name)
    lived.check()
    assert lived.played.crashes == 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_storm_leaves_the_week_as_it_would_have_been(calm, seed, tmp_path_factory):
    week_name = list(WEEKS)[seed % 2]
    settings, undisturbed = calm(week_name)
    day = dataclasses.replace(settings.day, clock="event" if seed % 3 == 2 else "wall")
    lived = Lived(
        week_name,
        dataclasses.replace(settings, day=day),
        tmp_path_factory.mktemp("storm"),
        seed,
        STORM,
        deaths_of(week_name, seed),
    )
    played, chores = lived.played, lived.floor.chores
    print(
        f"seed {seed}: {played.crashes} crashes, {played.power_cuts} times the floor,"
        f" {chores.killed} chores killed, {chores.waited} waits for the floor"
    )
    assert played.crashes > 20 and played.power_cuts >= 2, f"seed {seed}"
    lived.check()
    assert digest(lived.books) == digest(undisturbed.books), f"seed {seed}: another digest"
    assert lived.day_files() == undisturbed.day_files(), f"seed {seed}"
    assert lived.recaps() == undisturbed.recaps(), f"seed {seed}"
