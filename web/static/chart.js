// Candles, the delta of each bar below them, the regime as a strip, signals and round trips.

import {byId, svg} from "./dom.js";
import {minute, price, side} from "./format.js";

const RIGHT = 62,
  TOP = 10,
  BOTTOM = 20,
  STRIP = 5,
  GAP = 10;
const BAR_MIN = 7,
  DELTA_SHARE = 0.2;

export function draw(state, hovered, pinned) {
  const element = byId("chart");
  const width = element.clientWidth,
    height = element.clientHeight;
  element.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const bars = state.bars.slice(-Math.max(10, Math.floor((width - RIGHT) / BAR_MIN)));
  if (!bars.length || width < 100) {
    element.replaceChildren(svg("text", {x: 12, y: 24}, "waiting for the first bar"));
    return {at: () => null};
  }
  const plot = scales(bars, state, width, height);
  element.replaceChildren(
    ...grid(plot, state.instrument),
    ...marks(plot, bars, hovered, pinned),
    ...bars.flatMap((bar, index) => candle(plot, bar, index)),
    ...trips(plot, bars, state.trips),
    ...signals(plot, bars, state.signals),
    ...position(plot, state),
    ...lastPrice(plot, bars.at(-1), state.instrument),
  );
  return {at: (x) => bars[Math.floor(x / plot.step)] ?? null};
}

function scales(bars, state, width, height) {
  const step = (width - RIGHT) / Math.max(bars.length, 30);
  const foot = height - BOTTOM - STRIP;
  const deltaHeight = (foot - TOP) * DELTA_SHARE;
  const priceFoot = foot - deltaHeight - GAP;
  let low = Math.min(...bars.map((bar) => bar.low));
  let high = Math.max(...bars.map((bar) => bar.high));
  const held = state.position;
  if (held) {
    low = Math.min(low, held.stop, held.target);
    high = Math.max(high, held.stop, held.target);
  }
  const room = Math.max(2, (high - low) * 0.06);
  low -= room;
  high += room;
  const most = Math.max(1, ...bars.map((bar) => Math.abs(bar.delta)));
  const middle = foot - deltaHeight / 2;
  return {
    step,
    width,
    low,
    high,
    foot,
    middle,
    priceFoot,
    deltaTop: foot - deltaHeight,
    half: Math.max(1, Math.min(6, step * 0.32)),
    x: (index) => (index + 0.5) * step,
    y: (ticks) => TOP + ((high - ticks) / (high - low)) * (priceFoot - TOP),
    d: (delta) => (delta / most) * (deltaHeight / 2 - 1),
    most,
    bars,
  };
}

function grid(plot, instrument) {
  const made = [];
  const spans = [1, 2, 4, 5, 8, 10, 20, 40, 50, 80, 100, 200, 400, 500, 1000, 2000, 5000];
  const wanted = (plot.high - plot.low) / 6;
  const span = spans.find((each) => each >= wanted) ?? Math.ceil(wanted / 5000) * 5000;
  for (let at = Math.ceil(plot.low / span) * span; at < plot.high; at += span) {
    made.push(
      svg("line", {class: "grid", x1: 0, x2: plot.width - RIGHT, y1: plot.y(at), y2: plot.y(at)}),
    );
    made.push(svg("text", {x: plot.width - RIGHT + 7, y: plot.y(at) + 3.5}, price(at, instrument)));
  }
  made.push(
    svg("line", {class: "rule", x1: 0, x2: plot.width - RIGHT, y1: plot.middle, y2: plot.middle}),
  );
  made.push(svg("text", {x: plot.width - RIGHT + 7, y: plot.middle + 3.5}, "delta"));
  made.push(svg("text", {x: plot.width - RIGHT + 7, y: plot.deltaTop + 8}, "±" + plot.most));
  const every = Math.max(1, Math.ceil(58 / plot.step));
  plot.bars.forEach((bar, index) => {
    if (index % every || plot.x(index) < 16 || plot.x(index) > plot.width - RIGHT - 16) return;
    made.push(
      svg(
        "text",
        {x: plot.x(index), y: plot.foot + STRIP + 14, "text-anchor": "middle"},
        minute(bar.end),
      ),
    );
  });
  return made;
}

function marks(plot, bars, hovered, pinned) {
  const made = [];
  for (const [end, cls] of [
    [pinned, "pinned"],
    [hovered, "cursor"],
  ]) {
    const index = bars.findIndex((bar) => bar.end === end);
    if (end && index >= 0) {
      made.push(
        svg("rect", {class: cls, x: index * plot.step, y: 0, width: plot.step, height: plot.foot}),
      );
    }
  }
  return made;
}

function candle(plot, bar, index) {
  const x = plot.x(index),
    half = plot.half;
  const cls = bar.close >= bar.open ? "up" : "down";
  const top = plot.y(Math.max(bar.open, bar.close)),
    bottom = plot.y(Math.min(bar.open, bar.close));
  const delta = plot.d(bar.delta);
  return [
    svg("line", {class: `wick ${cls}`, x1: x, x2: x, y1: plot.y(bar.high), y2: top}),
    svg("line", {class: `wick ${cls}`, x1: x, x2: x, y1: bottom, y2: plot.y(bar.low)}),
    svg("rect", {
      class: `body ${cls}`,
      x: x - half,
      y: top,
      width: 2 * half,
      height: Math.max(1, bottom - top),
    }),
    svg("line", {
      class: "poc",
      x1: x - half,
      x2: x + half,
      y1: plot.y(bar.poc),
      y2: plot.y(bar.poc),
    }),
    svg("rect", {
      class: bar.delta >= 0 ? "up" : "down",
      "stroke-width": 0,
      x: x - half,
      width: 2 * half,
      y: delta >= 0 ? plot.middle - delta : plot.middle,
      height: Math.abs(delta),
    }),
    svg("rect", {
      class: `regime-${bar.regime}`,
      x: index * plot.step,
      y: plot.foot + 1,
      width: plot.step + 0.5,
      height: STRIP,
    }),
  ];
}

function signals(plot, bars, list) {
  const at = new Map(bars.map((bar, index) => [bar.end, index]));
  const made = [];
  const stacked = new Map();
  for (const signal of [...list].reverse()) {
    const index = at.get(signal.at);
    if (index === undefined || signal.direction === undefined) continue;
    const up = signal.direction === "long",
      x = plot.x(index);
    const place = `${index}${signal.direction}`,
      count = stacked.get(place) ?? 0;
    stacked.set(place, count + 1);
    if (count > 3) continue;
    const y = up
      ? plot.y(bars[index].low) + 9 + count * 8
      : plot.y(bars[index].high) - 9 - count * 8;
    const tip = up ? -4 : 4;
    const taken = signal.steps > 2 ? "taken" : signal.fate === "dropped" ? "dropped" : "";
    made.push(
      svg("path", {
        class: `signal ${signal.direction} ${taken}`,
        d: `M${x - 3.5} ${y - tip}L${x + 3.5} ${y - tip}L${x} ${y + tip}Z`,
      }),
    );
  }
  return made;
}

function trips(plot, bars, list) {
  const index = (ms) => bars.findIndex((bar) => bar.end >= ms);
  return list.flatMap((trip) => {
    const from = trip.opened ? index(trip.opened) : -1,
      to = index(trip.at);
    if (from < 0 || to < 0 || trip.opened < bars[0].end) return [];
    return [
      svg("line", {
        class: `trip ${trip.pnl_cents > 0 ? "won" : "lost"}`,
        x1: plot.x(from),
        y1: plot.y(trip.entry),
        x2: plot.x(to),
        y2: plot.y(trip.exit),
      }),
    ];
  });
}

function position(plot, state) {
  const held = state.position;
  if (!held) return [];
  return ["entry", "stop", "target"].flatMap((name) => [
    svg("line", {
      class: `level ${name}`,
      x1: 0,
      x2: plot.width - RIGHT,
      y1: plot.y(held[name]),
      y2: plot.y(held[name]),
    }),
    svg(
      "text",
      {
        x: 8,
        y: plot.y(held[name]) - 4,
        class: `on-chart ${name === "entry" ? side(held.direction) : ""}`,
      },
      name === "entry"
        ? `${held.direction} ${held.quantity} from ${price(held.entry, state.instrument)}`
        : name,
    ),
  ]);
}

function lastPrice(plot, bar, instrument) {
  const y = plot.y(bar.close),
    x = plot.width - RIGHT;
  return [
    svg("path", {class: "last", d: `M${x} ${y}l5 -8h${RIGHT - 7}v16h${7 - RIGHT}Z`}),
    svg("text", {class: "last-text", x: x + 7, y: y + 3.5}, price(bar.close, instrument)),
  ];
}
