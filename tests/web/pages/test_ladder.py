"""The depth ladder on the market page: its numbers are the API's, and what is wrong is said."""

import json
from typing import Any
from urllib.request import urlopen

from actors.core.book.changes import depth_batch
from protocol.fence import FenceCause, FenceClosed
from tests.web.books import ASK, BID, NOON, depth, esh4, lost, restored, twenty
from tests.web.pages.conftest import Look, Room
from tests.web.pages.test_look import check_sound, rules_broken
from tests.web.rooms import child, write_status
from tests.web.test_tape import batch

# The lines the tools of the chart stand on, how far they reach, and how many labels are cut.
TOOLS = """(apart) => {
  const buttons = [...document.querySelectorAll('.tools button')];
  for (const button of buttons) button.style.letterSpacing = `${apart}px`;
  const boxes = [...buttons, document.getElementById('h-chart')].map((one) =>
    one.getBoundingClientRect());
  return {
    lines: new Set(boxes.map(({top, height}) => Math.round((top + height / 2) / 4))).size,
    heights: new Set(buttons.map(({offsetHeight}) => offsetHeight)).size,
    over: Math.max(...boxes.map(({right}) => right)) -
      document.querySelector('.chart').getBoundingClientRect().right,
    cut: buttons.filter(({scrollWidth, clientWidth}) => scrollWidth > clientWidth).length,
    narrowest: Math.min(...boxes.map(({width}) => width)),
  };
}"""
ROWS = """() => ["asks", "bids"].map((id) => [...document.getElementById(id).rows]
  .filter((row) => !row.hidden).map((row) => [...row.cells].map((cell) => cell.textContent)))"""


def shown(look: Look) -> list[list[list[str]]]:
    """Return the words of every cell, asks then bids, from the top of the page downward."""
    return look.page.evaluate(ROWS)  # type: ignore[no-any-return]


def told(room: Room) -> dict[str, Any]:
    """Return what the API says."""
    with urlopen(f"{room.url}/api/depth") as answer:
        return json.load(answer)  # type: ignore[no-any-return]


def words(row: dict[str, Any], *, is_bid: bool) -> list[str]:
    """Return what the page has to show of a level."""
    size = f"{row['size']:,}"
    return [
        "–" if row["traded"] is None else f"{row['traded']:,}",
        size if is_bid else "",
        f"{row['price']:.2f}",
        "" if is_bid else size,
        "–" if row["orders"] is None else f"{row['orders']:,}",
    ]


def agrees(look: Look, room: Room) -> dict[str, Any]:
    """Hold the page against the API, and return what that says."""
    found = told(room)
    asks = [words(row, is_bid=False) for row in reversed(found["asks"])]
    bids = [words(row, is_bid=True) for row in found["bids"]]
    assert shown(look) == [asks, bids]
    last = [f"{row['price']:.2f}" for row in found["asks"] + found["bids"]
            if row["ticks"] == found["last_ticks"]]  # fmt: skip
    assert look.page.locator("#ladder .last th").all_inner_texts() == last
    return found


def test_without_depth_there_is_no_ladder_and_nothing_of_it_is_loaded(
    still: Room, look: Look
) -> None:
    look.go(still, "/market")
    look.until("#bar-time", "last")
    assert look.page.locator("#ladder").is_hidden()
    assert not [url for url in look.asked if "ladder" in url or "/api/depth" in url]


def test_the_numbers_of_a_real_book_are_those_of_the_api(room: Room, look: Look) -> None:
    for changes in esh4():
        room.floor.fold(depth_batch(changes, "ESZ5", simulated=False))
    room.floor.fold(batch([(NOON, 19_241, 3, 1)]))
    look.go(room, "/market")
    look.until("#ladder-state", "spread 1 tick, last trade 4810.25")
    found = agrees(look, room)
    assert [len(found[side]) for side in ("bids", "asks")] == [10, 10]
    assert found["bids"][0] | {"orders": 0} == {
        "price": 4810.0, "ticks": 19_240, "size": 22, "orders": 0, "traded": 0
    }  # fmt: skip


def test_what_changes_is_shown_and_what_went_leaves_no_row(room: Room, look: Look) -> None:
    room.floor.fold(twenty())
    look.go(room, "/market")
    look.until("#ladder-state", "spread 1 tick")
    agrees(look, room)
    gone = [(NOON, BID, 20_030 - n, 0, 0) for n in range(4)]
    room.floor.fold(depth(*gone, (NOON, ASK, 20_031, 4_321, 77)))
    look.until("#asks", "4,321")
    found = agrees(look, room)
    assert [len(found[side]) for side in ("bids", "asks")] == [8, 10]
    room.floor.fold(batch([(NOON, 20_026, 1, 2)]))
    look.until("#bids .last th", "5006.50")
    agrees(look, room)
    header = look.page.get_by_role("rowheader", name="5006.50, last trade")
    assert header.count() == 1
    assert look.wrong == []


def test_a_change_of_contract_begins_anew(room: Room, look: Look) -> None:
    room.floor.fold(twenty())
    look.go(room, "/market")
    look.until("#ladder-time", "ESZ5")
    room.floor.fold(depth((NOON, BID, 7, 1, 1), contract="ESH6"))
    look.until("#ladder-time", "ESH6")
    assert shown(look) == [[], [["–", "1", "1.75", "", "1"]]]
    look.until("#ladder-state", "▲ no ask")


def test_a_book_that_is_crossed_empty_or_stale_is_said_in_words(room: Room, look: Look) -> None:
    room.floor.fold(depth((NOON, BID, 20_001, 1, 1), (NOON, ASK, 20_000, 1, 1)))
    look.go(room, "/market")
    look.until("#ladder-state", "▲ crossed, bid 5000.25 at or above ask 5000.00")
    room.floor.fold(lost("no word for 10 s"))
    look.until("#ladder-state", "▲ no book: no word for 10 s")
    room.floor.fold(restored())
    room.floor.fold(depth((NOON, BID, 20_001, 0, 0), (NOON, ASK, 20_000, 0, 0)))
    look.until("#ladder-state", "▲ the book is empty")
    assert shown(look) == [[], []]


def test_a_book_that_was_taken_away_says_why_and_shows_no_empty_table(
    room: Room, look: Look
) -> None:
    room.floor.fold(depth((NOON, BID, 20_000, 1, 1)))
    look.go(room, "/market")
    look.until("#ladder-state", "▲ no ask")
    room.floor.fold(depth((NOON, BID, 20_000, 0, 0)))
    room.floor.fold(lost("no word for 10 s"))
    look.until("#ladder-state", "▲ no book: no word for 10 s")
    assert look.page.locator("#ladder-levels").is_hidden()
    check_sound(look)
    room.floor.fold(restored())
    room.floor.fold(depth((NOON, BID, 20_000, 5, 1), (NOON, ASK, 20_001, 5, 1)))
    look.until("#ladder-state", "spread 1 tick")
    assert look.page.locator("#ladder-levels").is_visible()


def test_before_the_first_bar_all_prices_have_the_same_decimals(room: Room, look: Look) -> None:
    # The bars are of ESZ5: of another contract the page does not know how its prices are written.
    room.floor.fold(depth((NOON, BID, 20_000, 3, 1), (NOON, ASK, 20_001, 4, 1), contract="ESH6"))
    look.go(room, "/market")
    look.until("#ladder-time", "ESH6")
    assert shown(look) == [
        [["–", "", "5000.25", "4", "1"]],
        [["–", "3", "5000.00", "", "1"]],
    ]


def tools(look: Look, apart: int = 0) -> dict[str, Any]:
    """Return how the buttons of the chart stand."""
    look.page.wait_for_selector("#series button")
    return look.page.evaluate(TOOLS, apart)  # type: ignore[no-any-return]


def beside_the_ladder(look: Look, room: Room) -> None:
    """Open the market with a ladder."""
    room.floor.fold(twenty())
    look.go(room, "/market")
    look.page.wait_for_selector("#ladder:visible")


def test_beside_the_ladder_no_button_is_cut_and_in_a_wider_font_none_leaves_the_line(
    room: Room, look: Look
) -> None:
    beside_the_ladder(look, room)
    found = tools(look)
    assert (found["lines"], found["heights"], found["cut"]) == (1, 1, 0)
    for apart in (1, 2, 4):
        found = tools(look, apart)
        assert found["lines"] == 1, apart
        assert found["over"] < 0, apart
        assert found["narrowest"] > 20, apart


def test_without_a_ladder_a_smaller_screen_keeps_the_buttons_on_one_line(
    still: Room, look: Look
) -> None:
    look.page.set_viewport_size({"width": 1020, "height": 720})
    look.go(still, "/market")
    found = tools(look)
    assert (found["lines"], found["cut"]) == (1, 0)


def test_many_kinds_of_bars_take_a_second_line_and_keep_their_names(
    room: Room, look: Look
) -> None:
    def answer(route: Any) -> None:
        rows = route.fetch().json()["rows"]
        more = [{**rows[0], "decides": False, "series": f"volume:{n}000"} for n in range(1, 5)]
        route.fulfill(json={"rows": rows + more})

    look.page.route("**/api/series", answer)
    beside_the_ladder(look, room)
    look.until("#series", "4,000 contracts")
    found = tools(look)
    assert (found["lines"], found["cut"]) == (2, 0)


def test_the_ladder_is_sound_on_a_screen_and_on_a_phone(room: Room, look: Look) -> None:
    room.floor.fold(lost())
    room.floor.fold(twenty())  # What is sent again before the feed is back.
    room.floor.fold(batch([(NOON, 20_026, 1, 2)]))
    look.go(room, "/market")
    look.until("#ladder-state", "stale")
    check_sound(look)
    look.page.locator("[aria-label=Depth]").focus()
    assert look.page.evaluate("document.activeElement.ariaLabel") == "Depth"
    assert look.wrong == []


def test_the_command_center_says_why_the_feed_is_away_and_no_more_when_it_is_back(
    room: Room, look: Look
) -> None:
    words = "ESZ5: the gateway closed the session"
    write_status(room.run_dir, "root", child("feed"), child("desk"), age_s=-3600)  # Never stale.
    look.go(room, "/")
    look.until("#lights-note", "3 of 3 well")
    light = "#lights li:has(a[href='/actors/feed'])"
    assert look.page.get_attribute(light, "title") == "feed is green"
    room.floor.fold(lost("the gateway closed the session"))
    look.until(".banner", f"▲The feed is away, {words}")
    assert look.page.get_attribute(light, "title") == f"feed is away, {words}"
    assert "▲" in look.text(light)
    assert look.text("#lights-note") == "▲ feed away, 3 of 3 well"
    assert rules_broken(look) == []
    cause = FenceCause.SILENT_FEED
    room.floor.fold(FenceClosed(ts_ns=NOON, cause=cause, detail=words))  # type: ignore[arg-type]
    look.until(".banner", f"Fence closed, no entries: silent feed ({words})")
    assert look.page.locator(".banner").count() == 1  # The same is not said twice.
    room.floor.fold(restored())
    look.page.wait_for_selector(f"{light}[title='feed is green']")
    assert look.text("#lights-note") == "3 of 3 well"
