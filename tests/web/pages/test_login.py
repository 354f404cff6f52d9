"""The door: who is not logged in is led to it, and comes back to where he wanted to be."""

from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.web.pages.conftest import LIMIT_MS, POLL_MS, Look, Room, serve
from web.auth import passwords
from web.auth.users import add_user

LEADS = {"/trades?a=1": "/trades?a=1", "//evil.example/": "/", "https://evil.example": "/",
         "/\\evil.example": "/", "javascript:alert(1)": "/", "": "/"}  # fmt: skip


def enter(look: Look, room: Room, path: str, name: str, password: str) -> None:
    """Open a page by way of the login."""
    look.page.goto(room.url + path)
    look.page.wait_for_url("**/login?next=**")
    look.page.fill("#name", name)
    look.page.fill("#password", password)
    look.page.click("#go")
    look.page.wait_for_url(f"**{path}")
    look.live()


def test_a_stranger_is_led_to_the_login_and_back(locked: Room, look: Look) -> None:
    look.page.goto(locked.url + "/trades")
    look.page.wait_for_url("**/login?next=%2Ftrades")
    look.page.fill("#name", "operator")
    look.page.fill("#password", "wrong")
    look.page.click("#go")
    look.page.wait_for_selector("#refusal:not(:empty)")
    assert look.page.input_value("#password") == ""
    look.page.fill("#password", "correct horse battery")
    look.page.click("#go")
    look.page.wait_for_url("**/trades")
    look.until("#link", "live")
    look.until("#who", "operator, operator")
    look.page.goto(locked.url + "/settings")
    look.page.click("#logout:visible")
    look.page.wait_for_url("**/login")


def test_a_viewer_sees_all_and_is_offered_and_allowed_nothing(
    tmp_path: Path, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "MEMORY_KIB", 64)
    users = tmp_path / "users.json"
    add_user(users, "bob", "viewer", "bob-secret")
    for room in serve(tmp_path, users_file=str(users)):
        enter(look, room, "/actors/bars", "bob", "bob-secret")
        look.until("#who", "bob, viewer")
        look.until("#facts", "life 1")
        for order in ("#kill", "#halt", "#restart", "#kill-actor"):
            assert not look.page.locator(order).is_visible(), order
        refused = look.page.evaluate(
            """async () => (await fetch("/api/kill", {method: "POST", body:
            '{"confirm": true, "reason": "x"}', headers: {"Content-Type": "application/json"}
            })).status"""
        )
        assert refused == 403


@pytest.mark.parametrize("path", ["/", "/signals"])
def test_whose_login_ends_is_led_to_the_door_and_back_to_where_he_was(
    locked: Room, look: Look, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("web.routes.LOGIN_LOOK_S", 0.05)
    enter(look, locked, path, "operator", locked.password)
    (cookie,) = look.page.context.cookies(locked.url)
    elsewhere = HTTPConnection("127.0.0.1", locked.port, timeout=10)
    elsewhere.request("POST", "/api/logout", headers={"Cookie": f"floorwatch={cookie['value']}"})
    assert elsewhere.getresponse().status == 200
    elsewhere.close()
    look.page.wait_for_url(f"**/login?next={quote(path, safe='')}&ended=1")


def test_whose_hours_are_over_reads_so_and_logs_in_again(
    locked: Room, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.routes.LOGIN_LOOK_S", 0.05)
    enter(look, locked, "/trades", "operator", locked.password)
    locked.later_s = 12 * 3600 + 60
    look.page.wait_for_url("**/login?next=%2Ftrades&ended=1")
    look.until("#refusal", "Your login has ended")
    look.page.fill("#name", "operator")
    look.page.fill("#password", locked.password)
    look.page.click("#go")
    look.page.wait_for_url("**/trades")
    look.live()


def setting_out(look: Look, room: Room) -> tuple[list[str], list[Any]]:
    """Open a page as a stranger, with no answer from the login; return where it set out, and what
    is held back, once it has been refused more than once."""
    set_out: list[str] = []
    refused: list[int] = []
    held: list[Any] = []
    inside = look.page.context.new_cdp_session(look.page)
    inside.send("Page.enable")
    inside.on("Page.frameRequestedNavigation", lambda asked: set_out.append(asked["url"]))
    look.page.on("response", lambda answer: refused.append(answer.status))
    look.page.route("**/login?next=*", lambda route: held.append(route))
    look.page.goto(room.url + "/trades")
    for _ in range(LIMIT_MS // POLL_MS):
        if refused.count(401) >= 3 and held:
            return set_out, held
        look.page.wait_for_timeout(POLL_MS)
    raise AssertionError(f"refused {refused.count(401)} times, {len(held)} held")


def test_a_page_that_is_refused_often_sets_out_for_the_login_once(
    locked: Room, look: Look
) -> None:
    set_out, held = setting_out(look, locked)
    assert set_out == [locked.url + "/login?next=%2Ftrades"]
    held[0].continue_()
    look.page.wait_for_url("**/login?next=%2Ftrades")


def test_a_way_to_the_login_that_was_stopped_is_taken_again(locked: Room, look: Look) -> None:
    look.page.clock.install()
    set_out, held = setting_out(look, locked)
    held[0].abort("aborted")  # As if by the button for it: the page stays.
    look.page.unroute("**/login?next=*")
    look.page.clock.fast_forward(31_000)
    look.page.wait_for_url("**/login?next=%2Ftrades")
    assert len(set_out) == 2


def test_a_stranger_is_not_told_that_a_login_has_ended(locked: Room, look: Look) -> None:
    held: list[Any] = []
    look.page.route("**/api/session/status", lambda route: held.append(route))
    look.page.goto(locked.url + "/")
    look.wait("document.body.dataset.role === 'anybody'")  # He is known to be a stranger.
    for route in held:
        route.continue_()
    look.page.wait_for_url("**/login?next=%2F")
    assert look.text("#refusal") == ""


def test_the_login_leads_to_no_other_site(still: Room, look: Look) -> None:
    look.page.goto(still.url + "/login")
    for wanted, path in LEADS.items():
        told = look.page.evaluate(
            "async (next) => (await import('/static/js/api.js')).ownPath(next)", wanted
        )
        assert told == path, wanted
