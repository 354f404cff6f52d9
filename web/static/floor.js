// The floor: takes sections from the stream and shows each when it has changed.

import * as chart from "./chart.js";
import {byId, cell, make, rows, svg, text} from "./dom.js";
import * as footprint from "./footprint.js";
import {clock, day, localTime, minute, money, price, side, signed, tone, whole, words} from "./format.js";
import * as tree from "./tree.js";

const SILENT_MS = 12_000;
const TABLE_BARS = 40;

const state = {
  instrument: {tick: 1, decimals: 0}, bars: [], signals: [], trips: [], position: null,
  foot: null, pinned: null, hovered: null,
};
let heard = performance.now();
let plot = {at: () => null};
let drawing = false;

const sections = {
  head(head) {
    state.instrument = head.instrument;
    state.position = head.position;
    text("contract", head.contract || "no bar yet");
    text("name", head.instrument.name);
    byId("simulated").hidden = !head.simulated;
    text("clock", head.clock ? `${clock(head.clock)}` : "–").title = day(head.clock);
    text("last", price(head.last, head.instrument));
    showRegime(head.regime);
    showPosition(head);
    showDay(head.day);
    text("balance", money(head.balance_cents));
    const halted = byId("halted");
    halted.hidden = !head.halted;
    if (head.halted) {
      halted.textContent = `Trading is halted: ${words(head.halted.reason)}. Day ${money(head.halted.day_pnl_cents, true)}, limit ${money(head.halted.limit_cents)}.`;
    }
    const counts = head.counts, raised = counts["signal.raised"] ?? 0;
    text("signals-note", raised ? `${whole(raised)} raised, ${whole(counts["signal.dropped"] ?? 0)} dropped, ${whole(counts["order.bracket_denied"] ?? 0)} denied, ${whole(counts["order.bracket_approved"] ?? 0)} taken` : "");
    document.title = `${head.simulated ? "SIM " : ""}${head.contract || "Floorwatch"} ${money(head.day.pnl_cents, true)}`;
    redraw();
  },
  bars(section) {
    state.bars = section.rows.map((row, index) => ({
      ...Object.fromEntries(section.columns.map((name, column) => [name, row[column]])),
      regime: section.regimes[index],
    }));
    rows("bars", state.bars.slice(-TABLE_BARS).reverse(), (bar) => bar.end, barRow, "no bar yet");
    redraw();
  },
  footprint(foot) {
    state.foot = foot;
    if (!state.pinned) footprint.show(foot, state.instrument, false);
  },
  signals(section) {
    state.signals = section.rows;
    rows("signals", section.rows, (signal) => signal.id, signalRow, "no signal yet");
    redraw();
  },
  orders(section) {
    rows("orders", section.rows, (order) => `${order.client_id}${order.what}${order.leg}${order.at}`, orderRow, "no order yet");
  },
  trips(section) {
    state.trips = section.rows;
    rows("trips", section.rows, (trip) => trip.at, tripRow, "no round trip yet");
    redraw();
  },
  tree(section) {
    const count = tree.show(section.root);
    text("tree-note", count.all ? `${count.green} of ${count.all} green` : "");
  },
  alarms(section) {
    text("alarms-note", section.rows.length ? String(section.rows.length) : "");
    rows("alarms", section.rows, (alarm) => `${alarm.at}${alarm.code}`, alarmRow, "none");
  },
};

function showRegime(regime) {
  const element = byId("regime");
  if (!regime) { element.textContent = "–"; return; }
  element.replaceChildren(
    make("span", {class: `swatch regime-${regime.name}`}), words(regime.name), " ",
    make("small", {}, `${regime.confidence.toFixed(0)} %`));
  element.title = `${regime.reason}; ${regime.bars} bars`;
}

function showPosition(head) {
  const held = head.position, element = byId("position");
  if (!held) { element.className = "soft"; element.textContent = "flat"; return; }
  const ticks = (head.last - held.entry) * (held.direction === "long" ? 1 : -1);
  element.className = "";
  element.replaceChildren(
    make("span", {class: side(held.direction)}, `${held.direction} ${held.quantity}`), " ",
    make("small", {}, `${price(held.entry, head.instrument)}, ${signed(ticks)} ticks`));
}

function showDay(day) {
  text("pnl", money(day.pnl_cents, true), tone(day.pnl_cents));
  text("trips-count", day.trips ? `· ${day.wins} of ${day.trips} won` : "");
  const points = [0, ...day.curve], low = Math.min(...points), span = Math.max(1, Math.max(...points) - low);
  const path = points.map((value, index) =>
    `${index ? "L" : "M"}${index / Math.max(1, points.length - 1) * 80} ${19 - (value - low) / span * 18}`).join("");
  byId("curve").replaceChildren(...(points.length > 1 ? [svg("path", {d: path})] : []));
}

function barRow(bar) {
  const of = (ticks) => price(ticks, state.instrument);
  return make("tr", {},
    cell(minute(bar.end), "soft"), cell(of(bar.high)), cell(of(bar.low)),
    cell(of(bar.close), tone(bar.close - bar.open)), cell(whole(bar.volume)),
    cell(signed(bar.delta), tone(bar.delta)), cell(signed(bar.cvd), "soft"));
}

function signalRow(signal) {
  const stopped = ["dropped", "denied", "rejected", "ended"].includes(signal.fate);
  const steps = make("span", {class: `steps ${stopped ? "stopped" : ""}`, title: `${signal.steps} of 5`});
  for (let step = 1; step <= 5; step += 1) steps.append(make("i", {class: step <= signal.steps ? "on" : ""}));
  const of = (ticks) => price(ticks, state.instrument);
  const zone = signal.low === undefined ? "" : `zone ${of(signal.low)} – ${of(signal.high)}`;
  const fate = make("td", {class: "clip", title: signal.why}, words(signal.fate));
  if (signal.why) fate.append(" ", make("span", {class: "soft"}, words(signal.why)));
  return make("tr", {class: stopped ? "stopped" : ""},
    cell(minute(signal.at), "soft"),
    make("td", {class: "l", title: signal.low_quality ? "of a bar whose sides are partly inferred" : ""},
      words(signal.pattern ?? "?") + (signal.low_quality ? " *" : "")),
    cell(signal.direction ?? "", `l ${side(signal.direction)}`),
    cell(signal.strength === undefined ? "" : `${signal.strength.toFixed(0)} %`),
    make("td", {title: zone}, of(signal.price)), make("td", {}, steps), fate,
    cell(signal.pnl_cents === undefined ? "" : money(signal.pnl_cents, true), tone(signal.pnl_cents ?? 0)));
}

function orderRow(order) {
  return make("tr", {},
    cell(clock(order.at), "soft"), cell(order.what, "l"), cell(order.leg, "l"),
    cell(order.direction, `l ${side(order.direction)}`), cell(order.quantity ? String(order.quantity) : ""),
    cell(order.price === null ? "" : price(order.price, state.instrument)),
    make("td", {class: "clip soft", title: order.detail}, words(order.detail)),
    cell(order.client_id.slice(0, 14), "soft"));
}

function tripRow(trip) {
  const of = (ticks) => price(ticks, state.instrument);
  return make("tr", {},
    cell(minute(trip.at), "soft"), cell(trip.direction, `l ${side(trip.direction)}`),
    cell(of(trip.entry)), cell(of(trip.exit)), cell(words(trip.reason), "l soft"),
    cell(money(trip.pnl_cents, true), tone(trip.pnl_cents)));
}

function alarmRow(alarm) {
  return make("li", {},
    make("time", {title: new Date(alarm.at).toISOString()}, localTime(alarm.at)),
    make("b", {}, words(alarm.code)), " ", make("span", {}, alarm.source), alarm.text);
}

function redraw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    plot = chart.draw(state, state.hovered, state.pinned);
    readout();
  });
}

function readout() {
  const bar = state.bars.find((each) => each.end === state.hovered) ?? state.bars.at(-1);
  if (!bar) return;
  const of = (ticks) => price(ticks, state.instrument);
  text("readout", `${minute(bar.end)}  ${of(bar.open)} ${of(bar.high)} ${of(bar.low)} ${of(bar.close)} · volume ${whole(bar.volume)} · delta ${signed(bar.delta)} (${signed(bar.delta_min)} … ${signed(bar.delta_max)}) · POC ${of(bar.poc)} · value ${of(bar.value_low)} – ${of(bar.value_high)}${bar.regime ? " · " + words(bar.regime) : ""}`);
}

async function pin(end) {
  const last = state.bars.at(-1);
  if (!end || (last && end === last.end) || end === state.pinned) {
    state.pinned = null;
    footprint.show(state.foot, state.instrument, false);
  } else {
    const answer = await fetch(`/api/footprints/${end}`);
    if (!answer.ok) return;
    state.pinned = end;
    footprint.show(await answer.json(), state.instrument, true);
  }
  redraw();
}

function listen() {
  const source = new EventSource("/api/stream");
  const live = () => { heard = performance.now(); link(); };
  source.addEventListener("floor", (event) => {
    const changed = JSON.parse(event.data);
    // The head first: it says how prices are written.
    for (const name of Object.keys(sections)) if (name in changed) sections[name](changed[name]);
    live();
  });
  source.addEventListener("beat", live);
  source.addEventListener("error", () => { heard = -SILENT_MS; link(); });
}

function link() {
  const lost = performance.now() - heard > SILENT_MS;
  text("link", lost ? "connection lost" : "live", `link ${lost ? "lost" : ""}`);
  document.body.classList.toggle("stale", lost);
}

const element = byId("chart");
element.addEventListener("pointermove", (event) => {
  const end = plot.at(event.offsetX)?.end ?? null;
  if (end !== state.hovered) { state.hovered = end; redraw(); }
});
element.addEventListener("pointerleave", () => { state.hovered = null; redraw(); });
element.addEventListener("click", (event) => pin(plot.at(event.offsetX)?.end ?? null));
byId("foot-last").addEventListener("click", () => pin(null));
new ResizeObserver(redraw).observe(element);
setInterval(link, 1000);
listen();
