// The market: bars near and far, what was traded in them, and where we stood.

import {get} from "./api.js";
import {byId, make, put, text} from "./dom.js";
import {CELLS_FROM, NUMBERS_FROM} from "./footprint_series.js";
import {dateTime, percent, price, seriesName, signed, whole, written} from "./format.js";
import {start} from "./frame.js";
import {History} from "./history.js";
import {key} from "./keys.js";
import {watch} from "./live.js";
import {Plot} from "./plot.js";
import {tape} from "./tape.js";

const EDGE = 40; // So many bars before the oldest the next page is asked for.
const SPACING = {candles: 7, cells: 30, footprint: 112};
const SPACING_NARROW = {...SPACING, footprint: 88}; // Nearly three bars on a phone.
const NEAR = 14; // From here on entries and exits have their words.
const LIVE_MS = 800;
const WALK_MS = 150;
let plot = null;
let history = null;
let instrument = null;
let shown = {from: 0, to: 0};
let picked = null;
let count = -1;
let due = null;
let walking = null;
let head = null;
let wanted = "candles";

async function open(series) {
  history = new History(series);
  picked = null;
  for (const button of byId("series").children)
    button.setAttribute("aria-pressed", String(button.dataset.series === series));
  const mine = history;
  await history.older();
  if (mine !== history) return;
  byId("nothing").hidden = true;
  plot ??= makePlot();
  plot.setBars(history.bars);
  view(wanted);
  levels();
  loadTrips();
  readout();
}

function makePlot() {
  const made = new Plot(byId("chart"), (bar) => history.foot(bar), instrument);
  made.chart.timeScale().subscribeVisibleLogicalRangeChange(moved);
  made.chart.subscribeCrosshairMove((event) => {
    if (event.time === undefined) return; // Also told where the cross was set from here.
    picked = history.at(event.time);
    readout();
  });
  byId("chart").addEventListener("pointerleave", () => {
    picked = null;
    readout();
  });
  made.chart.subscribeDblClick(() => view(plot.spacing < NUMBERS_FROM ? "footprint" : "candles"));
  return made;
}

async function moved(range) {
  if (!range) return;
  shown = {from: Math.floor(range.from), to: Math.ceil(range.to)};
  plot.look();
  pressView();
  clearTimeout(walking);
  walking = setTimeout(walk, WALK_MS);
  const mine = history;
  if (range.from < EDGE && (await mine.older()) && mine === history) {
    plot.setBars(mine.bars);
    loadTrips();
  }
}

async function walk() {
  const mine = history;
  const came = await mine.walk(shown.from, shown.to);
  if (mine !== history) return;
  const seen = mine.bars.slice(Math.max(0, shown.from), shown.to + 1);
  plot.setProfile(seen.map((bar) => mine.foot(bar)).filter(Boolean));
  if (came) {
    plot.redraw();
    walk();
  }
}

async function follow() {
  due = null;
  const mine = history;
  const fresh = await mine.newer().catch(() => []);
  if (mine !== history || !plot) return;
  for (const bar of fresh) plot.addBar(bar);
  if (fresh.length) walk();
  readout();
}

async function loadTrips() {
  const first = history.bars[0];
  if (!first || byId("layers").querySelector('[data-layer="trades"]').ariaPressed !== "true")
    return;
  const page = await get("/api/trades", {from_ms: first.start_ms, limit: 500}).catch(() => null);
  if (!page) return;
  const trips = page.rows.flatMap((trip) => {
    const [from, to] = [history.holding(trip.opened_ms), history.holding(trip.closed_ms)];
    return from && to ? [{...trip, from: from.time, to: to.time}] : [];
  });
  plot.setTrips(trips);
}

function view(name) {
  wanted = name;
  if (!plot) return; // It is on its way.
  plot.setSpacing((plot.narrow() ? SPACING_NARROW : SPACING)[name]);
  plot.chart.timeScale().scrollToPosition(plot.room(), false);
  pressView();
}

function pressView() {
  const now = plot.spacing;
  plot.near(now >= NEAR);
  const name = now >= NUMBERS_FROM ? "footprint" : now >= CELLS_FROM ? "cells" : "candles";
  for (const button of byId("views").children)
    button.setAttribute("aria-pressed", String(button.dataset.view === name));
}

function levels() {
  if (!plot || !head) return;
  const on = byId("layers").querySelector('[data-layer="levels"]').ariaPressed === "true";
  const of = (ticks) => ticks * instrument.tick;
  const found = [];
  const {condition, position} = head;
  if (on && condition && condition.value_high !== null) {
    found.push([of(condition.value_high), "VAH", ""], [of(condition.poc), "POC", ""]);
    found.push([of(condition.value_low), "VAL", ""]);
  }
  if (position) {
    found.push([of(position.entry), `${position.direction} ${position.quantity}`, "order"]);
    found.push([of(position.stop), "stop", "order"], [of(position.target), "target", "order"]);
  }
  const signature = JSON.stringify(found);
  if (levels.before === signature) return;
  levels.before = signature;
  plot.setLines(found);
}

function readout() {
  const bar = picked ?? history?.bars.at(-1);
  if (!bar || !instrument) return;
  const of = (value) => written(value, instrument.decimals);
  const said = [
    dateTime(bar.end_ms),
    `O ${of(bar.open)}`,
    `H ${of(bar.high)}`,
    `L ${of(bar.low)}`,
    `C ${of(bar.close)}`,
    `volume ${whole(bar.volume)}`,
    `delta ${signed(bar.delta)}`,
    `cumulative ${signed(bar.cumulative_delta)}`,
    `VWAP ${of(bar.vwap)}`,
  ];
  put(byId("readout"), said.join(), () => said.map((one) => make("span", {}, one)));
  text("bar-time", picked ? dateTime(bar.end_ms) : `last, ${dateTime(bar.end_ms)}`);
  const known = bar.buy + bar.sell;
  const facts = [
    ["open", of(bar.open)],
    ["high", of(bar.high)],
    ["low", of(bar.low)],
    ["close", of(bar.close)],
    ["volume", whole(bar.volume)],
    ["trades", whole(bar.trades)],
    ["sold", whole(bar.sell), "sell"],
    ["bought", whole(bar.buy), "buy"],
    ["delta", signed(bar.delta), bar.delta < 0 ? "sell" : "buy"],
    ["share", percent(known ? Math.max(bar.buy, bar.sell) / known : null)],
    ["POC", of(bar.poc)],
    ["VWAP", of(bar.vwap)],
    ["value area", `${of(bar.val)} – ${of(bar.vah)}`, "", "whole"],
  ];
  put(byId("bar"), JSON.stringify(facts), () =>
    facts.map(([name, value, cls, place]) =>
      make("div", {class: place}, make("dt", {}, name), make("dd", {class: cls}, value)),
    ),
  );
}

// Its code, too, is only there where there is depth.
async function depth({depth, head}) {
  if (!depth) byId("ladder").hidden = true;
  else (await import("./ladder.js")).ladder(depth, head);
}

watch(async (sections, changed) => {
  if (changed.has("depth") || !sections.depth) depth(sections);
  if (!changed.has("head")) return;
  head = sections.head;
  text("symbol", head.contract || "no bar yet");
  const traded = head.counts["market.trade_batch"] ?? 0;
  if (!traded) text("last", price(head.last, head.instrument)); // Else the tape tells it.
  if (!head.contract) return;
  tape(traded, head.instrument.decimals);
  const counts = head.counts;
  const bars = (counts["market.bar_closed"] ?? 0) + (counts["market.bar_warm"] ?? 0);
  if (!instrument) {
    instrument = head.instrument;
    count = bars;
    await choose();
    return;
  }
  levels();
  if (bars !== count && history && plot) {
    count = bars;
    due ??= setTimeout(follow, LIVE_MS);
  }
});

async function choose() {
  const rows = (await get("/api/series")).rows;
  byId("series").replaceChildren(
    ...rows.map(({series}) => {
      const button = make("button", {type: "button", "data-series": series}, seriesName(series));
      button.addEventListener("click", () => open(series));
      return button;
    }),
  );
  await open((rows.find((row) => row.decides) ?? rows[0]).series);
}

for (const button of byId("views").children)
  button.addEventListener("click", () => view(button.dataset.view));
for (const button of byId("layers").children)
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    if (!plot) return;
    if (button.dataset.layer === "vwap") plot.showBands(on);
    if (button.dataset.layer === "profile") plot.profile.show(on);
    if (button.dataset.layer === "levels") levels();
    if (button.dataset.layer === "trades") (on ? loadTrips : () => plot.setTrips([]))();
  });
byId("newest").addEventListener("click", () =>
  plot?.chart.timeScale().scrollToPosition(plot.room(), false),
);

function step(by) {
  if (!history?.bars.length) return;
  const at = picked ? history.bars.indexOf(picked) : history.bars.length - 1;
  const next = history.bars[Math.min(history.bars.length - 1, Math.max(0, at + by))];
  picked = next;
  // Where a bar and its prices stand is known once it is drawn; a cross that waited for that in its
  // old place would point at another bar.
  plot.chart.clearCrosshairPosition();
  bringIn(history.bars.indexOf(next));
  requestAnimationFrame(() => {
    if (picked === next) plot.chart.setCrosshairPosition(next.close, next.time, plot.bars);
  });
  readout();
}

// Brings a bar into view that is at the edge or beyond, as near as the others are.
function bringIn(logical) {
  const scale = plot.chart.timeScale();
  const {from, to} = scale.getVisibleLogicalRange();
  const off = logical <= from + 1 ? logical - 2 - from : logical >= to - 1 ? logical + 2 - to : 0;
  if (off) scale.scrollToPosition(scale.scrollPosition() + off, false);
}

function zoom(by) {
  if (!plot) return;
  plot.setSpacing(Math.min(1200, Math.max(2, plot.spacing * by)));
  pressView();
}

key("ArrowLeft", ["← →", "the bar before, the next"], () => step(-1));
key("ArrowRight", null, () => step(1));
key("ArrowUp", ["↑ ↓", "nearer, further"], () => zoom(1.4));
key("ArrowDown", null, () => zoom(1 / 1.4));
start("depth");
