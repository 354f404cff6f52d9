"""Trades, signals, statistics and the recap: what the tables show, how they sort and search."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.makers import at, make_approved, make_bracket, make_closed, make_opened, make_signal
from tests.web.pages.conftest import DESKTOP, PHONE, Look, Room, serve
from tests.web.rooms import keep

NETS = (29_550, -20_450, 4_550, -12_950)


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A run with four round trips in its books."""
    path: Path = tmp_path_factory.mktemp("run")
    for room in serve(path):
        ids = range(len(NETS))
        brackets = [make_bracket(bracket_id=f"b{id}", signal_id=f"s{id}") for id in ids]
        desk = []
        for id, net in enumerate(NETS):
            ends = at(f"1{id}:20")
            desk.append(make_opened(bracket_id=f"b{id}", ts_ns=ends - 10**11))
            desk.append(
                make_closed(bracket_id=f"b{id}", ts_ns=ends, pnl_cents=net, exec_id=f"e{id}")
            )
        raised = [make_signal(id=f"s{id}", ts_ns=at(f"1{id}:00")) for id in ids]
        approved = [make_approved(signal_id=f"s{id}", ts_ns=at(f"1{id}:00")) for id in ids]
        keep(path, {"desk": desk, "risk": brackets, "detector": raised, "router": approved})
        yield room


def column(look: Look, number: int) -> list[str]:
    """Return what stands in a column of the table."""
    cells = look.page.locator(f"#table tbody td:nth-child({number})")
    return [str(text) for text in cells.all_inner_texts()]


def test_round_trips_come_newest_first_and_sort_by_a_click(traded: Room, look: Look) -> None:
    look.go(traded, "/trades")
    look.until("#count", "4")
    newest = ["−$129.50", "+$45.50", "−$204.50", "+$295.50"]
    assert column(look, 4) == newest
    look.page.click("#table th:has-text('net') button")
    look.page.wait_for_selector("#table th[aria-sort=descending]:has-text('net')")
    assert column(look, 4) == ["+$295.50", "+$45.50", "−$129.50", "−$204.50"]
    look.page.click("#table th:has-text('net') button")
    look.page.wait_for_selector("#table th[aria-sort=ascending]:has-text('net')")
    assert column(look, 4) == ["−$204.50", "−$129.50", "+$45.50", "+$295.50"]


def test_the_figures_are_those_of_the_round_trips(traded: Room, look: Look) -> None:
    look.go(traded, "/trades")
    look.until("#figures", "+$7.00")  # 295.50 - 204.50 + 45.50 - 129.50.
    look.until("#figures", "50 %")
    look.page.wait_for_selector("#equity .curve")


def test_the_csv_link_asks_for_what_is_filtered(traded: Room, look: Look) -> None:
    look.go(traded, "/trades")
    look.page.wait_for_selector("select[name=reason] option[value=stop]", state="attached")
    look.page.select_option("select[name=reason]", "stop")
    look.until("#table", "no round trip")
    look.page.select_option("select[name=reason]", "target")
    look.until("#count", "4")
    with look.page.expect_download() as got:
        look.page.click("#csv")
    assert "reason=target" in got.value.url
    assert len(got.value.path().read_text().splitlines()) == 1 + len(NETS)


def test_signals_are_searched_and_sorted_among_those_shown(traded: Room, look: Look) -> None:
    look.go(traded, "/signals")
    look.until("#count", "4")
    times = [f"1{id}:00:00" for id in range(4)]
    look.page.click("#table th:has-text('time') button")
    assert [time[-8:] for time in column(look, 1)] == times[::-1]
    look.page.click("#table th:has-text('time') button")
    assert [time[-8:] for time in column(look, 1)] == times
    look.page.fill("#search", "no such thing")
    look.until("#table", "no signal")


def test_statistics_are_shown_by_what_is_chosen(traded: Room, look: Look) -> None:
    look.go(traded, "/statistics")
    look.until("#table", "stacked buy")
    look.page.click("#by button:has-text('regime')")
    look.until("#table", "volatile")
    assert column(look, 2) == ["· 4"]
    assert look.page.locator("#by button[aria-pressed=true]").inner_text() == "regime"


def test_without_a_recap_the_page_says_how_one_comes_to_be(traded: Room, look: Look) -> None:
    look.go(traded, "/recap")
    look.until("#nothing", "start.py recap")
    look.page.wait_for_selector(".list", state="hidden")  # Nothing is shown of nothing.


def test_a_phone_shows_which_page_it_is_on(traded: Room, look: Look) -> None:
    look.page.set_viewport_size(PHONE)
    for path in ("/", "/statistics", "/settings"):
        look.go(traded, path)
        box = look.page.locator(".pages a[aria-current]").bounding_box()
        assert 0 <= box["x"] and box["x"] + box["width"] <= PHONE["width"], path
    look.page.set_viewport_size(DESKTOP)
