"""What the chart draws over what: its own picture is looked at, pixel by pixel."""

from typing import Any

import pytest

from tests.web.pages.conftest import Look, Room

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
# lies at 100. With space between the letters any font is a wide one.
REACH = """async ([spacing, count, apart = 0]) => {
  const {FootprintSeries} = await import('/static/js/footprint_series.js');
  const context = document.createElement('canvas').getContext('2d');
  context.letterSpacing = `${apart}px`;
  const [ends, told] = [[], []];
  context.fillText = (said, x) => {
    told.push([said, Number(context.font.match(/([0-9.]+)px/)[1])]);
    const {width} = context.measureText(said);
    ends.push(context.textAlign === 'right' ? x - width : x + width);
  };
  const level = (ticks) => ({ticks, price: ticks / 4, bid: count, ask: count, unknown: 0,
    imbalance: 'buy', stacked: false});
  const foot = {levels: [level(20000), level(20001)], poc: 5000, vah: 5000.25, val: 5000};
  const bar = {open: 5000, high: 5000.25, low: 5000, close: 5000.25};
  const series = new FootprintSeries(0.25, () => foot);
  series.update({barSpacing: spacing, visibleRange: {from: 0, to: 1},
    bars: [{x: 100, originalData: bar}]});
  const size = {width: 200, height: 400};
  const target = {useMediaCoordinateSpace: (paint) => paint({context, mediaSize: size})};
  series.renderer().draw(target, (price) => (5001 - price) * 80);
  return [Math.min(...ends), Math.max(...ends), told];
}"""


@pytest.mark.parametrize("spacing", [88, 112])
@pytest.mark.parametrize("count", [7, 999, 9_999, 99_999])
def test_no_number_of_a_footprint_reaches_the_marks_at_its_edges(
    still: Room, look: Look, spacing: int, count: int
) -> None:
    look.go(still, "/settings")
    left, right, _ = look.page.evaluate(REACH, [spacing, count])
    assert left >= 100 - spacing / 2 + 11 + 5
    assert right <= 100 + spacing / 2 - 3 - 5


@pytest.mark.parametrize("apart", [1, 2, 3])
@pytest.mark.parametrize("count", [7, 999, 99_999, 1_234_567])
def test_no_number_reaches_the_marks_in_a_wide_font_either(
    still: Room, look: Look, count: int, apart: int
) -> None:
    look.go(still, "/settings")
    left, right, told = look.page.evaluate(REACH, [112, count, apart])
    assert left >= 100 - 112 / 2 + 11 + 5
    assert right <= 100 + 112 / 2 - 3 - 5
    assert all(size >= 9 for _, size in told)
    assert told or count > 999


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
    look.go(still, "/settings")
    _, _, told = look.page.evaluate(REACH, [spacing, count])
    assert [one for one, _ in told] == [said] * 4  # Sold and bought, on two levels.
    assert all(9 <= size <= 13 for _, size in told)


def test_with_much_room_the_numbers_are_large(still: Room, look: Look) -> None:
    look.go(still, "/settings")
    for count in (7, 999):
        _, _, told = look.page.evaluate(REACH, [112, count])
        assert told == [[str(count), 13]] * 4


@pytest.mark.parametrize(("spacing", "apart"), [(64, 6), (88, 20)])
def test_numbers_nobody_could_read_are_left_away(
    still: Room, look: Look, spacing: int, apart: int
) -> None:
    look.go(still, "/settings")
    assert look.page.evaluate(REACH, [spacing, 99_999, apart])[2] == []


@pytest.mark.parametrize(
    ("count", "wanted"),
    [
        (0, "0"), (999, "999"), (1_000, "1.0K"), (9_949, "9.9K"), (9_951, "10K"),
        (99_499, "99K"), (999_499, "999K"), (999_500, "1.0M"), (12_345_678, "12M"),
    ],
)  # fmt: skip
def test_a_large_number_is_told_in_thousands_or_millions(
    still: Room, look: Look, count: int, wanted: str
) -> None:
    look.go(still, "/settings")
    told = look.page.evaluate(
        "async (count) => (await import('/static/js/footprint_series.js')).shortened(count)", count
    )
    assert told == wanted
