"""The market page, and the reckoning of its pictures against slow ones written here."""

import random
from datetime import datetime
from typing import Any

import pytest

from tests.makers import at, make_bar
from tests.web.api.days import make_condition
from tests.web.pages.conftest import BARS, PHONE, Call, Look, Room, bars
from tests.web.pages.test_live import head, news, send, wait_for
from tests.web.rooms import keep
from tests.web.test_tape import batch

FRAMES = "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"


def levels(seed: int) -> list[dict[str, Any]]:
    """Return the levels of a made-up footprint, gaps and zeros among them."""
    dice = random.Random(seed)
    low = dice.randrange(-40, 40)
    return [
        {"ticks": low + step, "price": (low + step) / 4, "bid": dice.choice([0, 0, 3, 80]),
         "ask": dice.choice([0, 1, 7, 900]), "unknown": dice.choice([0, 0, 2]),
         "imbalance": dice.choice([None, "buy", "sell"]), "stacked": dice.random() < 0.2}
        for step in range(dice.randrange(1, 60))
    ]  # fmt: skip


def area_of(volumes: dict[int, int]) -> tuple[int, int, int]:
    """Return point of control, low and high of 70 %: one row at a time, above where equal."""
    ticks = sorted(volumes)
    poc = max(ticks, key=lambda at: (volumes[at], -at))
    low = high = poc
    while sum(volumes[at] for at in range(low, high + 1)) < 0.7 * sum(volumes.values()):
        if low == ticks[0] and high == ticks[-1]:
            break
        above = volumes.get(high + 1, -1)
        below = volumes.get(low - 1, -1)
        low, high = (low, high + 1) if above >= below else (low - 1, high)
    return poc, low, high


def test_the_profile_in_view_is_that_of_a_slow_reckoning(call: Call) -> None:
    for seed in range(20):
        found = levels(seed)
        told = call("overlays.js", "profileOf", [{"levels": found}, {"levels": found}])
        volumes = {row["ticks"]: 2 * (row["bid"] + row["ask"] + row["unknown"]) for row in found}
        assert {row["ticks"]: row["volume"] for row in told["rows"]} == volumes
        assert (told["poc"], told["low"], told["high"]) == area_of(volumes), seed


def test_of_nothing_there_is_no_profile(call: Call) -> None:
    told = call("overlays.js", "profileOf", [])
    assert told == {"rows": [], "poc": None, "low": None, "high": None}


def test_levels_drawn_together_lose_no_contract_and_no_imbalance(call: Call) -> None:
    for seed, step in ((1, 20.0), (2, 5.0), (3, 0.7), (4, 0.01)):
        found = levels(seed)
        foot = {"levels": found, "poc": found[0]["price"]}
        rows = call("footprint_series.js", "grouped", foot, step, 0.25, 12)
        size = rows[0]["size"]
        assert size * step >= 12 or size == 1000
        for side in ("bid", "ask", "unknown"):
            assert sum(row[side] for row in rows) == sum(level[side] for level in found)
        for side in ("buy", "sell"):
            marked = {level["ticks"] // size for level in found if level["imbalance"] == side}
            assert {round(row["low"] * 4) // size for row in rows if row[side]} == marked
        assert sum(row["poc"] for row in rows) == 1


def test_the_chart_draws_bars_and_the_arrows_walk_along_them(still: Room, look: Look) -> None:
    look.go(still, "/market")
    look.page.wait_for_selector("#chart canvas")
    look.until("#bar-time", "last")
    assert "12:00:00" in look.text("#bar-time")
    look.page.keyboard.press("ArrowLeft")
    look.until("#bar-time", "11:55:00")
    look.page.keyboard.press("ArrowLeft")
    look.until("#bar-time", "11:50:00")
    look.page.keyboard.press("ArrowRight")
    look.until("#bar-time", "11:55:00")
    before = bars()[BARS - 2]
    assert f"{before.sell_volume}" in look.text("#bar")
    assert look.wrong == []


def test_the_arrows_walk_bar_by_bar_out_of_view_and_the_bars_stay_as_near_as_they_were(
    still: Room, look: Look
) -> None:
    look.page.set_viewport_size(PHONE)
    look.go(still, "/market")
    look.page.click("[data-view=footprint]")
    look.page.wait_for_selector("[data-view=footprint][aria-pressed=true]")
    seen = []
    for key in ["ArrowLeft"] * 8 + ["ArrowRight"] * 4:
        look.page.keyboard.press(key)
        look.page.evaluate(FRAMES)
        seen.append(look.text("#readout span")[-8:-3])
    assert seen == ["11:55", "11:50", "11:45", "11:40", "11:35", "11:30", "11:25", "11:20",
                    "11:25", "11:30", "11:35", "11:40"]  # fmt: skip
    assert look.page.get_attribute("[data-view=footprint]", "aria-pressed") == "true"
    # Now somebody points at the bar beside.
    box = look.page.locator("#chart").bounding_box()
    look.page.mouse.move(box["x"] + 60, box["y"] + 100)
    look.page.mouse.move(box["x"] + 30, box["y"] + 100)
    look.until("#readout span", "11:35:00")


def test_a_footprint_shows_when_one_comes_near(still: Room, look: Look) -> None:
    with look.page.expect_response(lambda answer: "/api/footprint" in answer.url) as told:
        look.go(still, "/market")
    assert len(told.value.json()["rows"]) == BARS
    look.page.click("[data-view=footprint]")
    look.page.wait_for_selector("[data-view=footprint][aria-pressed=true]")
    look.page.keyboard.press("ArrowDown")
    look.page.keyboard.press("ArrowDown")
    look.page.wait_for_selector("[data-view=cells][aria-pressed=true]")


def test_a_bar_that_closes_is_drawn_at_once(room: Room, look: Look) -> None:
    look.go(room, "/market")
    look.until("#bar-time", "12:00:00")
    room.floor.fold(make_bar(start_ns=at("12:00"), end_ns=at("12:05"), sells=(1,), buys=(777,)))
    look.until("#bar-time", "12:05:00")
    assert "777" in look.text("#bar")


def test_a_view_chosen_before_the_bars_are_there_is_what_they_come_in(
    still: Room, look: Look
) -> None:
    held: list[Any] = []
    look.page.route("**/api/bars?*", lambda route: held.append(route))
    look.go(still, "/market")
    look.page.click("[data-view=footprint]")
    look.wait("document.querySelectorAll('#series button').length > 0")
    for route in held:
        route.continue_()
    look.page.unroute("**/api/bars?*")
    look.page.wait_for_selector("[data-view=footprint][aria-pressed=true]")
    assert look.wrong == []


def test_what_is_judged_a_moment_after_a_bar_is_shown_with_the_next(
    room: Room, look: Look
) -> None:
    look.go(room, "/market")
    look.until("#bar-time", "12:00:00")
    assert look.text("#bar div:has(dt:text-is('VWAP')) dd") == "–"
    condition = make_condition(bars()[-1].end_ns, vwap_bands=(1, 2, 3, 20_000, 5, 6, 7))
    keep(room.run_dir, {"regime": [condition]})
    room.floor.fold(make_bar(start_ns=at("12:00"), end_ns=at("12:05"), sells=(1,), buys=(777,)))
    look.until("#bar-time", "12:05:00")
    look.page.keyboard.press("ArrowLeft")
    look.until("#bar-time", "12:00:00")
    look.until("#bar div:has(dt:text-is('VWAP')) dd", "5000.00")


@pytest.mark.parametrize(
    ("utc", "wall"),
    [
        ("2025-03-09T06:59:59", "2025-03-09T01:59:59"),
        ("2025-03-09T07:00:00", "2025-03-09T03:00:00"),
        ("2025-11-02T05:59:59", "2025-11-02T01:59:59"),
        ("2025-11-02T06:00:00", "2025-11-02T01:00:00"),
        ("2025-12-02T05:00:00", "2025-12-02T00:00:00"),
        ("2013-09-03T04:00:00", "2013-09-03T00:00:00"),
    ],
)
def test_the_chart_has_new_yorks_clock_in_summer_and_winter(
    call: Call, utc: str, wall: str
) -> None:
    def ms(instant: str) -> float:
        return datetime.fromisoformat(f"{instant}+00:00").timestamp() * 1000

    assert call("format.js", "wallClock", ms(utc)) == ms(wall)


def test_where_no_trade_reaches_the_page_the_tape_says_so(still: Room, look: Look) -> None:
    look.go(still, "/market")
    look.until("#tape-note", "not recorded here")
    assert not [url for url in look.asked if "/api/tape" in url]


def test_the_last_price_is_that_of_the_tape_where_trades_reach_the_page(
    room: Room, look: Look
) -> None:
    look.go(room, "/market")
    look.until("#last", price_of(bars()[-1].close))
    room.floor.fold(batch([(bars()[-1].end_ns, 20_026, 1, 2)]))
    look.until("#last", "5006.50")


def price_of(ticks: int) -> str:
    """Return a price of the ES as it is written."""
    return f"{ticks / 4:.2f}"


def test_before_the_first_bar_the_page_says_what_it_waits_for(still: Room, look: Look) -> None:
    opened = news(look)
    look.page.goto(f"{still.url}/market")
    wait_for(look, opened, 1)
    send(opened[0], "snapshot", 1, head=head(still, ""))
    look.until("#symbol", "no bar yet")
    assert look.page.locator("#nothing").is_visible()
    assert (look.text("#bar-time"), look.text("#tape-note")) == ("no bar yet", "no trade yet")
    send(opened[0], "change", 2, head=head(still, "ESZ5"))
    look.until("#bar-time", "last")
    look.page.wait_for_selector("#nothing", state="hidden")


def test_on_a_phone_no_figure_of_the_readout_is_torn_from_its_name(
    still: Room, look: Look
) -> None:
    look.page.set_viewport_size(PHONE)
    look.go(still, "/market")
    look.until("#bar-time", "last")
    whole = "[...document.querySelectorAll('#readout span')].map((one) => one.offsetHeight)"
    heights = look.page.evaluate(whole)
    assert len(heights) == 9
    assert 0 < min(heights) == max(heights) < 30  # Each on one line.
