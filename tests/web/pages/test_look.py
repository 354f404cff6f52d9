"""Every page in a browser: no error, no other host, nothing to scroll sideways, open to all."""

import pytest

from tests.web.pages.conftest import DESKTOP, PHONE, Look, Room

PATHS = ("/", "/market", "/actors", "/actors/bars", "/trades", "/signals", "/statistics",
         "/recap", "/settings", "/login")  # fmt: skip
WIDTH = "document.documentElement.scrollWidth"
FIRST_BYTES_MAX = 160 * 1024  # Of the main page with all that it loads.
NAMES = ("Command", "Market", "Actors", "Trades", "Signals", "Statistics", "Recap", "Settings")


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_sound_on_a_screen_and_on_a_phone(still: Room, look: Look, path: str) -> None:
    look.go(still, path)
    assert look.page.evaluate(WIDTH) <= DESKTOP["width"]
    assert look.page.locator("h1").count() == 1
    broken = rules_broken(look)
    look.page.set_viewport_size(PHONE)
    assert look.page.evaluate(WIDTH) <= PHONE["width"]
    assert look.wrong == []
    assert {url.split("/")[2] for url in look.asked} == {f"127.0.0.1:{still.port}"}
    assert broken == []


def rules_broken(look: Look) -> list[tuple[str, str]]:
    """Return which rules of access a page breaks, with the first element that does."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    found = axe.Axe().run(look.page, options={"resultTypes": ["violations"]})
    return [(rule["id"], rule["nodes"][0]["html"]) for rule in found.response["violations"]]


def check_sound(look: Look) -> None:
    """Hold a page to the rules of access, and to its width, on a screen and on a phone."""
    for size in (DESKTOP, PHONE):
        look.page.set_viewport_size(size)
        assert look.page.evaluate(WIDTH) <= size["width"]
        assert rules_broken(look) == []
    look.page.set_viewport_size(DESKTOP)


def test_the_main_page_fits_a_small_screen_and_weighs_little(still: Room, look: Look) -> None:
    sizes: list[int] = []
    look.page.on("response", lambda answer: sizes.append(len(answer.body())))
    look.go(still, "/")
    assert look.page.evaluate("document.documentElement.scrollHeight") <= DESKTOP["height"]
    assert 0 < sum(sizes) <= FIRST_BYTES_MAX


def test_the_number_keys_lead_to_the_pages(still: Room, look: Look) -> None:
    look.go(still, "/")
    for number, name in enumerate(NAMES, 1):
        look.page.keyboard.press(str(number))
        look.until(".pages a[aria-current]", name)


def test_the_question_mark_shows_the_keys_and_slash_begins_a_search(
    still: Room, look: Look
) -> None:
    look.go(still, "/signals")
    look.page.keyboard.press("?")
    look.until("dialog[open] h1", "Keys")
    look.page.keyboard.press("Escape")
    look.page.wait_for_selector("dialog", state="detached")
    look.page.keyboard.press("/")
    assert look.page.evaluate("document.activeElement.id") == "search"


def test_no_key_acts_while_somebody_writes(still: Room, look: Look) -> None:
    look.go(still, "/signals")
    look.page.keyboard.press("/")
    look.page.keyboard.type("k2h")
    assert look.page.input_value("#search") == "k2h"
    assert look.page.locator("dialog").count() == 0
    assert look.page.url.endswith("/signals")
