// Signals and what became of each; a click shows its way, decision by decision.

import {column, day, named, number, share, side, told} from "./columns.js";
import {byId, make} from "./dom.js";
import {filters, query} from "./filters.js";
import {dateTime, words} from "./format.js";
import {start} from "./frame.js";
import {watch} from "./live.js";
import {Table} from "./table.js";

const AGAIN_MS = 3000;
const FATES = {bracket: "● bracket", approved: "● approved", target: "◆ target only"};
let decimals = 2;
let raised = -1;
let due = null;

const table = new Table(byId("table"), {
  path: "/api/signals",
  query,
  nothing: "no signal",
  trail: (signal) => [signal.id, `${words(signal.pattern)}, ${dateTime(signal.at_ms)}`],
  columns: [
    day("time", "at_ms"),
    named("pattern", "pattern"),
    side(),
    share("strength", "strength"),
    share("confidence", "confidence"),
    number("price", "price", () => decimals),
    named("regime", "regime"),
    column("fate", "fate", fate),
    told("why", "why"),
    told("seen", "detail"),
  ],
});

function fate(name) {
  const taken = FATES[name];
  return make("td", {class: taken ? "amber" : "soft"}, taken ?? words(name));
}

watch((sections, changed) => {
  if (!changed.has("head")) return;
  if (sections.head.contract) decimals = sections.head.instrument.decimals;
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
