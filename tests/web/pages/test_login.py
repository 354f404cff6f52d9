"""The door: who is not logged in is led to it, and comes back to where he wanted to be."""

import pytest

from tests.web.pages.conftest import Look, Room


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


@pytest.mark.parametrize(
    ("next", "path"),
    [("/trades?a=1", "/trades?a=1"), ("//evil.example/", "/"), ("https://evil.example", "/"),
     ("/\\evil.example", "/"), ("javascript:alert(1)", "/"), ("", "/")],
)  # fmt: skip
def test_the_login_leads_to_no_other_site(still: Room, look: Look, next: str, path: str) -> None:
    look.page.goto(still.url + "/login")
    told = look.page.evaluate(
        "async (next) => (await import('/static/js/api.js')).ownPath(next)", next
    )
    assert told == path
