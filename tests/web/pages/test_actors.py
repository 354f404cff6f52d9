"""The actors page: where the view and the focus go when an actor is opened and closed."""

import pytest

from tests.web.pages.conftest import DESKTOP, PHONE, Look, Room

PLACE = "[document.querySelector('#main').scrollTop, window.scrollY]"
SHORT = PHONE | {"height": 560}  # The tree here is small: so the page is longer than the screen.
FOCUS = "document.activeElement.id || document.activeElement.textContent"


def top(look: Look, selector: str) -> float:
    """Return how far below the upper edge of the screen an element begins."""
    # In one step: rows are replaced by others at any moment.
    of = "(selector) => document.querySelector(selector).getBoundingClientRect().top"
    return float(look.page.evaluate(of, selector))


def row(name: str) -> str:
    """Return where the row of an actor is."""
    return f"#tree a[href='/actors/{name}']"


def opened(look: Look, room: Room, size: dict[str, int]) -> None:
    """Open the page, scrolled as far down as it goes, with the whole tree there."""
    look.page.set_viewport_size(size)
    look.go(room, "/actors")
    look.page.wait_for_selector(row("bars"))
    look.page.evaluate("window.scrollTo(0, 120)")


@pytest.mark.parametrize("close", ["Escape", "#close"])
def test_on_a_phone_the_view_and_the_focus_go_to_the_actor_and_back(
    still: Room, look: Look, close: str
) -> None:
    opened(look, still, SHORT)
    scrolled, before = look.page.evaluate(PLACE), top(look, row("bars"))
    assert scrolled[1] > 0
    look.page.click(row("bars"))
    look.until("#one-id", "bars")
    assert 0 <= top(look, "#one") < 60
    assert look.page.evaluate(FOCUS) == "h-one"
    if close == "Escape":
        look.page.keyboard.press(close)
    else:
        look.page.click(close)
    look.page.wait_for_selector("#one", state="hidden")
    assert look.page.evaluate(FOCUS) == "bars"
    assert abs(top(look, row("bars")) - before) < 2
    assert look.page.evaluate(PLACE) == scrolled


def test_on_a_phone_another_actor_below_the_panel_leads_up_to_it_again(
    still: Room, look: Look
) -> None:
    opened(look, still, SHORT)
    look.page.click(row("bars"))
    look.until("#one-id", "bars")
    look.page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    before = top(look, row("desk"))
    look.page.click(row("desk"))
    look.until("#one-id", "desk")
    assert 0 <= top(look, "#one") < 60
    look.page.keyboard.press("Escape")
    look.page.wait_for_selector("#one", state="hidden")
    assert look.page.evaluate(FOCUS) == "desk"
    # Without the panel the page may be too short to scroll as far as that.
    assert top(look, row("desk")) <= before + 2


def test_on_a_screen_nothing_moves_and_the_keyboard_goes_in_and_back(
    still: Room, look: Look
) -> None:
    opened(look, still, DESKTOP)
    places = look.page.evaluate(PLACE), top(look, row("bars"))
    look.page.focus(row("bars"))
    look.page.keyboard.press("Enter")
    look.until("#one-id", "bars")
    assert look.page.evaluate(FOCUS) == "h-one"
    assert (look.page.evaluate(PLACE), top(look, row("bars"))) == places
    look.page.keyboard.press("Escape")
    look.page.wait_for_selector("#one", state="hidden")
    assert look.page.evaluate(FOCUS) == "bars"
    assert (look.page.evaluate(PLACE), top(look, row("bars"))) == places


def test_a_row_with_the_focus_does_not_pull_the_view_back_to_itself(
    still: Room, look: Look
) -> None:
    opened(look, still, {"width": 390, "height": 300})
    look.page.focus(row("root"))
    look.page.evaluate("window.scrollTo(0, 100000)")
    far = look.page.evaluate(PLACE)
    assert top(look, row("root")) < 0
    look.page.evaluate("document.querySelector('#tree tr').id = 'old'")
    look.page.wait_for_selector("#old", state="detached")
    assert look.page.evaluate(FOCUS) == "root"
    assert look.page.evaluate(PLACE) == far


def test_what_changes_every_second_moves_no_column_of_the_tree(still: Room, look: Look) -> None:
    look.go(still, "/actors")
    look.page.wait_for_selector(row("bars"))
    widths = "[...document.querySelectorAll('.tree th')].map((th) => th.offsetWidth)"
    before = look.page.evaluate(widths)
    look.page.evaluate(
        "document.querySelectorAll('#tree td.r').forEach((td) => (td.textContent = '123,456'))"
    )
    assert look.page.evaluate(widths) == before


def test_the_sums_of_the_tree_have_the_number_of_their_nouns(still: Room, look: Look) -> None:
    look.go(still, "/actors")
    look.until("#totals", "6 processes")
    look.until("#totals", "1 restart")
    assert "1 restarts" not in look.text("#totals")
