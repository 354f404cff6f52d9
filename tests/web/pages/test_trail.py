"""The rows that open a trail, without a mouse: reached, told, opened, and found again."""

import pytest

from protocol.orders import PositionClosed
from tests.makers import at, make_closed
from tests.web.pages.conftest import Look, Room
from tests.web.pages.test_look import check_sound
from tests.web.rooms import keep

# The page of a table, and what its second row from the top is and opens.
TABLES = [
    ("/signals", "02 Dec 12:00:00", "stacked buy, 02 Dec 2025 12:00:00"),
    ("/trades", "02 Dec 12:20:00", "Round trip closed 02 Dec 2025 12:20:00"),
]
FOCUSED = "document.activeElement.closest('tr')?.sectionRowIndex"
OUTLINE = """() => {
  const {outlineStyle, outlineWidth} = getComputedStyle(document.activeElement);
  const ground = (selector) =>
    getComputedStyle(document.querySelector(`#table ${selector} td`)).backgroundColor;
  return [outlineStyle, outlineWidth, ground('tr:focus-within') === ground('tr:last-child')];
}"""
# How far a row stands below the headings, which stay where they are.
BELOW = """document.activeElement.getBoundingClientRect().top -
  document.querySelector('#table th').getBoundingClientRect().bottom"""
TRIPS = 201
HEIGHT = "window.row.getBoundingClientRect().top"


def closed(id: int) -> PositionClosed:
    """Return a round trip, each a second after the one before."""
    return make_closed(bracket_id=f"b{id}", exec_id=f"e{id}", ts_ns=at("10:20") + id * 10**9)


@pytest.mark.parametrize("key", ["Enter", " "])
@pytest.mark.parametrize(("path", "said", "title"), TABLES)
def test_a_row_is_reached_and_opened_by_keys_and_has_the_focus_again_when_its_trail_is_closed(
    traded: Room, look: Look, path: str, said: str, title: str, key: str
) -> None:
    look.go(traded, path)
    look.until("#count", "4 rows")
    look.page.focus("[role=group]:has(#table)")
    for _ in range(20):
        look.page.keyboard.press("Tab")
        if look.page.evaluate(FOCUSED) == 1:
            break
    button = look.page.get_by_role("button", name=f"{said}, its way decision by decision")
    assert button.evaluate("(one) => one === document.activeElement")
    assert button.get_attribute("aria-haspopup") == "dialog"
    assert look.page.evaluate(OUTLINE) == ["solid", "2px", False]
    look.page.keyboard.press(key)
    dialog = look.page.get_by_role("dialog", name=title)
    dialog.wait_for()
    assert dialog.evaluate("(one) => one.contains(document.activeElement)")
    look.page.keyboard.press("Escape")
    look.page.wait_for_selector("dialog", state="detached")
    assert button.evaluate("(one) => one === document.activeElement")
    assert look.page.evaluate(OUTLINE) == ["solid", "2px", False]
    assert look.wrong == []


def test_a_trail_opened_by_a_click_gives_the_focus_to_its_row_also_where_that_was_shown_anew(
    traded: Room, look: Look
) -> None:
    look.go(traded, "/trades")
    look.page.click("#table tbody tr:nth-child(3) td:nth-child(5)")
    look.page.wait_for_selector("dialog[open]")
    assert look.page.locator("dialog").count() == 1  # Of row and button one alone has heard it.
    look.page.dispatch_event("#search", "input")
    look.page.click("dialog button")
    look.page.wait_for_selector("dialog", state="detached")
    assert look.page.evaluate(FOCUSED) == 2


def test_who_reads_a_trail_far_back_keeps_his_place_when_a_round_trip_closes(
    room: Room, look: Look
) -> None:
    keep(room.run_dir, {"desk": [closed(id) for id in range(TRIPS)]})
    look.go(room, "/trades")
    look.page.click("#table tfoot button")
    look.until("#count", "200 rows and more")
    look.page.click("#table tbody tr:nth-child(200)")
    look.page.wait_for_selector("dialog[open]")
    look.page.evaluate("window.row = document.querySelector('#table tbody tr:nth-child(200)')")
    height = look.page.evaluate(HEIGHT)
    keep(room.run_dir, {"desk": [closed(TRIPS)]}, after=TRIPS)
    room.floor.fold(closed(TRIPS))
    look.page.wait_for_selector(f"#table tbody tr:first-child[data-key=b{TRIPS}]", state="attached")
    # One more, or a few: the first renewal of the page may have found it before it was told of.
    assert 200 < look.page.locator("#table tbody tr").count() < 220
    assert look.page.locator("dialog[open]").count() == 1
    assert look.page.evaluate(HEIGHT) == pytest.approx(height, abs=1)
    look.page.keyboard.press("Escape")
    look.page.wait_for_selector("dialog", state="detached")
    assert look.page.evaluate("document.activeElement.closest('tr') === window.row")
    assert look.page.evaluate(HEIGHT) == pytest.approx(height, abs=1)
    assert look.page.evaluate(FOCUSED) == 200


def test_walking_back_no_row_with_the_focus_hides_below_the_headings(
    signalled: Room, look: Look
) -> None:
    look.go(signalled, "/signals")
    look.until("#count", "100 rows and more")
    look.page.focus("#table tbody tr:nth-child(60) button")
    for _ in range(40):
        look.page.keyboard.press("Shift+Tab")
        assert look.page.evaluate(BELOW) >= 0
    assert look.page.evaluate(FOCUSED) == 19


@pytest.mark.parametrize(("path", "said", "title"), TABLES)
def test_rows_and_their_trail_are_open_to_all(
    traded: Room, look: Look, path: str, said: str, title: str
) -> None:
    look.go(traded, path)
    look.until("#count", "4 rows")
    check_sound(look)
    look.page.click("#table tbody tr:nth-child(2)")
    look.until("dialog[open] li", "The log of decisions has nothing of it")
    check_sound(look)


def test_a_table_whose_rows_open_nothing_has_no_button_in_them(traded: Room, look: Look) -> None:
    look.go(traded, "/statistics")
    look.until("#table", "stacked buy")
    assert look.page.locator("#table tbody button").count() == 0
    check_sound(look)
