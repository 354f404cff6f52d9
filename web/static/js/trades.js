// Round trips: what they came to, how far the market went meanwhile, and each of them.

import {get} from "./api.js";
import {byId, make, sideCell} from "./dom.js";
import {query, filters} from "./filters.js";
import {dateTime, duration, money, percent, signed, tone, words, written} from "./format.js";
import {start} from "./frame.js";
import {watch} from "./live.js";
import {scatter} from "./plots.js";
import {equity, totals} from "./results.js";
import {Table} from "./table.js";
import {openTrail} from "./trail.js";

const AGAIN_MS = 1500;
let decimals = 2;
let trips = -1;
let due = null;
let dots = [];

const table = new Table(byId("table"), {
  path: "/api/trades",
  query,
  sort: "-closed",
  nothing: "no round trip",
  choose: (trade) => openTrail(trade.signal_id, `Round trip closed ${dateTime(trade.closed_ms)}`),
  columns: [
    {label: "closed", sort: "closed", cell: (row) => dateTime(row.closed_ms)},
    {label: "side", cell: sideCell},
    {label: "size", sort: "quantity", cls: "r", cell: (row) => String(row.quantity)},
    {label: "entry", cls: "r", cell: (row) => written(row.entry, decimals)},
    {label: "exit", cls: "r", cell: (row) => written(row.exit, decimals)},
    {label: "left at", sort: "reason", cell: (row) => words(row.reason)},
    {label: "net", sort: "pnl", cls: "r", cell: (row) => result(row)},
    {label: "ticks", cls: "r", cell: (row) => signed(Math.round(row.ticks))},
    {label: "R", cls: "r", cell: (row) => written(row.r, 2)},
    {label: "against", cls: "r", cell: (row) => written(row.mae_ticks, 0)},
    {label: "in favour", cls: "r", cell: (row) => written(row.mfe_ticks, 0)},
    {label: "held", sort: "held", cls: "r", cell: (row) => duration(row.held_s)},
    {label: "pattern", sort: "pattern", cell: (row) => words(row.pattern ?? "–")},
    {label: "regime", sort: "regime", cell: (row) => words(row.regime ?? "–")},
    {label: "strength", cls: "r", cell: (row) => percent(row.strength)},
  ],
});

function result({pnl_cents: net}) {
  return make("td", {class: tone(net)}, make("b", {}, money(net, true)));
}

async function load() {
  const chosen = query();
  const told = await get("/api/statistics", {by: "pattern", ...chosen}).catch(() => null);
  if (told) totals(told);
  equity(chosen).catch(() => null);
  await table.load();
  dots = table.rows
    .filter((row) => row.mae_ticks !== null && row.mfe_ticks !== null)
    .map((row) => ({against: row.mae_ticks, favour: row.mfe_ticks, won: row.pnl_cents > 0}));
  scatter("scatter", dots);
}

watch((sections, changed) => {
  if (!changed.has("head")) return;
  decimals = sections.head.instrument.decimals;
  const now = sections.head.counts["order.position_closed"] ?? 0;
  if (now === trips) return;
  trips = now;
  due ??= setTimeout(() => {
    due = null;
    load();
  }, AGAIN_MS);
});
new ResizeObserver(() => scatter("scatter", dots)).observe(byId("scatter"));
filters("/api/trades", load);
start();
load();
