"""The news: what a page does when a number is missing, when it is behind, and when all is gone."""

import json
from typing import Any

from tests.makers import make_signal
from tests.web.pages.conftest import Look, Room

SEEN = """() => {
  window.seen = [];
  const contract = document.querySelector("#contract");
  const note = () => window.seen.push(contract.textContent);
  new MutationObserver(note).observe(contract, {childList: true, characterData: true});
}"""


def news(look: Look) -> list[Any]:
    """Let the page talk to us instead of the server; return the sockets it opens."""
    opened: list[Any] = []
    look.page.route_web_socket("**/ws*", lambda socket: opened.append(socket))
    return opened


def send(socket: Any, kind: str, number: int = 0, **sections: Any) -> None:
    """Send one message of the news."""
    told = {"kind": kind} | ({"number": number} if number else {})
    socket.send(json.dumps(told | ({"sections": sections} if sections else {})))


def head(room: Room, contract: str) -> dict[str, Any]:
    """Return the section of a contract."""
    return room.floor.sections()["head"] | {"contract": contract}


def wait_for(look: Look, opened: list[Any], count: int) -> None:
    """Wait until the page has opened `count` sockets."""
    for _ in range(100):
        if len(opened) >= count:
            return
        look.page.wait_for_timeout(50)
    raise AssertionError(f"{len(opened)} sockets, wanted {count}")


def test_a_change_is_taken_and_one_that_is_missing_leads_to_a_new_snapshot(
    still: Room, look: Look
) -> None:
    opened = news(look)
    look.page.goto(still.url + "/trades")
    wait_for(look, opened, 1)
    send(opened[0], "snapshot", 7, head=head(still, "AAA"))
    look.until("#contract", "AAA")
    send(opened[0], "change", 8, head=head(still, "BBB"))
    look.until("#contract", "BBB")
    send(opened[0], "change", 10, head=head(still, "WRONG"))
    wait_for(look, opened, 2)
    assert look.text("#contract") == "BBB"
    send(opened[1], "snapshot", 10, head=head(still, "CCC"))
    look.until("#contract", "CCC")
    look.until("#link", "live")


def test_a_page_that_is_behind_waits_for_the_snapshot(still: Room, look: Look) -> None:
    opened = news(look)
    look.page.goto(still.url + "/trades")
    wait_for(look, opened, 1)
    send(opened[0], "snapshot", 1, head=head(still, "AAA"))
    look.until("#contract", "AAA")
    look.page.evaluate(SEEN)
    send(opened[0], "behind")
    look.until("#link", "catching up")
    send(opened[0], "change", 2, head=head(still, "OLD"))
    send(opened[0], "snapshot", 9, head=head(still, "NEW"))
    look.until("#contract", "NEW")
    send(opened[0], "change", 10, head=head(still, "NEXT"))
    look.until("#contract", "NEXT")
    assert look.page.evaluate("seen") == ["NEW", "NEXT"]
    assert len(opened) == 1


def test_a_dead_server_is_said_and_the_page_comes_back_by_itself(room: Room, look: Look) -> None:
    look.go(room, "/")
    room.server.stop()
    look.until(".banner.alarm", "No connection to the floor since")
    assert look.text("#link") == "lost"
    assert look.page.evaluate("document.body.classList.contains('stale')")
    room.open(room.port)
    room.floor.fold(make_signal(id="new", last_price=19_000))
    look.until("#link", "live")
    look.page.wait_for_selector(".banner", state="detached")
    look.until("#alerts", "4750.00")
