"""Tables while the floor goes on: what is read stays, what has come or went wrong is told."""

from typing import Any

import pytest

from protocol.orders import PositionClosed
from protocol.signals import SignalRaised
from tests.makers import at, make_closed, make_signal
from tests.web.pages.conftest import Look, Room
from tests.web.pages.test_look import check_sound
from tests.web.rooms import keep

MORE = "#table tfoot button"
NEWEST = "#table tbody tr:first-child"
READ = "window.row.getBoundingClientRect().top"
# Whether one sees what went wrong.
INSIDE = """() => {
  const [said, list] = ['.failed', '.scroll'].map((one) =>
    document.querySelector(one).getBoundingClientRect());
  return said.top >= list.top && said.bottom <= list.bottom;
}"""
SIGNALS = 150
TRIPS = 150
LAST_READ = f"#table tr[data-key=b{TRIPS - 100}]"  # Of the first hundred.
FAILED = "last request failed: the books are locked"


def closed(id: int) -> PositionClosed:
    """Return a round trip, each a second after the one before."""
    return make_closed(bracket_id=f"b{id}", exec_id=f"e{id}", ts_ns=at("10:20") + id * 10**9)


def close(room: Room, id: int) -> None:
    """Let a round trip close."""
    keep(room.run_dir, {"desk": [closed(id)]}, after=id)
    room.floor.fold(closed(id))


def signal(id: int) -> SignalRaised:
    """Return a signal, each a second after the one before."""
    return make_signal(id=f"s{id}", ts_ns=at("10:00") + id * 10**9)


def rise(room: Room, id: int) -> None:
    """Let a signal be raised."""
    keep(room.run_dir, {"detector": [signal(id)]}, after=id)
    room.floor.fold(signal(id))


def fail(look: Look, path: str) -> None:
    """Let the server refuse what is asked for under a path, until `unroute`."""
    refusal = {"title": "Service Unavailable", "detail": "the books are locked"}
    look.page.route(f"**{path}?*", lambda route: route.fulfill(status=503, json=refusal))


def mark(look: Look, number: int) -> float:
    """Bring a row into view, remember it, and return its height there."""
    look.page.evaluate(
        "(number) => { window.row = document.querySelectorAll('#table tbody tr')[number - 1];"
        " window.row.scrollIntoView({block: 'center'}); }",
        number,
    )
    return float(look.page.evaluate(READ))


@pytest.fixture
def raised(room: Room, look: Look) -> Room:
    """The page of the signals of a run with more of them than come at once."""
    keep(room.run_dir, {"detector": [signal(id) for id in range(SIGNALS)]})
    look.go(room, "/signals")
    look.until("#count", "100 rows and more")
    return room


def test_a_table_that_cannot_be_renewed_stays_and_says_so_until_it_can(
    room: Room, look: Look
) -> None:
    keep(room.run_dir, {"desk": [closed(id) for id in range(TRIPS)]})
    look.go(room, "/trades")
    look.until("#count", "100 rows and more")
    height = mark(look, 50)
    fail(look, "/api/trades")
    close(room, TRIPS)
    look.until("#table tfoot", FAILED)
    assert look.page.evaluate(READ) == height
    assert look.page.evaluate(INSIDE)
    check_sound(look)
    height = mark(look, 50)
    look.page.unroute("**/api/trades?*")
    close(room, TRIPS + 1)
    look.page.wait_for_selector(f"{NEWEST}[data-key=b{TRIPS + 1}]", state="attached")
    assert look.page.locator("#table .failed").count() == 0
    # The one that came while nothing was to be had drives none out that was read, either.
    assert look.page.locator(LAST_READ).count() == 1
    assert look.page.evaluate(READ) == pytest.approx(height, abs=1)


def test_of_the_rows_that_are_read_none_goes_where_more_have_come_than_was_told(
    room: Room, look: Look
) -> None:
    keep(room.run_dir, {"desk": [closed(id) for id in range(TRIPS)]})
    look.go(room, "/trades")
    look.page.click(MORE)
    look.until("#count", "150 rows")

    def another(route: Any) -> None:
        keep(room.run_dir, {"desk": [closed(TRIPS + 1)]}, after=TRIPS + 1)  # No word of it yet.
        route.continue_()

    look.page.route("**/api/trades?*", another, times=1)
    close(room, TRIPS)
    look.page.wait_for_selector(f"{NEWEST}[data-key=b{TRIPS + 1}]", state="attached")
    assert look.text("#count") == "152 rows"
    assert look.page.locator("#table tr[data-key=b0]").count() == 1


def test_an_answer_that_a_later_one_has_overtaken_is_not_shown(room: Room, look: Look) -> None:
    keep(room.run_dir, {"desk": [closed(id) for id in range(TRIPS)]})
    look.go(room, "/trades")
    look.until("#count", "100 rows and more")
    late: list[Any] = []
    look.page.route("**/api/trades?*", lambda route: late.append((route, route.fetch())), times=1)
    with look.page.expect_request("**/api/trades?*"):
        close(room, TRIPS)
    close(room, TRIPS + 1)
    look.page.wait_for_selector(f"{NEWEST}[data-key=b{TRIPS + 1}]", state="attached")
    ((route, answer),) = late
    with look.page.expect_response("**/api/trades?*"):
        route.fulfill(response=answer)
    look.page.evaluate("async () => (await fetch('/healthz')).text()")
    assert look.page.locator(f"{NEWEST}[data-key=b{TRIPS + 1}]").count() == 1
    assert look.page.locator(LAST_READ).count() == 1


def test_a_first_request_that_fails_says_so_and_an_empty_table_that_it_has_nothing(
    room: Room, look: Look
) -> None:
    fail(look, "/api/trades")
    look.go(room, "/trades")
    look.until("#table .empty", "not to be had: the books are locked")
    for id in range(2):  # Whatever comes: what failed is asked for again.
        with look.page.expect_response("**/api/trades?*"):
            room.floor.fold(signal(id))
    look.until("#table .empty", "not to be had: the books are locked")
    look.page.unroute("**/api/trades?*")
    room.floor.fold(signal(2))
    look.until("#table .empty", "no round trip")


def test_rows_of_one_filter_do_not_stand_under_another_that_cannot_be_had(
    traded: Room, look: Look
) -> None:
    look.go(traded, "/signals")
    look.until("#count", "4 rows")
    fail(look, "/api/signals")
    look.page.wait_for_selector("select[name=fate] option[value=dropped]", state="attached")
    look.page.select_option("select[name=fate]", "dropped")
    look.until("#table .empty", "not to be had: the books are locked")
    look.page.unroute("**/api/signals?*")
    look.page.select_option("select[name=fate]", "target")
    look.until("#table .empty", "no signal")
    look.page.select_option("select[name=fate]", "")
    look.until("#count", "4 rows")


def test_more_rows_that_cannot_be_had_are_asked_for_by_another_click(
    raised: Room, look: Look
) -> None:
    fail(look, "/api/signals")
    look.page.click(MORE)
    look.until("#table tfoot", FAILED)
    assert look.page.locator("#table tbody tr").count() == 100
    look.page.unroute("**/api/signals?*")
    look.page.click(MORE)
    look.until("#count", "150 rows")
    assert look.page.locator("#table .failed").count() == 0


def test_who_has_paged_back_is_told_how_many_signals_came_and_takes_them_in_by_a_click(
    raised: Room, look: Look
) -> None:
    look.page.click(MORE)
    look.until("#count", "150 rows")
    height = mark(look, 120)
    asked = len(look.asked)
    rise(raised, SIGNALS)
    look.page.wait_for_selector("#came:text-is('↑ 1 newer')")
    rise(raised, SIGNALS + 1)
    look.page.wait_for_selector("#came:text-is('↑ 2 newer')")
    assert look.page.locator("#table tbody tr").count() == 150
    assert look.page.evaluate(READ) == height
    assert look.asked[asked:] == []
    check_sound(look)
    look.page.click("#came")
    look.page.wait_for_selector(f"{NEWEST}[data-key=s{SIGNALS + 1}]")
    assert look.text("#count") == "100 rows and more"
    assert look.page.locator("#came").is_hidden()
    assert look.page.evaluate("document.activeElement.scrollTop") == 0
    rise(raised, SIGNALS + 2)  # At the top they come by themselves again.
    look.page.wait_for_selector(f"{NEWEST}[data-key=s{SIGNALS + 2}]")


@pytest.mark.parametrize("reads", ["a trail", "a row further down"])
def test_who_reads_signals_keeps_his_place_and_has_the_new_ones_when_he_is_back_at_the_top(
    raised: Room, look: Look, reads: str
) -> None:
    if reads == "a trail":
        look.page.click("#table tbody tr:nth-child(3)")
        look.page.wait_for_selector("dialog[open]")
        look.page.evaluate("window.row = document.querySelector('#table tbody tr:nth-child(3)')")
    else:
        mark(look, 99)
    height = look.page.evaluate(READ)
    rise(raised, SIGNALS)
    look.page.wait_for_selector("#came:text-is('↑ 1 newer')")
    assert look.page.evaluate(READ) == height
    if reads == "a trail":
        look.page.keyboard.press("Escape")
    else:
        look.page.evaluate("document.querySelector('.scroll').scrollTo(0, 0)")
    look.page.wait_for_selector(f"{NEWEST}[data-key=s{SIGNALS}]")
    assert look.page.locator("#came").is_hidden()


def test_signals_that_cannot_be_taken_in_stay_told(raised: Room, look: Look) -> None:
    look.page.click(MORE)
    look.until("#count", "150 rows")
    rise(raised, SIGNALS)
    look.page.wait_for_selector("#came:text-is('↑ 1 newer')")
    fail(look, "/api/signals")
    look.page.click("#came")
    look.until("#table tfoot", FAILED)
    look.page.unroute("**/api/signals?*")
    look.page.click("#came:text-is('↑ 1 newer')")
    look.page.wait_for_selector(f"{NEWEST}[data-key=s{SIGNALS}]")
    assert look.page.locator("#table .failed").count() == 0
