// Candles that turn into footprints as one comes nearer: a custom series of the chart.
//
// Far away a bar is a candle; nearer each price is a cell coloured by who was stronger; near enough
// the cells carry numbers, sold into the bid on the left, bought at the ask on the right.

import {customSeriesDefaultOptions} from "./charts.js";

export const CELLS_FROM = 16; // Pixels between two bars.
export const NUMBERS_FROM = 64;
const ROW_MIN = 12; // Pixels of a row with a number.
const CELL_MIN = 3;
const EDGES = {left: 11, right: 3}; // Candle and value area stand left of the cells.
const GAP = 5; // Pixels from the middle of a bar to its numbers,
const FLAG = 5; // and of the mark of an imbalance.
const SIZE_MAX = 13; // Of a number; below the least nobody reads it.
const SIZE_MIN = 9;
const WEIGHTS = [400, 700];
const GROUPS = [1, 2, 4, 5, 8, 10, 20, 25, 40, 50, 100, 200, 500, 1000];
const BUY = "90 176 255";
const SELL = "255 154 92";
const INK = "#eef2f7";
const GROUND = "#11161d"; // Of the panel: no line strikes through a cell.
const FONT = '"Inter", "Segoe UI", "Liberation Sans", Arial, sans-serif';

export class FootprintSeries {
  // `tick` is the smallest step of a price; `footOf(bar)` gives what is known of a bar's levels.
  constructor(tick, footOf) {
    this.painter = new Painter(tick, footOf);
  }
  renderer() {
    return this.painter;
  }
  update(data) {
    this.painter.data = data;
  }
  priceValueBuilder(bar) {
    return [bar.high, bar.low, bar.close];
  }
  isWhitespace(bar) {
    return bar.close === undefined;
  }
  defaultOptions() {
    return {...customSeriesDefaultOptions, looks: 0};
  }
}

class Painter {
  constructor(tick, footOf) {
    this.tick = tick;
    this.footOf = footOf;
    this.data = null;
  }

  draw(target, toY) {
    const {data} = this;
    if (!data?.visibleRange) return;
    target.useMediaCoordinateSpace(({context, mediaSize}) => {
      const {from, to} = data.visibleRange;
      const shared = {spacing: data.barSpacing, toY, tall: mediaSize.height};
      const ones = data.bars
        .slice(from, to)
        .map(({x, originalData: bar}) => this.laid({x, bar, ...shared}));
      if (shared.spacing >= NUMBERS_FROM) letter(context, ones, shared.spacing);
      for (const one of ones) paint(context, one, this.tick);
    });
  }

  // A bar with its cells and their edges, where it comes near enough to have some.
  laid(one) {
    const {x, spacing, bar, toY} = one;
    const foot = spacing >= CELLS_FROM ? this.footOf(bar) : null;
    if (!foot) return {...one, cells: []};
    const step = Math.abs(toY(bar.low) - toY(bar.low + this.tick));
    const rows = grouped(foot, step, this.tick, spacing >= NUMBERS_FROM ? ROW_MIN : CELL_MIN);
    const box = {left: x - spacing / 2 + EDGES.left, right: x + spacing / 2 - EDGES.right};
    return {...one, foot, box, cells: placed(one, rows, this.tick)};
  }
}

function paint(context, one, tick) {
  const {x, spacing, foot, box, cells} = one;
  if (!foot) {
    candle(context, one, x, Math.max(1, spacing * 0.36));
    return;
  }
  candle(context, one, box.left - 6, 2.5);
  valueLine(context, one, foot, box.left - 2, tick);
  if (one.lettering) numbered(context, cells, box, one.lettering);
  else coloured(context, cells, box);
  pocFrame(context, cells, box, foot);
}

function candle(context, {bar, toY}, x, half) {
  const up = bar.close >= bar.open;
  const [top, bottom] = [toY(Math.max(bar.open, bar.close)), toY(Math.min(bar.open, bar.close))];
  context.fillStyle = `rgb(${up ? BUY : SELL})`;
  context.fillRect(x - 0.5, toY(bar.high), 1, Math.max(1, toY(bar.low) - toY(bar.high)));
  const height = Math.max(1, bottom - top);
  context.fillRect(x - half, top, 2 * half, height);
  if (up && half > 2 && height > 3) {
    // A rising candle is hollow: its colour is not its only sign.
    context.fillStyle = GROUND;
    context.fillRect(x - half + 1, top + 1, 2 * half - 2, height - 2);
  }
}

// Levels together, so that each row is at least `least` pixels tall.
export function grouped(foot, step, tick, least) {
  const size = GROUPS.find((count) => count * step >= least) ?? GROUPS.at(-1);
  const rows = new Map();
  for (const level of foot.levels) {
    const key = Math.floor(level.ticks / size);
    const row = rows.get(key) ?? {
      low: level.price - (level.ticks - key * size) * tick,
      size,
      bid: 0,
      ask: 0,
      unknown: 0,
      buy: false,
      sell: false,
      stacked: false,
      poc: false,
    };
    row.bid += level.bid;
    row.ask += level.ask;
    row.unknown += level.unknown;
    row.buy ||= level.imbalance === "buy";
    row.sell ||= level.imbalance === "sell";
    row.stacked ||= level.stacked;
    row.poc ||= level.price === foot.poc;
    rows.set(key, row);
  }
  return [...rows.values()];
}

function placed({toY, tall}, rows, tick) {
  return rows
    .map((row) => {
      const top = toY(row.low + (row.size - 0.5) * tick);
      const bottom = toY(row.low - 0.5 * tick);
      return {...row, top, height: bottom - top};
    })
    .filter(({top, height}) => top < tall && top + height > 0);
}

function coloured(context, cells, {left, right}) {
  const most = Math.max(1, ...cells.map(({bid, ask}) => bid + ask));
  for (const {bid, ask, top, height} of cells) {
    const wide = Math.max(1, ((right - left) * (bid + ask)) / most);
    for (const color of [
      GROUND,
      `rgb(${ask >= bid ? BUY : SELL} / ${0.12 + 0.7 * strength(bid, ask)})`,
    ]) {
      context.fillStyle = color;
      context.fillRect(left, top + 0.5, wide, Math.max(1, height - 1));
    }
  }
}

const strength = (bid, ask) => Math.abs(ask - bid) / Math.max(1, ask + bid);

function numbered(context, cells, {left, right}, {size, said}) {
  const middle = (left + right) / 2;
  const half = middle - left;
  const most = Math.max(1, ...cells.map(({bid, ask}) => Math.max(bid, ask)));
  context.textBaseline = "middle";
  for (const cell of cells) {
    const {bid, ask, unknown, top, height} = cell;
    const center = top + height / 2;
    context.fillStyle = GROUND;
    context.fillRect(left, top, right - left, height);
    context.fillStyle = `rgb(${SELL} / 0.26)`;
    context.fillRect(middle - (half * bid) / most, top + 0.5, (half * bid) / most, height - 1);
    context.fillStyle = `rgb(${BUY} / 0.26)`;
    context.fillRect(middle, top + 0.5, (half * ask) / most, height - 1);
    if (size && (bid || ask)) {
      const one = {y: center, size, said};
      written(context, bid, cell.sell, SELL, {...one, x: middle - GAP, align: "right"});
      written(context, ask, cell.buy, BUY, {...one, x: middle + GAP, align: "left"});
    }
    if (cell.sell) flag(context, left, center, height, SELL, cell.stacked, 1);
    if (cell.buy) flag(context, right, center, height, BUY, cell.stacked, -1);
    if (unknown) {
      context.fillStyle = "#8390a1"; // A third column: of unknown side.
      context.fillRect(middle - 1, center - 1, 2, 2);
    }
  }
  context.fillStyle = "#252e3a";
  for (const {top, height} of cells) context.fillRect(middle - 0.5, top, 1, height);
}

// Gives each bar how its numbers are written, in one size for all.
function letter(context, ones, spacing) {
  const room = (spacing - EDGES.left - EDGES.right) / 2 - GAP - FLAG;
  const wide = (shape, size) => widest(context, shape, size);
  const found = ones.map(({cells}) => {
    const counts = cells.flatMap(({bid, ask}) => [bid, ask]);
    return lettering(counts, room, (cells[0]?.height ?? 0) - 2, wide);
  });
  inOneSize(found).forEach((lettering, at) => (ones[at].lettering = lettering));
}

// How the numbers of a bar are written: as large as the longest leaves room for the flag at its
// edge, else in thousands, and where not even these can be read, not at all.
export function lettering(counts, room, tall, wide) {
  for (const said of [String, shortened]) {
    const shapes = new Set(counts.map((count) => said(count).replace(/\d/g, "0")));
    for (let size = Math.floor(2 * Math.min(SIZE_MAX, tall)) / 2; size >= SIZE_MIN; size -= 0.5)
      if ([...shapes].every((shape) => wide(shape, size) <= room)) return {size, said};
  }
  return {size: 0, said: String};
}

// Who compares bars takes a larger number for more: the bar that needs the smallest size decides for
// all, and one without numbers has no say.
export function inOneSize(letterings) {
  const least = Math.min(...letterings.map(({size}) => size || Infinity));
  return letterings.map(({size, said}) => ({size: size && least, said}));
}

export function shortened(count) {
  if (count < 1000) return String(count);
  const [unit, letter] = count < 999_500 ? [1000, "K"] : [1_000_000, "M"];
  return (count / unit).toFixed(count / unit < 9.95 ? 1 : 0) + letter;
}

// How wide numbers of this shape get in the font there is; each is measured once.
const widths = new Map();
function widest(context, shape, size) {
  const key = `${size} ${shape}`;
  if (!widths.has(key)) {
    const found = WEIGHTS.flatMap((weight) => {
      context.font = `${weight} ${size}px ${FONT}`;
      return [..."0123456789"].map((digit) => context.measureText(shape.replaceAll("0", digit)));
    });
    widths.set(key, Math.max(...found.map(({width}) => width)));
  }
  return widths.get(key);
}

function written(context, count, strong, hue, {x, y, size, said, align}) {
  context.font = `${strong ? 700 : 400} ${size}px ${FONT}`;
  context.textAlign = align;
  context.fillStyle = strong ? `rgb(${hue})` : count ? INK : "#6b7a8e";
  context.fillText(said(count), x, y);
}

// An imbalance is a triangle at the edge of its side; a stack of them is a bar.
function flag(context, x, y, height, hue, stacked, inward) {
  context.fillStyle = `rgb(${hue})`;
  if (stacked) {
    context.fillRect(inward > 0 ? x : x - 4, y - height / 2, 4, height);
    return;
  }
  context.beginPath();
  context.moveTo(x, y - 3.5);
  context.lineTo(x + FLAG * inward, y);
  context.lineTo(x, y + 3.5);
  context.fill();
}

function valueLine(context, {toY}, foot, x, tick) {
  context.fillStyle = "#a9b4c2";
  const [top, bottom] = [toY(foot.vah + tick / 2), toY(foot.val - tick / 2)];
  context.fillRect(x, top, 1, Math.max(1, bottom - top));
  context.fillRect(x, top, 4, 1);
  context.fillRect(x, bottom - 1, 4, 1);
}

function pocFrame(context, cells, {left, right}) {
  const row = cells.find(({poc}) => poc);
  if (!row) return;
  context.strokeStyle = INK;
  context.lineWidth = 1;
  context.strokeRect(left + 0.5, row.top + 0.5, right - left - 1, Math.max(2, row.height - 1));
}
