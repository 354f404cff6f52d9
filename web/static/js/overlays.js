// What is drawn over the bars: the volume profile of what is in view, and round trips as lines.

const BUY = "90 176 255";
const SELL = "255 154 92";
const SHARE = 0.16; // Of the width of the pane.
const VALUE_AREA = 0.7; // Of the volume (domain 1.6).

// A primitive of the chart: `paint(context, size, toX, toY)` draws it.
export class Overlay {
  constructor(paint) {
    this.paint = paint;
    this.shown = true;
    this.chart = null;
  }
  attached({chart, series, requestUpdate}) {
    this.chart = chart;
    this.series = series;
    this.redraw = requestUpdate;
  }
  detached() {
    this.chart = null;
  }
  show(shown) {
    this.shown = shown;
    this.redraw?.();
  }
  paneViews() {
    const view = {
      zOrder: () => "bottom",
      renderer: () => ({
        draw: (target) => {
          if (!this.shown || !this.chart) return;
          target.useMediaCoordinateSpace(({context, mediaSize}) =>
            this.paint(
              context,
              mediaSize,
              (time) => this.chart.timeScale().timeToCoordinate(time),
              (price) => this.series.priceToCoordinate(price),
            ),
          );
        },
      }),
    };
    return [view];
  }
}

// Volume by price of all footprints given, with its point of control and value area.
export function profileOf(feet) {
  const levels = new Map();
  for (const foot of feet) {
    for (const {ticks, price, bid, ask, unknown} of foot.levels) {
      const level = levels.get(ticks) ?? {ticks, price, bid: 0, ask: 0, unknown: 0};
      level.bid += bid;
      level.ask += ask;
      level.unknown += unknown;
      levels.set(ticks, level);
    }
  }
  const rows = [...levels.values()].sort((a, b) => a.ticks - b.ticks);
  for (const row of rows) row.volume = row.bid + row.ask + row.unknown;
  if (!rows.length) return {rows, poc: null, low: null, high: null};
  return {rows, ...valueArea(rows)};
}

function valueArea(rows) {
  const total = rows.reduce((sum, {volume}) => sum + volume, 0);
  let poc = 0;
  rows.forEach(({volume}, at) => {
    if (volume > rows[poc].volume) poc = at;
  });
  let [low, high, held] = [poc, poc, rows[poc].volume];
  while (held < total * VALUE_AREA && (low > 0 || high < rows.length - 1)) {
    const below = low > 0 ? rows[low - 1].volume : -1;
    const above = high < rows.length - 1 ? rows[high + 1].volume : -1;
    if (above >= below) held += rows[(high += 1)].volume;
    else held += rows[(low -= 1)].volume;
  }
  return {poc: rows[poc].ticks, low: rows[low].ticks, high: rows[high].ticks};
}

export function paintProfile(profile, tick) {
  return (context, {width}, _, toY) => {
    const most = Math.max(1, ...profile.rows.map(({volume}) => volume));
    for (const {ticks, price, bid, volume} of profile.rows) {
      const top = toY(price + tick / 2);
      const height = Math.max(1, toY(price - tick / 2) - top - (volume ? 0.5 : 0));
      const long = (width * SHARE * volume) / most;
      const inside = ticks >= profile.low && ticks <= profile.high;
      const alpha = inside ? 0.42 : 0.18;
      const sold = volume ? (long * bid) / volume : 0;
      context.fillStyle = `rgb(${SELL} / ${alpha})`;
      context.fillRect(width - sold, top, sold, height);
      context.fillStyle = `rgb(${BUY} / ${alpha})`;
      context.fillRect(width - long, top, long - sold, height);
      if (ticks === profile.poc) {
        context.fillStyle = "#eef2f7";
        context.fillRect(width - long - 8, top + height / 2 - 0.5, 8, 1);
      }
    }
  };
}

// Each trip has from and to, times of bars, and the prices entry and exit.
export function paintTrips(trips) {
  return (context, _, toX, toY) => {
    context.lineWidth = 1.5;
    for (const {from, to, entry, exit, pnl_cents: net} of trips) {
      const [x1, x2] = [toX(from), toX(to)];
      if (x1 === null || x2 === null) continue;
      context.strokeStyle = net > 0 ? "#eef2f7" : "#8390a1";
      context.setLineDash(net > 0 ? [] : [3, 3]);
      context.beginPath();
      context.moveTo(x1, toY(entry));
      context.lineTo(x2, toY(exit));
      context.stroke();
    }
    context.setLineDash([]);
  };
}
