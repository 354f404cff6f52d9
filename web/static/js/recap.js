// The recap of a trading date, as the floor wrote it down at the end of the day.

import {get} from "./api.js";
import {
  column,
  count,
  dollars,
  excursions,
  named,
  number,
  result,
  share,
  side,
  time,
  told,
} from "./columns.js";
import {byId, clicked, make, renew, text} from "./dom.js";
import {clock, minute, money, tone, whole, words, written} from "./format.js";
import {start} from "./frame.js";
import {equityCurve, figures} from "./plots.js";
import {Table} from "./table.js";

const SHOWN = 400; // Rows of a part: a day may have thousands of signals.
const at = (row) => Date.parse(row.ts);
const cents = (dollars) =>
  dollars === null || dollars === undefined ? null : Math.round(dollars * 100);
let recap = null;
let part = "Round trips";
let table = null;

const PARTS = {
  "Round trips": [
    (told) => told.trades,
    [
      time("entered", (row) => Date.parse(row.entry_ts)),
      time("left", (row) => Date.parse(row.exit_ts)),
      side(),
      count("size", "qty"),
      result("net", (row) => cents(row.pnl_net)),
      number("R", "r", 2),
      number("entry", "entry_price", 2),
      number("exit", "exit_price", 2),
      named("left at", "reason"),
      ...excursions("mae", "mfe"),
      number("slippage", "slippage_ticks", 1),
    ],
  ],
  Patterns: [
    (told) => told.analytics.breakdowns.pattern,
    [
      named("pattern", "value"),
      count("trips", "n"),
      share("won", "win_rate"),
      result("net", (row) => cents(row.net)),
      dollars("each", (row) => cents(row.expectancy), true),
      number("profit factor", "profit_factor", 2),
    ],
  ],
  Signals: [
    (told) => told.signals,
    [
      time("time", at),
      named("pattern", "pattern"),
      side(),
      share("strength", "strength"),
      number("price", "last_price", 2),
      named("regime", "regime"),
      column("fate", "rejected_by", (_, row) => fate(row)),
      told("why", "reject_detail"),
    ],
  ],
  Regimes: [
    (told) => told.regimes,
    [time("time", at), named("regime", "regime"), share("confidence", "confidence")],
  ],
  Restarts: [(told) => told.restarts.events, happened()],
  Errors: [(told) => told.errors, happened()],
};

function happened() {
  const all = (row) =>
    Object.entries(row)
      .filter(([name, value]) => name !== "ts" && value !== null)
      .map(([name, value]) => `${words(name)}: ${value}`)
      .join(", ");
  return [time("time", at), column("what", all, (text) => text)];
}

function fate(row) {
  const said = row.approved
    ? "● approved"
    : row.target
      ? "◆ target only"
      : words(row.reject_reason ?? "–");
  return make("td", {class: row.approved ? "amber" : "soft"}, said);
}

function show() {
  const {summary, session, analytics} = recap;
  const day = analytics.day;
  const made = [session.simulated ? "simulated" : "", session.replayed ? "replayed" : ""];
  text(
    "session",
    [
      session.contract,
      words(session.status.toLowerCase()),
      recap.bars.length ? `bars to ${minute(Date.parse(recap.bars.at(-1).end))}` : "",
      ...made,
      session.halt_reason,
      `fills ${session.fills.model}`,
    ]
      .filter(Boolean)
      .join(", "),
  );
  figures([
    ["net", money(cents(summary.net), true), tone(summary.net)],
    ["won of round trips", `${whole(summary.wins)} of ${whole(summary.trades)}`],
    ["passed of signals", `${whole(summary.approved)} of ${whole(summary.signals)}`],
    ["balance", money(cents(session.end_balance))],
    ["profit factor", written(day.profit_factor, 2)],
    ["drawdown", money(cents(day.drawdown_marked.amount))],
    ["restarts, errors", `${summary.restarts}, ${summary.errors}`],
  ]);
  curve();
  parts();
}

function curve() {
  if (!recap) return;
  const marked = recap.equity.marked;
  equityCurve("equity", [recap.equity.start, ...marked.map((row) => row.balance)].map(cents), [
    marked.length ? clock(at(marked[0])) : "",
    marked.length ? clock(at(marked.at(-1))) : "",
  ]);
}

function parts() {
  renew(
    byId("parts"),
    ...Object.entries(PARTS).map(([name, [rows]]) =>
      make(
        "button",
        {type: "button", "data-key": name, "aria-pressed": String(name === part)},
        `${name} ${whole(rows(recap).length)}`,
      ),
    ),
  );
  const [rows, columns] = PARTS[part];
  table?.end();
  table = new Table(byId("table"), {columns, nothing: "none"});
  const all = rows(recap);
  table.show(all.slice(-SHOWN));
  if (all.length > SHOWN) text("count", `the last ${whole(SHOWN)} of ${whole(all.length)}`);
}

async function open(date) {
  recap = await get(`/api/recap/${date}`);
  show();
}

async function list() {
  const rows = (await get("/api/recaps", {limit: 500}).catch(() => ({rows: []}))).rows;
  byId("nothing").hidden = rows.length > 0;
  document.querySelector(".records").classList.toggle("nothing", !rows.length);
  byId("dates").hidden = rows.length === 0;
  byId("dates").replaceChildren(...rows.map(({date}) => make("option", {value: date}, date)));
  if (rows.length) await open(rows[0].date);
}

clicked(byId("parts"), "button", ({dataset}) => {
  part = dataset.key;
  parts();
});
byId("dates").addEventListener("change", (event) => open(event.target.value));
new ResizeObserver(curve).observe(byId("equity"));
start();
list();
