"""What the chart draws over what: its own picture is looked at, pixel by pixel."""

from typing import Any

import pytest

from tests.web.pages.conftest import Call, Look, Room

# Bars with numbers in five rows; lines lie just where the numbers are. The picture with the lines
# is held against that without: counted are the pixels that differ inside and outside of the cells.
STRUCK = """async ([wide, spacing]) => {
  const {Plot} = await import('/static/js/plot.js');
  const place = document.createElement('div');
  Object.assign(place.style, {position: 'fixed', inset: 0, width: `${wide}px`, height: '480px'});
  document.body.append(place);
  const [tick, low, high] = [0.25, 5000, 5001];
  const levels = [0, 1, 2, 3, 4].map((step) => ({
    ticks: 20000 + step, price: low + step * tick, bid: 12, ask: 345, unknown: 0,
    imbalance: null, stacked: false,
  }));
  const foot = {levels, poc: low, vah: high, val: low};
  const bars = Array.from({length: 8}, (_, at) => ({
    time: 300 * at, open: low, high, low, close: high, delta: 1, cumulative_delta: at,
    vwap: 5000.5, vwap_upper1: 5000.75, vwap_lower1: 5000.25, vwap_upper2: 5001,
    vwap_lower2: 5000,
  }));
  const frame = () => new Promise((drawn) => requestAnimationFrame(() => drawn()));
  const plot = new Plot(place, () => foot, {decimals: 2, tick});
  plot.setBars(bars);
  plot.setSpacing(spacing);
  for (let turn = 0; turn < 4; turn += 1) await frame();
  const picture = () => {
    const canvas = plot.chart.takeScreenshot();
    return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  };
  plot.setLines([[5000.5, 'stop', 'order'], [5000.25, 'VAL', '']]);
  const struck = picture();
  plot.setLines([]);
  plot.showBands(false);
  const clean = picture();
  const half = spacing / 2;
  const centers = bars.map(({time}) => plot.chart.timeScale().timeToCoordinate(time));
  const [top, bottom] = [high + tick / 2, low - tick / 2].map((at) =>
    plot.bars.priceToCoordinate(at));
  const right = plot.chart.timeScale().width();
  const inCell = (x, y) => y > top + 1 && y < bottom - 1 && x < right &&
    centers.some((center) => x > center - half + 12 && x < center + half - 4);
  const found = {inside: 0, outside: 0, cells: 0};
  for (let at = 0; at < clean.data.length; at += 4) {
    const [x, y] = [(at / 4) % clean.width, Math.floor(at / 4 / clean.width)];
    const differs = [0, 1, 2].some((part) => clean.data[at + part] !== struck.data[at + part]);
    if (inCell(x, y)) found.cells += 1;
    if (differs) found[inCell(x, y) ? 'inside' : 'outside'] += 1;
  }
  return found;
}"""


@pytest.mark.parametrize(("wide", "spacing"), [(372, 80), (990, 112), (372, 30)])
def test_no_line_strikes_through_a_cell(
    still: Room, look: Look, wide: int, spacing: int
) -> None:
    look.go(still, "/settings")
    found: dict[str, Any] = look.page.evaluate(STRUCK, [wide, spacing])
    assert found["cells"] > 10_000
    assert found["inside"] == 0
    assert found["outside"] > 500  # Between the cells they are there.
    assert look.wrong == []


# How far to both sides the numbers of a bar reach, and what they say in which size; its middle
# lies at 100, that of each further bar as much to the right. With space between the letters any
# font is a wide one.
REACH = """async ([spacing, counts, apart]) => {
  const {FootprintSeries} = await import('/static/js/footprint_series.js');
  const context = document.createElement('canvas').getContext('2d');
  context.letterSpacing = `${apart}px`;
  const bars = counts.map(() => ({left: Infinity, right: -Infinity, told: []}));
  context.fillText = (said, x) => {
    const at = Math.round((x - 100) / spacing);
    const [bar, {width}] = [bars[at], context.measureText(said)];
    const from = x - at * spacing - (context.textAlign === 'right' ? width : 0);
    bar.left = Math.min(bar.left, from);
    bar.right = Math.max(bar.right, from + width);
    bar.told.push([said, Number(context.font.match(/([0-9.]+)px/)[1])]);
  };
  const level = (ticks, count) => ({ticks, price: ticks / 4, bid: count, ask: count, unknown: 0,
    imbalance: 'buy', stacked: false});
  const footOf = ({count}) => count === null ? null : {
    levels: [level(20000, count), level(20001, count)], poc: 5000, vah: 5000.25, val: 5000};
  const series = new FootprintSeries(0.25, footOf);
  const candle = {open: 5000, high: 5000.25, low: 5000, close: 5000.25};
  series.update({barSpacing: spacing, visibleRange: {from: 0, to: counts.length},
    bars: counts.map((count, at) => ({x: 100 + at * spacing, originalData: {...candle, count}}))});
  const size = {width: 900, height: 400};
  const target = {useMediaCoordinateSpace: (paint) => paint({context, mediaSize: size})};
  series.renderer().draw(target, (price) => (5001 - price) * 80);
  return bars;
}"""


def drawn(
    look: Look, room: Room, spacing: int, *counts: int | None, apart: int = 0
) -> list[dict[str, Any]]:
    """Return what was drawn of bars with these counts at all levels; None: a candle alone."""
    look.go(room, "/settings")
    return look.page.evaluate(REACH, [spacing, counts, apart])  # type: ignore[no-any-return]


def sizes(told: list[list[Any]]) -> set[float]:
    """Return the sizes of numbers."""
    return {size for _, size in told}


def keeps_to_its_cells(bar: dict[str, Any], spacing: int) -> bool:
    """Return whether no number reaches the marks at the edges of the cells."""
    left, right = 100 - spacing / 2 + 11 + 5, 100 + spacing / 2 - 3 - 5
    return not bar["told"] or (bar["left"] >= left and bar["right"] <= right)


@pytest.mark.parametrize("spacing", [88, 112])
@pytest.mark.parametrize("count", [7, 999, 9_999, 99_999])
def test_no_number_of_a_footprint_reaches_the_marks_at_its_edges(
    still: Room, look: Look, spacing: int, count: int
) -> None:
    (bar,) = drawn(look, still, spacing, count)
    assert bar["told"] and keeps_to_its_cells(bar, spacing)


@pytest.mark.parametrize("apart", [1, 2, 3])
@pytest.mark.parametrize("count", [7, 999, 99_999, 1_234_567])
def test_no_number_reaches_the_marks_in_a_wide_font_either(
    still: Room, look: Look, count: int, apart: int
) -> None:
    (bar,) = drawn(look, still, 112, count, apart=apart)
    assert keeps_to_its_cells(bar, 112)
    assert all(size >= 9 for size in sizes(bar["told"]))
    assert bar["told"] or count > 999


@pytest.mark.parametrize(
    ("spacing", "count", "said"),
    [
        (88, 7, "7"), (88, 999, "999"), (112, 9_999, "9999"), (200, 1_234_567, "1234567"),
        (88, 1_234_567, "1.2M"), (88, 12_345_678, "12M"),
    ],
)  # fmt: skip
def test_the_numbers_are_whole_where_there_is_room_and_rounded_where_there_is_less(
    still: Room, look: Look, spacing: int, count: int, said: str
) -> None:
    (bar,) = drawn(look, still, spacing, count)
    assert [one for one, _ in bar["told"]] == [said] * 4  # Sold and bought, on two levels.
    assert all(9 <= size <= 13 for size in sizes(bar["told"]))


def test_with_much_room_the_numbers_are_large(still: Room, look: Look) -> None:
    assert [bar["told"] for bar in drawn(look, still, 112, 7, 999)] == [
        [["7", 13]] * 4, [["999", 13]] * 4
    ]  # fmt: skip


@pytest.mark.parametrize(("spacing", "apart"), [(64, 6), (88, 20)])
def test_numbers_nobody_could_read_are_left_away(
    still: Room, look: Look, spacing: int, apart: int
) -> None:
    (bar,) = drawn(look, still, spacing, 99_999, apart=apart)
    assert bar["told"] == []


def test_all_bars_in_view_have_numbers_of_the_size_that_the_fullest_of_them_needs(
    still: Room, look: Look
) -> None:
    (alone,) = drawn(look, still, 88, 9_999)
    (size,) = sizes(alone["told"])
    assert 9 <= size < 13
    for counts in ((7, 9_999, 120), (9_999, 7), (None, 9_999, 7)):
        bars = drawn(look, still, 88, *counts)
        said = [[said for said, _ in bar["told"]] for bar in bars]
        assert said == [[] if count is None else [str(count)] * 4 for count in counts]
        assert set().union(*(sizes(bar["told"]) for bar in bars)) == {size}
        assert all(keeps_to_its_cells(bar, 88) for bar in bars)


def test_a_bar_told_in_thousands_leaves_its_neighbours_whole(still: Room, look: Look) -> None:
    (alone,) = drawn(look, still, 88, 1_234_567)
    full, quiet = drawn(look, still, 88, 1_234_567, 45)
    assert (full, {said for said, _ in quiet["told"]}) == (alone, {"45"})
    assert sizes(quiet["told"]) == sizes(alone["told"])


def test_a_bar_whose_numbers_nobody_could_read_does_not_make_those_beside_it_small(
    still: Room, look: Look
) -> None:
    (alone,) = drawn(look, still, 88, 7, apart=12)
    bars = drawn(look, still, 88, 99_999, 7, apart=12)
    assert [bar["told"] for bar in bars] == [[], alone["told"]]
    assert alone["told"]


@pytest.mark.parametrize(
    ("needed", "wanted"),
    [
        ([], []), ([13], [13]), ([0], [0]), ([13, 9.5, 11], [9.5, 9.5, 9.5]),
        ([0, 12, 13], [0, 12, 12]), ([0, 0], [0, 0]),
    ],
)  # fmt: skip
def test_the_smallest_size_that_anyone_needs_is_that_of_all_who_have_one(
    call: Call, needed: list[float], wanted: list[float]
) -> None:
    told = call("footprint_series.js", "inOneSize", [{"size": size} for size in needed])
    assert [one["size"] for one in told] == wanted


@pytest.mark.parametrize(
    ("count", "wanted"),
    [
        (0, "0"), (999, "999"), (1_000, "1.0K"), (9_949, "9.9K"), (9_951, "10K"),
        (99_499, "99K"), (999_499, "999K"), (999_500, "1.0M"), (12_345_678, "12M"),
    ],
)  # fmt: skip
def test_a_large_number_is_told_in_thousands_or_millions(
    call: Call, count: int, wanted: str
) -> None:
    assert call("footprint_series.js", "shortened", count) == wanted
