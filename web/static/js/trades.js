// Round trips: what they came to, how far the market went meanwhile, and each of them.

import {get} from "./api.js";
import {column, count, day, excursions, named, number, result, share, side} from "./columns.js";
import {byId} from "./dom.js";
import {query, filters} from "./filters.js";
import {dateTime, duration, signed} from "./format.js";
import {start} from "./frame.js";
import {watch} from "./live.js";
import {scatter} from "./plots.js";
import {equity, totals} from "./results.js";
import {Table} from "./table.js";

const AGAIN_MS = 1500;
let decimals = 2;
let trips = Infinity; // None is new of those before the first word.
let fresh = 0;
let due = null;
let dots = [];

const table = new Table(byId("table"), {
  path: "/api/trades",
  query,
  sort: "-closed",
  nothing: "no round trip",
  trail: (trade) => [trade.signal_id, `Round trip closed ${dateTime(trade.closed_ms)}`],
  columns: [
    day("closed", "closed_ms", {sort: "closed"}),
    side(),
    count("size", "quantity", {sort: "quantity"}),
    result("net", "pnl_cents", {sort: "pnl"}),
    column("ticks", "ticks", (ticks) => signed(Math.round(ticks)), {cls: "r"}),
    number("R", "r", 2),
    number("entry", "entry", () => decimals),
    number("exit", "exit", () => decimals),
    named("left at", "reason", {sort: "reason"}),
    ...excursions("mae_ticks", "mfe_ticks"),
    column("held", "held_s", duration, {sort: "held", cls: "r"}),
    named("pattern", "pattern", {sort: "pattern"}),
    named("regime", "regime", {sort: "regime"}),
    share("strength", "strength"),
  ],
});

// From the first row on, or where so many round trips have come, as far as somebody has gone back.
async function load(count = null) {
  const chosen = query();
  const told = await get("/api/statistics", {by: "pattern", ...chosen}).catch(() => null);
  if (told) totals(told);
  equity(chosen).catch(() => null);
  await (count === null ? table.load() : table.again(count));
  dots = table.rows
    .filter((row) => row.mae_ticks !== null && row.mfe_ticks !== null)
    .map((row) => ({against: row.mae_ticks, favour: row.mfe_ticks, won: row.pnl_cents > 0}));
  scatter("scatter", dots);
}

watch((sections, changed) => {
  if (!changed.has("head")) return;
  if (sections.head.contract) decimals = sections.head.instrument.decimals;
  const now = sections.head.counts["order.position_closed"] ?? 0;
  if (now === trips && !table.failed) return; // What failed is asked for again.
  fresh += Math.max(0, now - trips);
  trips = now;
  due ??= setTimeout(() => {
    due = null;
    load(fresh);
    fresh = 0;
  }, AGAIN_MS);
});
new ResizeObserver(() => scatter("scatter", dots)).observe(byId("scatter"));
filters("/api/trades", load);
start();
load();
