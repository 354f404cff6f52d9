"""What a person tells the floor from a page: asked twice, with a reason, refused in words."""

import os
import signal
import subprocess
import sys

from actors.adapters.open import open_journal
from actors.desk import DeskShell
from protocol.account import LimitsChanged
from protocol.commands import Action, CommandGiven
from protocol.settings import Settings
from tests.supervision.working import working
from tests.web.pages.conftest import Look, Room
from tests.web.rooms import child, write_status
from tests.web.shells import NOON, BusyDesk


def recorded(room: Room) -> list[CommandGiven]:
    """Return the commands in the desk's journal."""
    journal = open_journal(Settings(), str(room.run_dir / "data"), "desk")
    found = [fact for fact in journal.load() if isinstance(fact, CommandGiven)]
    journal.close()
    return found


def test_the_kill_switch_wants_a_reason_and_that_it_is_meant(room: Room, look: Look) -> None:
    look.go(room, "/")
    look.page.wait_for_selector("#kill:visible")
    look.page.keyboard.press("k")
    go = look.page.locator("dialog button[type=submit]")
    assert go.is_disabled()
    look.page.fill("#reason", "  a ")
    look.page.check("#sure")
    assert go.is_disabled()
    look.page.uncheck("#sure")
    look.page.fill("#reason", "smoke")
    assert go.is_disabled()
    look.page.check("#sure")
    assert go.is_enabled()


def test_a_kill_is_recorded_with_its_reason_and_stands_in_the_audit(room: Room, look: Look) -> None:
    with working(room.run_dir, "desk", DeskShell()):
        look.go(room, "/settings")
        look.page.click("[data-verb=kill]:enabled")
        look.page.fill("#reason", "smoke in the room")
        look.page.check("#sure")
        look.page.click("dialog button[type=submit]")
        look.until("#notes", "Kill switch: recorded as")
        look.until("#audit", "smoke in the room")
    (command,) = recorded(room)
    assert (command.action, command.reason) == (Action.KILL, "smoke in the room")


def test_what_the_desk_refuses_is_said_with_its_reason(room: Room, look: Look) -> None:
    with working(room.run_dir, "desk", DeskShell()):
        look.go(room, "/")
        look.page.click("#halt:visible")
        look.page.fill("#reason", "smoke")
        look.page.click("dialog button[type=submit]")
        look.until("dialog .refusal", "no decision point has passed yet")
    assert recorded(room) == []


def test_a_limit_is_set_anew_from_the_page_and_seen_to_stand(room: Room, look: Look) -> None:
    room.floor.fold(NOON)
    with working(room.run_dir, "desk", BusyDesk()):
        look.go(room, "/settings")
        look.page.fill("#search", "risk.daily_loss")
        look.until("#values dd", "300")
        look.page.click("#values button:has-text('Change')")
        look.until("dialog", "no further than 300, as the settings say")
        look.page.fill("#value", "120.5")
        look.page.fill("#reason", "a slow day")
        look.page.click("dialog button[type=submit]")
        look.until("#notes", "daily loss dollars 120.5 stands now")
        look.until("#audit", "a slow day")
    journal = open_journal(Settings(), str(room.run_dir / "data"), "desk")
    (changed,) = [fact for fact in journal.load() if isinstance(fact, LimitsChanged)]
    journal.close()
    assert changed.loss_limit_cents == 12_050
    room.floor.fold(changed)
    look.until("#values dd.amber", "120.5 (settings: 300)")
    look.go(room, "/")
    look.until("#limits", "loss limit −$120.50")
    assert look.wrong == []


def test_where_nobody_takes_it_the_dialog_says_so_and_stays(room: Room, look: Look) -> None:
    look.go(room, "/")
    look.page.click("#halt:visible")
    look.page.fill("#reason", "smoke")
    look.page.click("dialog button[type=submit]")
    look.until("dialog .refusal", "Not done: desk has no address")
    assert look.page.locator("dialog[open]").count() == 1


def test_an_actor_is_killed_from_the_page_and_seen_to_come_back(room: Room, look: Look) -> None:
    waits = [sys.executable, "-c", "input()"]
    with subprocess.Popen(waits, stdin=subprocess.PIPE) as victim:
        write_status(room.run_dir, "market", child("bars", pid=victim.pid))
        look.go(room, "/actors/bars")
        look.until("#facts", str(victim.pid))
        look.page.click("#kill-actor:visible")
        look.page.fill("#reason", "to see it heal")
        look.page.check("#sure")
        look.page.click("dialog button[type=submit]")
        assert victim.wait(10) == -signal.SIGKILL
    look.until("#notes", "Kill bars: taken")
    # As its supervisor writes it, first of the death and then of the next life.
    write_status(room.run_dir, "market", child("bars", pid=0, phase="waiting", health="red"))
    look.until("#one-phase", "waiting")
    write_status(room.run_dir, "market", child("bars", pid=4711, restarts=1, incarnation=2))
    look.until("#one-phase", "up")
    look.until("#facts", "1, life 2")
    assert look.wrong == []


def test_the_page_that_is_told_to_kill_itself_says_why_it_does_not(
    room: Room, look: Look
) -> None:
    write_status(room.run_dir, "market", child("web", pid=os.getpid()))
    look.go(room, "/actors/web")
    look.page.click("#kill-actor:visible")
    look.page.fill("#reason", "to see it heal")
    look.page.check("#sure")
    look.page.click("dialog button[type=submit]")
    look.until("dialog .refusal", "web serves this very page")


def test_a_setting_is_found_and_one_read_at_the_start_cannot_be_changed(
    still: Room, look: Look
) -> None:
    look.go(still, "/settings")
    look.until("#values", "daily loss dollars")
    look.page.fill("#search", "session_trades")
    look.wait("document.querySelectorAll('#values dt').length === 1")
    assert look.text("#values dd") == "120000"
    assert look.page.locator("#values button").count() == 0


def test_an_actor_is_shown_from_inside_with_its_failure(still: Room, look: Look) -> None:
    look.go(still, "/actors")
    look.page.click("#tree a:has-text('bars')")
    look.until("#one-id", "bars")
    assert look.page.url.endswith("/actors/bars")
    look.page.click("#tabs button:has-text('Failure')")
    look.until("#tab", "ValueError: 7")
    look.until("#silence", "It does not answer")
    assert look.page.locator("#kill-actor").is_visible()
    look.page.keyboard.press("Escape")
    look.page.wait_for_selector("#one", state="hidden")
    look.page.fill("#find", "desk")
    assert look.page.locator("#tree tr.dim").count() == 5
