// Signals and what became of each; a click shows its way, decision by decision.

import {byId, make, sideCell} from "./dom.js";
import {filters, query} from "./filters.js";
import {dateTime, percent, words, written} from "./format.js";
import {start} from "./frame.js";
import {watch} from "./live.js";
import {Table} from "./table.js";
import {openTrail} from "./trail.js";

const AGAIN_MS = 3000;
const FATES = {bracket: "● bracket", approved: "● approved", target: "◆ target only"};
let decimals = 2;
let raised = -1;
let due = null;

const table = new Table(byId("table"), {
  path: "/api/signals",
  query,
  nothing: "no signal",
  choose: (signal) => openTrail(signal.id, `${words(signal.pattern)}, ${dateTime(signal.at_ms)}`),
  columns: [
    {label: "time", value: (row) => row.at_ms, cell: (row) => dateTime(row.at_ms)},
    {label: "pattern", value: (row) => row.pattern, cell: (row) => words(row.pattern)},
    {label: "side", value: (row) => row.direction, cell: sideCell},
    {
      label: "strength",
      cls: "r",
      value: (row) => row.strength,
      cell: (row) => percent(row.strength),
    },
    {
      label: "confidence",
      cls: "r",
      value: (row) => row.confidence,
      cell: (row) => percent(row.confidence),
    },
    {
      label: "price",
      cls: "r",
      value: (row) => row.price,
      cell: (row) => written(row.price, decimals),
    },
    {label: "regime", value: (row) => row.regime, cell: (row) => words(row.regime ?? "–")},
    {label: "fate", value: (row) => row.fate, cell: fate},
    {
      label: "why",
      cls: "clip",
      cell: (row) => make("td", {class: "soft", title: row.why}, words(row.why)),
    },
    {
      label: "seen",
      cls: "clip",
      cell: (row) => make("td", {class: "soft", title: row.detail}, row.detail),
    },
  ],
});

function fate(row) {
  const taken = FATES[row.fate];
  return make("td", {class: taken ? "amber" : "soft"}, taken ?? words(row.fate));
}

watch((sections, changed) => {
  if (!changed.has("head")) return;
  decimals = sections.head.instrument.decimals;
  const now = sections.head.counts["signal.raised"] ?? 0;
  // Who has gone further back, or reads one, is not disturbed.
  if (now === raised || table.rows.length > 100 || document.querySelector("dialog[open]")) return;
  raised = now;
  due ??= setTimeout(() => {
    due = null;
    table.load();
  }, AGAIN_MS);
});
filters("/api/signals", () => table.load());
start();
table.load();
