"""The desk shell: what waits for the end of a cut, and what is left of it after a restart."""

import pytest

from actors.adapters.kill_file import LOOK_S
from actors.desk import DeskShell
from protocol.account import LimitsChanged
from protocol.commands import Action, CommandGiven, LimitsGiven
from protocol.fence import FenceCause, FenceOrdered
from protocol.market import Cut, CutReason, FeedLost, FeedRestored, Settled
from protocol.orders import FlattenSubmitted
from protocol.settings import Settings
from protocol.units import NANOS_PER_S
from supervision.cell import Cell
from supervision.journal import MemoryJournal
from supervision.shell import Refused
from tests.actors.core.orders.desk_told import accepted, fill, flatten, link, s
from tests.actors.core.orders.test_commands import command
from tests.makers import make_bracket

CUT = Cut(number=1, ts_ns=s(0), reason=CutReason.BAR)
LATER = Cut(number=2, ts_ns=s(300), reason=CutReason.BAR)


class Switch:
    """A kill switch that a test throws."""

    def __init__(self) -> None:
        self.words: str | None = None

    def thrown(self) -> str | None:
        return self.words


class Desk:
    """A desk in its cell, with the journal that outlives it."""

    def __init__(self, journal: MemoryJournal | None = None) -> None:
        self.journal = journal or MemoryJournal()
        self.switch = Switch()
        self.shell = DeskShell(self.switch)
        self.shell.configure(Settings(), "")
        self.sent: list = []
        self.cell = Cell(self.shell, ("risk", "broker"), self.sent.extend, self.journal)
        self.read = self.cell.recover()

    def tell(self, source, *messages):
        """Offer messages that come together and return the names of what is published."""
        before = len(self.sent)
        for message in messages:
            self.read[source] += 1
            self.cell.offer(source, self.read[source], message)
        self.cell.release()
        return [type(message).__name__ for message in self.sent[before:]]


def test_what_risk_orders_at_a_cut_goes_out_with_the_end_of_its_decisions():
    desk = Desk()
    assert desk.tell("broker", CUT) == ["Cut"]
    assert desk.tell("risk", make_bracket()) == []
    assert desk.tell("risk", CUT) == ["BracketSubmitted", "AccountAsked", "Settled"]


def test_a_flatten_behind_an_approval_of_the_same_cut_sees_its_bracket():
    desk = Desk()
    desk.tell("broker", CUT)
    assert desk.tell("risk", make_bracket(), flatten(seconds=0), CUT) == [
        "BracketSubmitted", "FlattenSubmitted", "AccountAsked", "Settled",
    ]  # fmt: skip


def test_between_cuts_an_order_waits_for_nothing():
    assert Desk().tell("risk", make_bracket()) == ["BracketSubmitted"]


def test_fills_are_told_before_the_cut_is_handed_on_and_every_cut_is_settled():
    desk = Desk()
    desk.tell("broker", CUT)
    desk.tell("risk", make_bracket(), CUT)
    assert desk.tell("broker", accepted(), fill(), LATER) == [
        "OrderStepped", "ExecutionBooked", "PositionOpened", "Cut",
    ]  # fmt: skip
    assert desk.tell("risk", LATER)[-1] == "Settled"
    assert desk.sent[-1] == Settled(number=2)


def test_what_the_broker_says_while_orders_wait_is_decided_behind_them():
    desk = Desk()
    desk.tell("broker", CUT)
    desk.tell("risk", make_bracket())
    assert desk.tell("broker", link(False, 1)) == ["BracketSubmitted", "FenceClosed"]
    # Now that something was recorded nothing waits any more: it would count as read.
    assert desk.tell("risk", make_bracket(bracket_id="b")) == ["BracketEnded"]
    assert desk.tell("risk", CUT)[-1] == "Settled"


@pytest.mark.parametrize("deaths", range(1, 9))
def test_a_desk_that_dies_between_any_two_messages_goes_on_as_if_nothing_was(deaths):
    story = [
        ("broker", CUT), ("risk", make_bracket()), ("risk", CUT), ("broker", accepted()),
        ("broker", fill()), ("broker", LATER), ("risk", flatten(seconds=300)), ("risk", LATER),
    ]  # fmt: skip
    whole = Desk()
    for source, message in story:
        whole.tell(source, message)
    assert any(isinstance(message, FlattenSubmitted) for message in whole.sent)
    desk, numbered = Desk(), []
    for number, (source, message) in enumerate(story, 1):
        numbered.append((source, message))
        desk.tell(source, message)
        if number == deaths:
            desk = Desk(desk.journal)
            # What was not recorded as read is read again.
            counts = dict.fromkeys(desk.read, 0)
            for old_source, old in numbered:
                counts[old_source] += 1
                if counts[old_source] > desk.read[old_source]:
                    desk.tell(old_source, old)
    assert desk.sent == whole.sent
    assert desk.shell.state == whole.shell.state


def test_an_inspection_shows_what_is_held_and_why_entries_are_refused():
    desk = Desk()
    desk.tell("risk", make_bracket())
    desk.tell("broker", fill(), fill(exec_id="x"))
    shown = desk.shell.inspect()
    assert (shown["held"], shown["fence"]) == ({"ESZ5": 1}, "mismatch")
    (bracket,) = shown["open"].values()
    assert bracket == "filled working working +1"


def hear(desk, command):
    """Tell the desk from outside and return the names of what is published."""
    before = len(desk.sent)
    assert desk.cell.tell(command)
    desk.cell.release()
    return [type(message).__name__ for message in desk.sent[before:]]


def look(desk, seconds):
    """Let the desk look at its kill switch at a time of the day."""
    before = len(desk.sent)
    desk.cell.time(round(seconds * NANOS_PER_S))
    desk.cell.release()
    return [type(message).__name__ for message in desk.sent[before:]]


def test_a_command_goes_out_behind_what_risk_ordered_and_takes_the_time_of_the_market():
    desk = Desk()
    desk.tell("broker", CUT)
    desk.tell("risk", make_bracket())
    names = hear(desk, command(Action.KILL))
    assert names == ["BracketSubmitted", "CommandGiven", "FenceClosed", "FlattenSubmitted"]
    assert desk.sent[-1].ts_ns == CUT.ts_ns
    assert desk.tell("risk", make_bracket(bracket_id="b")) == ["BracketEnded"]


def test_a_command_that_makes_no_sense_is_refused_and_changes_nothing():
    desk = Desk()
    with pytest.raises(Refused, match="not closed by mismatch"):
        desk.cell.tell(command(Action.OPEN_FENCE, cause="mismatch"))
    desk.cell.release()
    assert (desk.sent, list(desk.journal.load())) == ([], [])


def limits(**fields):
    none = dict.fromkeys(("loss_limit_cents", "profit_target_cents", "trades_max", "quantity_max"))
    return LimitsGiven(**({"id": "l", "ts_ns": 1, "who": "anna", "reason": "fear"} | none | fields))


def test_limits_are_recorded_and_those_beyond_the_settings_are_refused():
    desk = Desk()
    desk.tell("broker", CUT)
    assert hear(desk, limits(loss_limit_cents=30_000, quantity_max=1)) == ["LimitsChanged"]
    assert hear(desk, limits(loss_limit_cents=30_000, quantity_max=1)) == []
    with pytest.raises(Refused, match="loss_limit_cents 30001, wanted at most 30000"):
        desk.cell.tell(limits(id="m", loss_limit_cents=30_001))
    assert [fact.id for fact in Desk(desk.journal).sent if isinstance(fact, LimitsChanged)] == ["l"]


def test_the_kill_file_is_one_kill_each_time_it_appears_and_holds_its_fence():
    desk = Desk()
    assert look(desk, 0) == []
    desk.switch.words = "smoke"
    assert look(desk, LOOK_S / 2) == []  # It looks now and then.
    assert look(desk, LOOK_S) == ["CommandGiven", "FenceClosed"]
    assert look(desk, 2 * LOOK_S) == []
    with pytest.raises(Refused, match="remove it first"):
        desk.cell.tell(command(Action.OPEN_FENCE, cause="kill"))
    desk.switch.words = None
    look(desk, 3 * LOOK_S)
    assert hear(desk, command(Action.OPEN_FENCE, cause="kill")) == ["CommandGiven", "FenceOpened"]
    desk.switch.words = "again"
    assert look(desk, 4 * LOOK_S) == ["CommandGiven", "FenceClosed"]


def test_a_clock_that_was_set_back_does_not_keep_it_from_looking():
    desk = Desk()
    look(desk, 1e9)
    desk.switch.words = "now"
    assert look(desk, 1e9 - 3_600) == ["CommandGiven", "FenceClosed"]


def test_after_a_restart_a_kill_stands_and_a_file_that_is_still_there_kills_again():
    desk = Desk()
    desk.switch.words = "smoke"
    look(desk, 1)
    again = Desk(desk.journal)
    assert again.shell.state.fence == desk.shell.state.fence
    again.switch.words = "smoke"
    assert look(again, 2) == ["CommandGiven"]  # Recorded; the fence is closed already.
    assert len({m.id for m in again.sent if isinstance(m, CommandGiven)}) == 2


def ordered(cause, ts_ns=CUT.ts_ns):
    return FenceOrdered(ts_ns=ts_ns, cause=cause, detail="too much")


def test_what_risk_fences_stands_before_what_it_approved_behind_it_at_the_same_cut():
    desk = Desk()
    desk.tell("broker", CUT)
    breaker = ordered(FenceCause.CIRCUIT_BREAKER)
    assert desk.tell("risk", breaker, make_bracket()) == []
    assert desk.tell("risk", CUT) == ["FenceClosed", "BracketEnded", "AccountAsked", "Settled"]
    assert desk.shell.inspect()["fence"] == "circuit_breaker"
    assert Desk(desk.journal).shell.state.fence == desk.shell.state.fence


def test_a_clock_check_is_heard_from_outside_behind_what_risk_ordered_before():
    desk = Desk()
    desk.tell("broker", CUT)
    desk.tell("risk", make_bracket())
    assert hear(desk, ordered(FenceCause.CLOCK_SKEW, 1)) == ["BracketSubmitted", "FenceClosed"]
    assert desk.sent[-1].ts_ns == CUT.ts_ns
    assert hear(desk, ordered(FenceCause.CLOCK_SKEW, 2)) == []


def test_a_silent_feed_is_recorded_with_the_fence_and_both_stand_after_a_restart():
    desk = Desk()
    desk.tell("broker", CUT)
    desk.tell("risk", CUT)
    lost = FeedLost(contract="ESZ5", reason="no trade for 15 s")
    assert desk.tell("broker", lost) == ["FeedLost", "FenceClosed"]
    again = Desk(desk.journal)
    shown = again.shell.inspect()
    assert (shown["fence"], shown["silent"]) == ("silent_feed", ["ESZ5"])
    assert again.tell("broker", lost) == []
    assert again.tell("broker", FeedRestored(contract="ESZ5")) == ["FeedRestored"]
    assert again.tell("broker", LATER) == ["Cut"]
    assert again.tell("risk", LATER) == ["AccountAsked", "Settled"]
