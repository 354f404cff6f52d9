"""The session: what the hours of the day demand, each once, and the chores that follow from it."""

import dataclasses
import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from actors.adapters.chores import Chores, ProcessChores, command_of
from actors.adapters.open import open_journal
from actors.core.rules import hours_of
from actors.core.session import chores
from actors.core.session.chores import ChoreRule
from actors.core.session.day import DayState, apply, facts_at, shown
from protocol.day import Chore, ChoreStarted
from protocol.day_settings import DaySettings
from protocol.market import Cut
from protocol.message import Message
from protocol.settings import Settings
from protocol.units import NANOS_PER_S
from supervision.journal import Journal
from supervision.shell import JournaledShell, handles

LOOK_S = 0.5


class SessionShell(JournaledShell):
    """Asks again and again what the time demands. Its state is the fold of its journal.

    On the clock of events time is what the feed's cuts say, in every runtime the same; trades
    between two cuts say nothing, since how they are batched differs. So an action is taken at the
    first cut at or after its hour. On the wall's clock it is taken within half a second.

    A restart forgets nothing. A chore that was on its way has died with its starter and is tried
    again after a pause of the wall's clock; being done twice does no harm.
    """

    niceness = 5
    lazy = True

    def __init__(self, does: Chores | None = None) -> None:
        self._does = does

    def configure(self, settings: Settings, directory: str) -> None:
        self.day = day = settings.day
        self.hours = hours_of(settings.risk, settings.calendar)
        self.wanted = tuple(Chore(name) for name in day.chores)
        self.rule = ChoreRule(
            attempts_max=day.attempts_max,
            backoff_ns=day.backoff_s * NANOS_PER_S,
            backoff_max_ns=day.backoff_max_s * NANOS_PER_S,
        )
        self.does = self._does or _children(settings, day, Path(directory).parent)
        self.state = DayState()
        self.now_ns = 0  # By the clock of the settings; 0 before it was looked at.
        self.wall_ns = 0
        self.recorded: ChoreStarted | None = None  # What is still to be started in this life.

    def open_journal(self, settings: Settings, directory: str) -> Journal:
        return open_journal(settings, directory, "session")

    @handles(Cut, source="feed")
    def on_feed_cut(self, cut: Cut) -> Iterable[Message]:
        """Record what the market's time brings; a cut that comes again brings nothing."""
        return self._at(cut.ts_ns) if self.day.clock == "event" else ()

    def on_time(self, now_ns: int) -> Iterable[Message]:
        """Record what the time of day brings; on the clock of events, what becomes of chores."""
        self.wall_ns = now_ns
        if self.day.clock == "event":
            return self._work(self.now_ns or self.state.chores.last_ns)
        if 0 <= now_ns - self.now_ns < LOOK_S * NANOS_PER_S:
            return ()
        return self._at(now_ns)

    def tick_s(self) -> float:
        return LOOK_S

    def _at(self, now_ns: int) -> list[Message]:
        self.now_ns = now_ns
        facts = facts_at(self.state, now_ns, self.hours, self.wanted)
        return [*facts, *self._work(now_ns, facts)]

    def _work(self, now_ns: int, facts: Iterable[Message] = ()) -> list[Message]:
        """Start what was recorded at the look before, or record what ended, or what is next."""
        if self.recorded is not None:
            started, self.recorded = self.recorded, None
            self.does.start(started.chore, started.trading_date)
            return []
        if self.state.chores.running is not None:
            outcome = self.does.poll()
            if outcome is None:
                return []
            return chores.ended(self.state.chores, outcome, now_ns, self.wall_ns, self.rule)
        waiting = self.state.chores.waiting
        found = chores.following(waiting, facts, now_ns, self.wall_ns, self.rule)
        if isinstance(found, ChoreStarted):
            self.recorded = found
        return [] if found is None else [found]

    def apply(self, fact: Message) -> None:
        apply(self.state, fact)

    def inspect(self) -> dict[str, Any]:
        return shown(self.state, self.now_ns, self.hours)

    def close(self) -> None:
        self.does.stop()


def _children(settings: Settings, day: DaySettings, run_dir: Path) -> ProcessChores:
    values = dataclasses.asdict(settings)
    given = {
        Chore.EXPORT.value: json.dumps({key: values[key] for key in ("recorder", "export")}),
        Chore.PREFLIGHT.value: json.dumps(values),
    }
    command_for = partial(command_of, run_dir=run_dir, settings=given)
    return ProcessChores(command_for, day.niceness, day.chore_limit_s)
