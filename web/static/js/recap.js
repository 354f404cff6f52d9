// The recap of a trading date, as the floor wrote it down at the end of the day.

import {get} from "./api.js";
import {byId, make, sideCell, text} from "./dom.js";
import {clock, money, percent, tone, whole, words, written} from "./format.js";
import {start} from "./frame.js";
import {equityCurve, figures} from "./plots.js";
import {Table} from "./table.js";

const SHOWN = 400; // Rows of a part: a day may have thousands of signals.
const at = (row) => clock(Date.parse(row.ts));
const cents = (dollars) =>
  dollars === null || dollars === undefined ? null : Math.round(dollars * 100);
let recap = null;
let part = "Round trips";

const money2 = (value) =>
  make("td", {class: tone(value)}, make("b", {}, money(cents(value), true)));
const PARTS = {
  "Round trips": [
    (told) => told.trades,
    [
      {
        label: "entry",
        value: (row) => row.entry_ts,
        cell: (row) => clock(Date.parse(row.entry_ts)),
      },
      {label: "exit", value: (row) => row.exit_ts, cell: (row) => clock(Date.parse(row.exit_ts))},
      {label: "side", value: (row) => row.direction, cell: sideCell},
      {label: "size", cls: "r", value: (row) => row.qty, cell: (row) => String(row.qty)},
      {label: "at", cls: "r", cell: (row) => written(row.entry_price, 2)},
      {label: "left at", cls: "r", cell: (row) => written(row.exit_price, 2)},
      {label: "by", value: (row) => row.reason, cell: (row) => words(row.reason)},
      {label: "net", cls: "r", value: (row) => row.pnl_net, cell: (row) => money2(row.pnl_net)},
      {label: "R", cls: "r", value: (row) => row.r, cell: (row) => written(row.r, 2)},
      {label: "against", cls: "r", value: (row) => row.mae, cell: (row) => written(row.mae, 0)},
      {label: "in favour", cls: "r", value: (row) => row.mfe, cell: (row) => written(row.mfe, 0)},
      {
        label: "slippage",
        cls: "r",
        value: (row) => row.slippage_ticks,
        cell: (row) => written(row.slippage_ticks, 1),
      },
    ],
  ],
  Patterns: [
    (told) => told.analytics.breakdowns.pattern,
    [
      {label: "pattern", value: (row) => row.value, cell: (row) => words(row.value)},
      {label: "trips", cls: "r", value: (row) => row.n, cell: (row) => whole(row.n)},
      {label: "won", cls: "r", value: (row) => row.win_rate, cell: (row) => percent(row.win_rate)},
      {label: "net", cls: "r", value: (row) => row.net, cell: (row) => money2(row.net)},
      {
        label: "each",
        cls: "r",
        value: (row) => row.expectancy,
        cell: (row) => money(cents(row.expectancy), true),
      },
      {
        label: "profit factor",
        cls: "r",
        value: (row) => row.profit_factor,
        cell: (row) => written(row.profit_factor, 2),
      },
    ],
  ],
  Signals: [
    (told) => told.signals,
    [
      {label: "time", value: (row) => row.ts, cell: at},
      {label: "pattern", value: (row) => row.pattern, cell: (row) => words(row.pattern)},
      {label: "side", value: (row) => row.direction, cell: sideCell},
      {
        label: "strength",
        cls: "r",
        value: (row) => row.strength,
        cell: (row) => percent(row.strength),
      },
      {
        label: "price",
        cls: "r",
        value: (row) => row.last_price,
        cell: (row) => written(row.last_price, 2),
      },
      {label: "regime", value: (row) => row.regime, cell: (row) => words(row.regime ?? "–")},
      {label: "fate", value: (row) => row.rejected_by, cell: fate},
      {
        label: "why",
        cls: "clip",
        cell: (row) =>
          make("td", {class: "soft", title: row.reject_detail}, words(row.reject_detail ?? "")),
      },
    ],
  ],
  Regimes: [
    (told) => told.regimes,
    [
      {label: "time", value: (row) => row.ts, cell: at},
      {label: "regime", value: (row) => row.regime, cell: (row) => words(row.regime)},
      {
        label: "confidence",
        cls: "r",
        value: (row) => row.confidence,
        cell: (row) => percent(row.confidence),
      },
    ],
  ],
  Restarts: [(told) => told.restarts.events, told()],
  Errors: [(told) => told.errors, told()],
};

function told() {
  return [
    {label: "time", value: (row) => row.ts, cell: at},
    {
      label: "what",
      cell: (row) =>
        Object.entries(row)
          .filter(([name, value]) => name !== "ts" && value !== null)
          .map(([name, value]) => `${words(name)}: ${value}`)
          .join(", "),
    },
  ];
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
      ...made,
      session.halt_reason,
      session.fills.model,
    ]
      .filter(Boolean)
      .join(", "),
  );
  figures([
    ["net", money(cents(summary.net), true), tone(summary.net)],
    ["round trips, won", `${summary.trades}, ${summary.wins}`],
    ["signals, passed", `${whole(summary.signals)}, ${summary.approved}`],
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
    marked.length ? at(marked[0]) : "",
    marked.length ? at(marked.at(-1)) : "",
  ]);
}

function parts() {
  byId("parts").replaceChildren(
    ...Object.entries(PARTS).map(([name, [rows]]) => {
      const count = rows(recap).length;
      const button = make(
        "button",
        {type: "button", "aria-pressed": String(name === part)},
        `${name} ${whole(count)}`,
      );
      button.addEventListener("click", () => {
        part = name;
        parts();
      });
      return button;
    }),
  );
  const [rows, columns] = PARTS[part];
  const table = new Table(byId("table"), {columns, nothing: "none"});
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
  byId("dates").hidden = rows.length === 0;
  byId("dates").replaceChildren(...rows.map(({date}) => make("option", {value: date}, date)));
  if (rows.length) await open(rows[0].date);
}

byId("dates").addEventListener("change", (event) => open(event.target.value));
new ResizeObserver(curve).observe(byId("equity"));
start();
list();
