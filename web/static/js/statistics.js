// What round trips came to, by pattern, regime, hour and more.

import {choices, get} from "./api.js";
import {byId, make, svg} from "./dom.js";
import {money, percent, tone, whole, words, written} from "./format.js";
import {start} from "./frame.js";
import {equity, totals} from "./results.js";
import {Table} from "./table.js";
import {watch} from "./live.js";

const FIRST = ["pattern", "regime", "hour"];
let by = "pattern";
let trips = -1;
let most = 1;

const table = new Table(byId("table"), {
  nothing: "no round trip",
  columns: [
    {
      label: "of",
      value: (row) => row.value,
      cell: (row) => make("td", {}, make("b", {}, words(row.value || "not known"))),
    },
    {
      label: "trips",
      cls: "r",
      value: (row) => row.n,
      cell: (row) => `${row.low_n ? "· " : ""}${whole(row.n)}`,
    },
    {label: "won", value: (row) => row.win_rate, cell: rate},
    {label: "net", cls: "r", value: (row) => row.net_cents, cell: net},
    {label: "lost · won", cell: bar},
    {
      label: "each",
      cls: "r",
      value: (row) => row.expectancy_cents,
      cell: (row) => money(row.expectancy_cents, true),
    },
    {
      label: "each, R",
      cls: "r",
      value: (row) => row.expectancy_r,
      cell: (row) => written(row.expectancy_r, 2),
    },
    {
      label: "profit factor",
      cls: "r",
      value: (row) => row.profit_factor,
      cell: (row) => written(row.profit_factor, 2),
    },
    {
      label: "average win",
      cls: "r",
      value: (row) => row.average_win_cents,
      cell: (row) => money(row.average_win_cents),
    },
    {
      label: "average loss",
      cls: "r",
      value: (row) => row.average_loss_cents,
      cell: (row) => money(row.average_loss_cents),
    },
    {
      label: "against",
      cls: "r",
      value: (row) => row.mae_ticks,
      cell: (row) => written(row.mae_ticks, 1),
    },
    {
      label: "in favour",
      cls: "r",
      value: (row) => row.mfe_ticks,
      cell: (row) => written(row.mfe_ticks, 1),
    },
    {
      label: "in a row",
      cls: "r",
      cell: (row) => `${row.wins_in_a_row} won, ${row.losses_in_a_row} lost`,
    },
  ],
});

function rate(row) {
  const drawn = svg("svg", {class: "rate", viewBox: "0 0 96 14", "aria-hidden": "true"});
  if (row.win_rate !== null) {
    const x = (share) => 2 + share * 92;
    drawn.append(
      svg("rect", {class: "track", x: 0, y: 5, width: 96, height: 4}),
      svg("rect", {
        class: "fill-soft",
        x: x(row.win_rate_low),
        y: 6,
        width: Math.max(1, x(row.win_rate_high) - x(row.win_rate_low)),
        height: 2,
      }),
      svg("circle", {class: "fill-ink", cx: x(row.win_rate), cy: 7, r: 4}),
    );
  }
  return make("td", {}, percent(row.win_rate).padStart(5, " "), drawn);
}

function net(row) {
  return make("td", {class: tone(row.net_cents)}, make("b", {}, money(row.net_cents, true)));
}

function bar(row) {
  const wide = (Math.abs(row.net_cents) / most) * 78;
  return make(
    "td",
    {},
    svg(
      "svg",
      {class: "net", viewBox: "0 0 160 14", "aria-hidden": "true"},
      svg("rect", {
        class: row.net_cents < 0 ? "fill-sell" : "fill-buy",
        x: row.net_cents < 0 ? 80 - wide : 80,
        y: 2,
        width: Math.max(1, wide),
        height: 10,
      }),
      svg("rect", {class: "fill-soft", x: 79.5, y: 0, width: 1, height: 14}),
    ),
  );
}

async function load() {
  const told = await get("/api/statistics", {by}).catch(() => null);
  if (!told) return;
  totals(told);
  most = Math.max(1, ...told.rows.map((row) => Math.abs(row.net_cents)));
  table.show(told.rows);
}

async function dimensions() {
  const found = await choices("/api/statistics", "by");
  const names = [...FIRST, ...found.filter((name) => !FIRST.includes(name))];
  byId("by").replaceChildren(
    ...names.map((name) => {
      const button = make(
        "button",
        {type: "button", "aria-pressed": String(name === by)},
        words(name),
      );
      button.addEventListener("click", () => {
        by = name;
        for (const each of byId("by").children)
          each.setAttribute("aria-pressed", String(each === button));
        load();
      });
      return button;
    }),
  );
}

watch((sections, changed) => {
  if (!changed.has("head")) return;
  const now = sections.head.counts["order.position_closed"] ?? 0;
  if (now === trips) return;
  trips = now;
  load();
  equity({}).catch(() => null);
});
dimensions();
start();
