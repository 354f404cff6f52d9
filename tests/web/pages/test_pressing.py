"""What a person presses while the news come: it stays the same, so that the press is heard."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.web.pages.conftest import Look, Room
from tests.web.rooms import child, write_status

BARS = "#tree a[href='/actors/bars']"
RENEW = """async ([before, after]) => {
  const {make, renew} = await import('/static/js/dom.js');
  const list = make('ol');
  const items = (keys) => keys.map((key) => make('li', {'data-key': key}, key));
  renew(list, ...items(before));
  const old = new Map([...list.children].map((item) => [item, item.textContent]));
  const moved = [];
  const watch = new MutationObserver(() => null);
  watch.observe(list, {childList: true});
  renew(list, ...items(after));
  for (const {addedNodes} of watch.takeRecords()) moved.push(...addedNodes);
  return [[...list.children].map((item) => item.textContent),
    [...list.children].every((item) => !old.has(item) || old.get(item) === item.textContent),
    moved.map((item) => item.dataset.key)];
}"""


@contextmanager
def pressed(look: Look, selector: str) -> Iterator[None]:
    """Hold the button of the mouse down on an element meanwhile."""
    look.page.hover(selector)
    look.page.mouse.down()
    yield
    look.page.mouse.up()


def write(look: Look, selector: str) -> None:
    """Let a field say that somebody has written into it: what it filters is shown anew."""
    look.page.dispatch_event(selector, "input")


@pytest.mark.parametrize(
    ("path", "press", "field", "then", "words"),
    [
        ("/actors", BARS, "#find", "#one-id", "bars"),
        ("/signals", "#table tbody tr:nth-child(2)", "#search", "dialog[open] h1", "10:01:58"),
        ("/signals", "#table tfoot button", "#search", "#count", "120 rows"),
        ("/settings", "#values [aria-label='Change daily loss dollars']", "#search",
         "dialog[open] h1", "Change daily loss dollars"),
    ],
    ids=["an actor opens", "a trail opens", "more rows come", "a limit can be changed"],
)  # fmt: skip
def test_what_is_pressed_while_it_is_shown_anew_does_what_it_does(
    signalled: Room, look: Look, path: str, press: str, field: str, then: str, words: str
) -> None:
    look.go(signalled, path)
    with pressed(look, press):
        write(look, field)
    look.until(then, words)


def test_an_actor_pressed_while_it_dies_opens(room: Room, look: Look) -> None:
    look.go(room, "/actors")
    look.page.wait_for_selector(BARS)
    with pressed(look, BARS):
        write_status(room.run_dir, "market", child("feed"), child("bars", health="red"))
        look.page.wait_for_selector(f"tr.red {BARS.removeprefix('#tree ')}")
    look.until("#one-id", "bars")


@pytest.mark.parametrize("how", [{"modifiers": ["Control"]}, {"button": "middle"}])
def test_the_link_of_an_actor_opens_beside_the_page_where_the_browser_is_told_so(
    still: Room, look: Look, how: dict[str, Any]
) -> None:
    look.go(still, "/actors")
    with look.page.context.expect_page() as opened:
        look.page.click(BARS, **how)
    opened.value.wait_for_url("**/actors/bars")
    opened.value.close()
    assert look.page.url.endswith("/actors")
    assert look.page.locator("#one").is_hidden()


def test_a_row_stays_itself_with_its_focus_when_a_line_comes_above_it(
    room: Room, look: Look
) -> None:
    look.go(room, "/actors")
    look.page.focus(BARS)
    look.page.evaluate("window.link = document.activeElement")
    failure = {"death": "crashed", "reason": "no answer", "traceback": "", "ts_ns": 10**9}
    failed = child("feed", health="red", failure=failure)
    write_status(room.run_dir, "market", failed, child("bars"))
    look.until("#tree tr.why", "no answer")
    assert look.page.evaluate(f"window.link === document.querySelector(\"{BARS}\")")
    assert look.page.evaluate("window.link === document.activeElement")


def test_a_box_of_the_flow_pressed_while_another_dies_opens(room: Room, look: Look) -> None:
    look.go(room, "/actors")
    look.until("#flow", "bars")
    with pressed(look, "#flow g:has-text('bars')"):
        look.until("#flow .legend", "bars: blue lines")
        write_status(room.run_dir, "market", child("feed", health="red"), child("bars"))
        look.until("#flow", "✕ feed")
    look.until("#one-id", "bars")


def test_a_group_of_the_state_pressed_while_the_state_changes_folds_and_stays_so(
    still: Room, look: Look
) -> None:
    answers = 0

    def told(route: Any) -> None:
        nonlocal answers
        answers += 1
        state = {"count": answers, "levels": {"high": answers}}
        route.fulfill(body=json.dumps({"id": "bars", "node": None, "no_answer": None, "log": [],
                                       "inspection": {"state": state}}))  # fmt: skip

    look.page.route("**/api/actors/bars", told)
    look.go(still, "/actors/bars")
    with pressed(look, "#tab summary"):
        shown = look.text("#tab .pair .number")
        look.wait(f"document.querySelector('#tab .pair .number').textContent !== '{shown}'")
    look.page.wait_for_selector("#tab details:not([open])")
    shown = look.text("#tab .pair .number")
    look.wait(f"document.querySelector('#tab .pair .number').textContent !== '{shown}'")
    assert look.page.locator("#tab details:not([open])").count() == 1
    look.page.click("#tab summary")
    look.page.wait_for_selector("#tab details[open]")


def test_a_search_in_the_state_opens_what_is_folded_only_as_long_as_it_lasts(
    still: Room, look: Look
) -> None:
    told = {"inspection": {"state": {"levels": {"high": 7}}}, "node": None, "log": []}
    look.page.route("**/api/actors/bars", lambda route: route.fulfill(body=json.dumps(told)))
    look.go(still, "/actors/bars")
    look.page.click("#tab summary")
    look.page.wait_for_selector("#tab details:not([open])")
    look.page.fill("#find-state", "high")
    look.page.wait_for_selector("#tab details[open]")
    look.page.fill("#find-state", "")
    look.page.wait_for_selector("#tab details:not([open])")


def test_a_light_pressed_while_it_changes_leads_to_its_actor(room: Room, look: Look) -> None:
    look.go(room, "/")
    with pressed(look, "#lights a:text-is('bars')"):
        write_status(room.run_dir, "market", child("feed"), child("bars", health="yellow"))
        look.page.wait_for_selector("#lights [title='bars is yellow']")
    look.page.wait_for_url("**/actors/bars")


def test_what_is_marked_in_a_list_stays_so_when_a_line_comes_above_it(
    room: Room, look: Look
) -> None:
    look.go(room, "/actors")
    look.until("#alarms", "child restarted")
    look.page.evaluate("getSelection().selectAllChildren(document.querySelector('#alarms p'))")
    alarm = {"source": "desk", "code": "feed_lost", "ts_ns": 10**9, "text": "new"}
    with (room.run_dir / "alarms.jsonl").open("a") as file:
        file.write(json.dumps(alarm) + "\n")
    look.until("#alarms li:first-child", "new")
    assert look.page.evaluate("getSelection().toString().trim()") == "bars"
    assert look.page.locator("#alarms p").all_inner_texts() == ["new", "bars"]


def test_a_tab_that_is_chosen_keeps_the_focus(still: Room, look: Look) -> None:
    look.go(still, "/actors/bars")
    look.page.focus("#tabs button:has-text('Log')")
    look.page.keyboard.press("Enter")
    look.page.wait_for_selector("#tabs button[aria-selected=true]:has-text('Log')")
    assert look.page.evaluate("document.activeElement.textContent") == "Log"


@pytest.mark.parametrize(("before", "after", "moved"), [
    ("abc", "abc", ""), ("abc", "nabc", "n"), ("abc", "anbc", "n"), ("abc", "ac", ""),
    ("abc", "bc", ""), ("abcd", "abxcd", "x"), ("abc", "xyz", "xyz"), ("", "ab", "ab"),
    ("ab", "", ""), ("aab", "ab", ""), ("abc", "cab", "c"),
])  # fmt: skip
def test_what_stays_is_kept_in_its_place_and_only_what_is_new_is_put_in(
    still: Room, look: Look, before: str, after: str, moved: str
) -> None:
    look.page.goto(still.url + "/login")
    told = look.page.evaluate(RENEW, [list(before), list(after)])
    assert told == [list(after), True, list(moved)]
