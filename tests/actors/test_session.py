"""The session shell: the market's time and the wall's, chores, and what a restart keeps."""

from actors.adapters.chores import FakeChores
from actors.core.session.chores import Outcome
from actors.session import SessionShell
from protocol.day import (
    ActionMissed,
    ActionTaken,
    Chore,
    ChoreEnded,
    ChoreResult,
    ChoreStarted,
    PhaseChanged,
    PreflightJudged,
    Verdict,
)
from protocol.day_settings import DaySettings
from protocol.market import Cut, CutReason, TradeBatch
from protocol.settings import Settings
from protocol.units import NANOS_PER_S
from supervision.cell import Cell
from supervision.journal import MemoryJournal
from tests.makers import at

S = NANOS_PER_S
ALL = ("preflight", "recap", "export")


class Session:
    """A session in its cell; `restart` is another life on the same journal."""

    def __init__(self, chores=(), outcomes=None, **day):
        self.day = DaySettings(chores=chores, **day)
        self.fake = FakeChores(outcomes)
        self.journal = MemoryJournal()
        self.number = 0
        self.restart()

    def restart(self):
        self.fake = self.fake.life()
        self.shell = SessionShell(self.fake)
        self.shell.configure(Settings(day=self.day), "/nowhere/data")
        self.facts = []
        self.cell = Cell(self.shell, ("feed",), self.facts.extend, self.journal)
        self.cell.recover()

    def cut(self, ts_ns):
        self.number += 1
        cut = Cut(number=self.number, ts_ns=ts_ns, reason=CutReason.BAR)
        self.cell.offer("feed", self.number, cut)
        self.cell.release()

    def wall(self, *instants):
        for now_ns in instants:
            self.cell.time(now_ns)
            self.cell.release()

    def of(self, *kinds):
        return [fact for fact in self.facts if isinstance(fact, kinds)]

    def taken(self):
        return [str(fact.action) for fact in self.of(ActionTaken)]


def test_on_the_clock_of_events_a_cut_brings_what_is_due_and_the_wall_nothing():
    session = Session()
    session.wall(at("12:00"))
    assert session.facts == []
    session.cut(at("07:00"))
    assert session.taken() == ["globex_open", "warmup"]
    session.wall(at("16:30"))
    assert session.taken() == ["globex_open", "warmup"]
    session.cut(at("09:31"))
    assert session.taken()[2:] == ["rth_open"]
    assert [str(f.action) for f in session.of(ActionMissed)] == ["preflight"]


def test_on_the_walls_clock_cuts_of_the_tape_bring_nothing():
    session = Session(clock="wall")
    session.cut(at("09:31"))
    assert session.facts == []
    session.wall(at("09:31"))
    assert "rth_open" in session.taken()


def test_the_walls_clock_is_looked_at_twice_a_second_and_again_when_it_goes_back():
    session = Session(clock="wall")
    session.wall(at("09:34:59.700"))
    assert "first_entry" not in session.taken()
    session.wall(at("09:35:00.199"))
    assert "first_entry" not in session.taken()
    session.wall(at("09:35:00.200"))
    assert "first_entry" in session.taken()
    count = len(session.facts)
    session.wall(at("09:34"), at("09:35"), at("09:36"))
    assert len(session.facts) == count


def test_trades_need_not_even_be_read():
    assert not Session().cell.wants("feed", TradeBatch)


def test_a_cut_that_comes_again_brings_nothing():
    session = Session()
    session.cut(at("09:31"))
    count = len(session.facts)
    session.cut(at("09:31"))
    assert len(session.facts) == count


def test_a_restart_in_mid_day_goes_on_where_it_was():
    session = Session()
    session.cut(at("09:31"))
    session.restart()
    known = len(session.facts)
    session.cut(at("09:36"))
    assert [str(fact.action) for fact in session.facts[known:]] == ["first_entry"]


def test_a_phase_is_told_when_it_changes():
    session = Session()
    for clock in ("09:29", "09:30", "09:31", "16:00"):
        session.cut(at(clock))
    assert [str(fact.phase) for fact in session.of(PhaseChanged)] == ["eth", "rth", "post"]


def test_recap_and_export_are_done_one_after_the_other_and_recorded():
    session = Session(chores=ALL, clock="wall")
    session.wall(at("16:59"))
    start = at("17:01")
    session.wall(*(start + n * S for n in range(10)))
    assert [chore for chore, _ in session.fake.done] == [Chore.RECAP, Chore.EXPORT]
    told = [
        (str(f.chore), f.KIND.removeprefix("day.chore_"))
        for f in session.of(ChoreStarted, ChoreEnded)
    ]
    assert told == [("recap", "started"), ("recap", "ended"), ("export", "started"),
                    ("export", "ended")]  # fmt: skip


def test_a_chore_is_begun_only_after_its_start_is_recorded():
    session = Session(chores=("export",), clock="wall")
    session.wall(at("16:59"), at("17:01"))
    assert session.of(ChoreStarted)
    assert session.fake.begun == []
    session.wall(at("17:01:01"))
    assert session.fake.begun == [(Chore.EXPORT, "2025-12-02")]


def test_an_export_that_asks_for_it_is_tried_again_after_the_pause():
    outcomes = [Outcome(75, "no route"), Outcome(0, "")]
    session = Session(chores=("export",), outcomes=outcomes, clock="wall", backoff_s=30)
    session.wall(at("16:59"))
    start = at("17:01")
    session.wall(*(start + n * S for n in range(100)))
    first, second = session.of(ChoreEnded)
    assert (first.result, first.detail, second.result) == (
        ChoreResult.AGAIN, "no route", ChoreResult.DONE,
    )  # fmt: skip
    begun = [fact.ts_ns for fact in session.of(ChoreStarted)]
    assert 30 * S <= begun[1] - first.ts_ns < 32 * S


def test_a_restart_while_a_chore_runs_neither_forgets_nor_doubles_it():
    session = Session(chores=("export",), outcomes=[None, None], clock="wall", backoff_s=30)
    session.wall(at("16:59"), at("17:01"), at("17:01:01"), at("17:01:02"))
    assert len(session.fake.begun) == 1
    session.restart()
    session.fake.outcomes.clear()
    start = at("17:01:03")
    session.wall(*(start + n * S for n in range(100)))
    ends = session.of(ChoreEnded)
    assert [end.result for end in ends] == [ChoreResult.AGAIN, ChoreResult.DONE]
    assert session.fake.done == [(Chore.EXPORT, "2025-12-02")]
    session.restart()
    session.wall(*(start + n * S for n in range(100, 200)))
    assert session.fake.done == [(Chore.EXPORT, "2025-12-02")]


def test_a_chore_that_dies_at_the_end_of_the_tape_is_tried_again_by_the_wall():
    session = Session(chores=("export",), outcomes=[None, None], backoff_s=30)
    session.wall(0, S)
    session.cut(at("16:59"))
    session.cut(at("17:02"))
    session.wall(2 * S, 3 * S)
    assert session.fake.running
    session.restart()
    session.fake.outcomes.clear()
    session.wall(*(n * S for n in range(4, 100)))
    first, second = session.of(ChoreEnded)
    assert (first.again_ns, first.ts_ns) == (34 * S, at("17:02"))
    assert (second.result, second.ts_ns) == (ChoreResult.DONE, at("17:02"))
    assert session.fake.done == [(Chore.EXPORT, "2025-12-02")]


def test_the_verdict_of_a_preflight_is_told():
    session = Session(chores=ALL, outcomes=[Outcome(4, "NO-GO; disk: 3 MB\n")])
    for clock in ("09:20", "09:25", "09:26", "09:27"):
        session.cut(at(clock))
    (judged,) = session.of(PreflightJudged)
    assert (judged.verdict, judged.detail) == (Verdict.NO_GO, "NO-GO; disk: 3 MB")


def test_the_end_of_a_chore_between_two_cuts_is_seen():
    session = Session(chores=ALL)
    session.cut(at("09:25"))
    session.wall(1, 2)  # Whatever the wall says: time stands still until the next cut.
    (judged,) = session.of(PreflightJudged)
    assert judged.ts_ns == at("09:25")


def test_a_stop_ends_what_runs():
    session = Session(chores=("export",), outcomes=[None], clock="wall")
    session.wall(at("16:59"), at("17:01"), at("17:01:01"))
    assert session.fake.running
    session.shell.close()
    assert session.fake.running is None


def test_the_screen_shows_phase_next_actions_and_chores():
    session = Session(chores=("export",))
    assert session.shell.inspect()["next"] == []
    session.cut(at("17:02"))
    seen = session.shell.inspect()
    assert (seen["phase"], seen["trading_date"]) == ("halt", "2025-12-03")
    assert seen["next"][0]["action"] == "globex_open"
