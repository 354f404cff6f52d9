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


# How far to both sides the numbers of a bar reach; its middle lies at 100.
REACH = """async ([spacing, count]) => {
  const {FootprintSeries} = await import('/static/js/footprint_series.js');
  const context = document.createElement('canvas').getContext('2d');
  const ends = [];
  context.fillText = (said, x) => {
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
  return [Math.min(...ends), Math.max(...ends)];
}"""


@pytest.mark.parametrize("spacing", [88, 112])
@pytest.mark.parametrize("count", [7, 999, 9_999, 99_999])
def test_no_number_of_a_footprint_reaches_the_marks_at_its_edges(
    still: Room, look: Look, spacing: int, count: int
) -> None:
    look.go(still, "/settings")
    left, right = look.page.evaluate(REACH, [spacing, count])
    assert left >= 100 - spacing / 2 + 11 + 5
    assert right <= 100 + spacing / 2 - 3 - 5
