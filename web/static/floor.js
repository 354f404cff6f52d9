// The floor: takes sections from the stream and shows each when it has changed.

import * as chart from "./chart.js";
import {byId, rows, text} from "./dom.js";
import * as footprint from "./footprint.js";
import {minute, price, signed, whole, words} from "./format.js";
import * as header from "./header.js";
import * as tables from "./tables.js";
import * as tree from "./tree.js";

const SILENT_MS = 12_000;
const RETRY_MS = 1000;
const TABLE_BARS = 40;

const state = {
  instrument: {tick: 1, decimals: 0},
  bars: [],
  signals: [],
  trips: [],
  position: null,
  foot: null,
  pinned: null,
  hovered: null,
};
const of = (ticks) => price(ticks, state.instrument);
let heard = performance.now();
let plot = {at: () => null};
let drawing = false;

const sections = {
  head(head) {
    state.instrument = head.instrument;
    state.position = head.position;
    header.show(head);
    redraw();
  },
  bars(section) {
    state.bars = section.rows.map((row, index) => ({
      ...Object.fromEntries(section.columns.map((name, column) => [name, row[column]])),
      regime: section.regimes[index],
    }));
    rows(
      "bars",
      state.bars.slice(-TABLE_BARS).reverse(),
      (bar) => bar.end,
      (entry) => tables.barRow(entry, of),
      "no bar yet",
    );
    redraw();
  },
  footprint(foot) {
    state.foot = foot;
    if (!state.pinned) footprint.show(foot, state.instrument, false);
  },
  signals(section) {
    state.signals = section.rows;
    rows(
      "signals",
      section.rows,
      (signal) => signal.id,
      (entry) => tables.signalRow(entry, of),
      "no signal yet",
    );
    redraw();
  },
  setups(section) {
    rows(
      "setups",
      section.rows,
      (setup) => setup.id,
      (entry) => tables.setupRow(entry, of),
      "none stands",
    );
  },
  orders(section) {
    rows(
      "orders",
      section.rows,
      (order) => `${order.client_id}${order.what}${order.leg}${order.at}`,
      (entry) => tables.orderRow(entry, of),
      "no order yet",
    );
  },
  trips(section) {
    state.trips = section.rows;
    rows(
      "trips",
      section.rows,
      (trip) => trip.at,
      (entry) => tables.tripRow(entry, of),
      "no round trip yet",
    );
    redraw();
  },
  tree(section) {
    const count = tree.show(section.root);
    text("tree-note", count.all ? `${count.green} of ${count.all} green` : "");
  },
  alarms(section) {
    text("alarms-note", section.rows.length ? String(section.rows.length) : "");
    rows("alarms", section.rows, (alarm) => `${alarm.at}${alarm.code}`, tables.alarmRow, "none");
  },
};

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
  const parts = [
    `${minute(bar.end)} ${of(bar.open)} ${of(bar.high)} ${of(bar.low)} ${of(bar.close)}`,
    `volume ${whole(bar.volume)}`,
    `delta ${signed(bar.delta)} (${signed(bar.delta_min)} … ${signed(bar.delta_max)})`,
    `POC ${of(bar.poc)}`,
    `value ${of(bar.value_low)} – ${of(bar.value_high)}`,
    words(bar.regime),
  ];
  text("readout", parts.filter(Boolean).join(" · "));
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
  const live = () => {
    heard = performance.now();
    link();
  };
  source.addEventListener("floor", (event) => {
    const changed = JSON.parse(event.data);
    // The head first: it says how prices are written.
    for (const name of Object.keys(sections)) if (name in changed) sections[name](changed[name]);
    live();
  });
  source.addEventListener("beat", live);
  source.addEventListener("error", () => {
    heard = -SILENT_MS;
    link();
    // A server that answered with an error is not asked again by the browser itself.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, RETRY_MS);
  });
}

function link() {
  const lost = performance.now() - heard > SILENT_MS;
  text("link", lost ? "connection lost" : "live", `link ${lost ? "lost" : ""}`);
  document.body.classList.toggle("stale", lost);
}

const element = byId("chart");
element.addEventListener("pointermove", (event) => {
  const end = plot.at(event.offsetX)?.end ?? null;
  if (end !== state.hovered) {
    state.hovered = end;
    redraw();
  }
});
element.addEventListener("pointerleave", () => {
  state.hovered = null;
  redraw();
});
element.addEventListener("click", (event) => pin(plot.at(event.offsetX)?.end ?? null));
byId("foot-last").addEventListener("click", () => pin(null));
new ResizeObserver(redraw).observe(element);
setInterval(link, 1000);
listen();
