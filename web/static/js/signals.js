// Signals and what became of each; a click shows its way, decision by decision.

import {column, day, named, number, share, side, told} from "./columns.js";
import {byId, make, text} from "./dom.js";
import {filters, query} from "./filters.js";
import {dateTime, whole, words} from "./format.js";
import {start} from "./frame.js";
import {watch} from "./live.js";
import {PAGE, Table} from "./table.js";

const AGAIN_MS = 3000;
const FATES = {bracket: "● bracket", approved: "● approved", target: "◆ target only"};
let decimals = 2;
let raised = null; // By the last word, ...
let known = null; // ... and when the table was last asked for.
let due = null;

const scroller = byId("table").closest(".scroll");
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

async function load() {
  const now = raised;
  await table.load();
  if (table.failed) return;
  known = now ?? known;
  byId("came").hidden = true;
}

// Who has gone further back, or reads one, is not disturbed: he is told how many have come.
function takeIn() {
  due = null;
  const back = scroller.scrollTop > 0 || table.rows.length > PAGE;
  if (!back && !document.querySelector("dialog[open]")) {
    load();
    return;
  }
  text("came", `↑ ${whole(raised - known)} newer`).hidden = raised <= known;
  due = setTimeout(takeIn, AGAIN_MS);
}

watch((sections, changed) => {
  if (!changed.has("head")) return;
  if (sections.head.contract) decimals = sections.head.instrument.decimals;
  const now = sections.head.counts["signal.raised"] ?? 0;
  if (now === known && !table.failed) return;
  raised = now;
  known ??= now; // None is new of those before the first word.
  due ??= setTimeout(takeIn, AGAIN_MS);
});
byId("came").addEventListener("click", () => {
  scroller.focus({preventScroll: true}); // The button goes away.
  scroller.scrollTo(0, 0);
  load();
});
filters("/api/signals", load);
start();
load();
