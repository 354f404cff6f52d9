"""Trades, signals, statistics and the recap: what the tables show, how they sort and search."""

from typing import Any

import pytest

from tests.web.pages.conftest import DESKTOP, NETS, PHONE, Call, Look, Room

# Dots in all corners of the scatter; which words of it they lie on.
COVERED = """async ([width, height]) => {
  const {scatter} = await import('/static/js/plots.js');
  const {svg} = await import('/static/js/dom.js');
  const picture = svg('svg', {id: 'picture', class: 'plot'});
  document.body.append(picture);
  Object.assign(picture.style, {width: `${width}px`, height: `${height}px`, flex: 'none'});
  const ends = [0, 1, 24, 25];
  scatter('picture', ends.flatMap((against) => ends.map((favour) => (
    {against, favour, won: true}))));
  const at = (element) => element.getBoundingClientRect();
  const dots = [...document.querySelectorAll('#picture circle')].map(at);
  if (dots.length !== 16) return [dots.length];
  const words = [...document.querySelectorAll('#picture text')];
  return words.filter((word) => dots.some((dot) => dot.left < at(word).right &&
    dot.right > at(word).left && dot.top < at(word).bottom && dot.bottom > at(word).top))
    .map((word) => word.textContent);
}"""
# Which elements can be seen as wide as they are: none is cut by its panel or lies below another.
INSIDE = """(selector) => [...document.querySelectorAll(selector)].map((one) => {
  const {left, right, top, height} = one.getBoundingClientRect();
  const panel = one.closest('.panel').getBoundingClientRect();
  return left >= panel.left && right <= panel.right && [left + 2, right - 2].every((x) =>
    one.contains(document.elementFromPoint(x, top + height / 2)));
})"""
# Where the figures of the win rates end.
SHARES = """() => [...document.querySelectorAll('#table .share')].map((share) => {
  const words = document.createRange();
  words.selectNodeContents(share);
  return Math.round(words.getBoundingClientRect().right);
})"""


def column(look: Look, number: int) -> list[str]:
    """Return what stands in a column of the table."""
    cells = look.page.locator(f"#table tbody td:nth-child({number})")
    return [str(text) for text in cells.all_inner_texts()]


def test_round_trips_come_newest_first_and_sort_by_a_click(traded: Room, look: Look) -> None:
    look.go(traded, "/trades")
    look.until("#count", "4 rows")
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
    look.until("#count", "4 rows")
    with look.page.expect_download() as got:
        look.page.click("#csv")
    assert "reason=target" in got.value.url
    assert len(got.value.path().read_text().splitlines()) == 1 + len(NETS)


def test_signals_are_searched_and_sorted_among_those_shown(traded: Room, look: Look) -> None:
    look.go(traded, "/signals")
    look.until("#count", "4 rows")
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


@pytest.mark.parametrize("left", [0, 9999])
def test_on_a_phone_more_rows_can_be_had_however_far_the_table_is_pushed_aside(
    signalled: Room, look: Look, left: int
) -> None:
    look.page.set_viewport_size(PHONE)
    look.go(signalled, "/signals")
    look.until("#count", "100 rows and more")
    scroller = "document.querySelector('.list .scroll')"
    look.page.evaluate(f"{scroller}.scrollTo({left}, {scroller}.scrollHeight)")
    assert (look.page.evaluate(f"{scroller}.scrollLeft") > 0) is (left > 0)
    look.page.evaluate(f"{scroller}.scrollIntoView({{block: 'center'}})")
    assert look.page.evaluate(INSIDE, "#table tfoot button") == [True]
    look.page.click("#table tfoot button")
    look.until("#count", "120 rows")
    look.page.set_viewport_size(DESKTOP)


@pytest.mark.parametrize(
    ("count", "wanted"), [(0, "0 rows"), (1, "1 row"), (-1, "−1 row"), (1_500, "1,500 rows")]
)
def test_one_of_a_thing_is_told_in_the_singular(call: Call, count: int, wanted: str) -> None:
    assert call("format.js", "counted", count, "row") == wanted


def test_a_single_round_trip_is_no_plural(traded: Room, look: Look) -> None:
    page = {"rows": [{"at_ms": 1, "balance_cents": 1}], "next": None, "start_cents": 0}
    look.page.route("**/api/equity*", lambda route: route.fulfill(json=page))
    look.go(traded, "/statistics")
    look.page.wait_for_selector("#equity-note:text-is('1 round trip')")


@pytest.mark.parametrize("size", [(376, 180), (372, 200)])
def test_no_dot_of_the_scatter_lies_on_a_word(
    traded: Room, look: Look, size: tuple[int, int]
) -> None:
    look.go(traded, "/trades")
    assert look.page.evaluate(COVERED, size) == []


def rows_of(look: Look, *changed: dict[str, Any]) -> None:
    """Let the statistics have these rows, each like the first but for what is named."""

    def answer(route: Any) -> None:
        told = route.fetch().json()
        told["rows"] = [told["rows"][0] | fields for fields in changed]
        route.fulfill(json=told)

    look.page.route("**/api/statistics?*", answer)


def test_the_shares_won_end_below_each_other(traded: Room, look: Look) -> None:
    wide = {"win_rate_low": 0.0, "win_rate_high": 1.0}
    rows_of(look, *(wide | {"win_rate": rate} for rate in (0.05, 0.5, 1.0)))
    look.go(traded, "/statistics")
    look.until("#table .share", "100 %")
    rights = look.page.evaluate(SHARES)
    assert len(rights) == 3 and len(set(rights)) == 1


def test_statistics_show_how_far_the_market_went_and_of_how_many_trips_that_is_known(
    traded: Room, look: Look
) -> None:
    def far(known: int, trips: int, against: float | None, favour: float | None) -> dict[str, Any]:
        return {"n": trips, "low_n": trips < 30, "excursions_n": known, "mae_ticks": against,
                "excursions_low_n": known < 30, "mfe_ticks": favour}  # fmt: skip

    rows_of(look, far(40, 40, 6.25, 11), far(29, 1_200, 0, 3.5), far(2, 4, 7, 8),
            far(0, 40, None, None))  # fmt: skip
    look.go(traded, "/statistics")
    look.until("#table", "6.3")
    cells = "#table tbody td:nth-child({})"
    assert column(look, 11) == ["6.3", "· 0.0", "7.0", "–"]
    assert column(look, 12) == ["11.0", "· 3.5", "8.0", "–"]
    titles = [cell.get_attribute("title") for cell in look.page.locator(cells.format(11)).all()]
    assert titles == [None, "of 29 of 1,200 round trips", "of 2 of 4 round trips",
                      "in no recap yet"]  # fmt: skip


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_statistics_bring_every_column_and_every_dimension_into_view(
    traded: Room, look: Look, size: dict[str, int]
) -> None:
    look.page.set_viewport_size(size)
    look.go(traded, "/statistics")
    look.until("#table", "stacked buy")
    look.page.wait_for_selector("#by button:has-text('size')")
    assert look.page.evaluate(INSIDE, "#by button") == [True] * 11
    for words in ("against, ticks", "in favour, ticks"):
        number = look.page.locator("#table th").all_inner_texts().index(words) + 1
        heading = look.page.locator(f"#table th:nth-child({number})")
        heading.scroll_into_view_if_needed()
        assert "excursion" in heading.get_attribute("title")
        assert look.page.evaluate(INSIDE, f"#table tr > :nth-child({number})") == [True] * 2
        # What the row is of stands beside it, and not over it.
        assert look.page.evaluate(INSIDE, "#table tr > :first-child") == [True] * 2


def test_of_the_parts_of_a_recap_only_the_one_shown_hears_the_search(
    still: Room, look: Look
) -> None:
    stamps = [f"2025-12-02T15:0{minute}:00Z" for minute in range(3)]
    regimes = [{"ts": stamp, "regime": "calm", "confidence": 0.5} for stamp in stamps]
    recap = {
        "trades": [], "signals": [], "bars": [], "regimes": regimes, "restarts": {"events": []},
        "errors": [{"ts": stamps[0], "text": "calm"}], "summary": {"wins": 0, "trades": 0},
        "session": {"status": "ENDED", "fills": {"model": "touch"}},
        "analytics": {"day": {"drawdown_marked": {"amount": 0}}, "breakdowns": {"pattern": []}},
        "equity": {"start": 0, "marked": []},
    }  # fmt: skip
    rows = {"rows": [{"date": "2025-12-02"}], "next": None}
    look.page.route("**/api/recaps?*", lambda route: route.fulfill(json=rows))
    look.page.route("**/api/recap/2025-12-02", lambda route: route.fulfill(json=recap))
    look.go(still, "/recap")
    for part, count in (("Errors", "1 row"), ("Regimes", "3 rows")):
        look.page.click(f"#parts button:has-text('{part}')")
        look.until("#count", count)
    look.page.evaluate(
        "window.seen = [];"
        "new MutationObserver(() => window.seen.push(document.getElementById('count').innerText))"
        ".observe(document.getElementById('count'), {childList: true})"
    )
    look.page.fill("#search", "calm")
    assert column(look, 2) == ["calm"] * 3
    look.page.fill("#search", "no such thing")
    look.until("#count", "0 rows")
    # No table of another part said something else in between.
    assert look.page.evaluate("window.seen") == ["0 rows"]
