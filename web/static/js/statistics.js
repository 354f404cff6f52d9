// What round trips came to, by pattern, regime, hour and more.

import {choices, get} from "./api.js";
import {column, dollars, excursions, number, result} from "./columns.js";
import {byId, make, svg} from "./dom.js";
import {counted, percent, whole, words, written} from "./format.js";
import {start} from "./frame.js";
import {equity, totals} from "./results.js";
import {Table} from "./table.js";
import {watch} from "./live.js";

const FIRST = ["pattern", "regime", "hour"];
const NET = {width: 80, middle: 40, most: 38}; // Of the bar of what was lost or won.
let by = "pattern";
let trips = -1;
let most = 1;

const table = new Table(byId("table"), {
  nothing: "no round trip",
  columns: [
    column("of", "value", (value) => make("td", {}, make("b", {}, words(value || "not known")))),
    column("trips", "n", (n, row) => `${row.low_n ? "· " : ""}${whole(n)}`, {cls: "r"}),
    column("won", "win_rate", (_, row) => rate(row)),
    result("net", "net_cents"),
    column("lost · won", "net_cents", bar),
    dollars("each", "expectancy_cents", true),
    number("each, R", "expectancy_r", 2),
    number("profit factor", "profit_factor", 2),
    dollars("average win", "average_win_cents"),
    dollars("average loss", "average_loss_cents"),
    ...excursions("mae_ticks", "mfe_ticks", {unit: ", ticks", shown: mean}),
    column("in a row", "wins_in_a_row", (won, row) => `${won} won, ${row.losses_in_a_row} lost`, {
      cls: "r",
    }),
  ],
});

function rate(row) {
  const drawn = svg("svg", {class: "rate", viewBox: "0 0 96 14", "aria-hidden": "true"});
  if (row.win_rate !== null) {
    const x = (share) => 4 + share * 88;
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
  return make("td", {}, make("span", {class: "share"}, percent(row.win_rate)), drawn);
}

function bar(net) {
  const wide = (Math.abs(net) / most) * NET.most;
  return make(
    "td",
    {},
    svg(
      "svg",
      {class: "net", viewBox: `0 0 ${NET.width} 14`, "aria-hidden": "true"},
      svg("rect", {
        class: net < 0 ? "fill-sell" : "fill-buy",
        x: NET.middle - (net < 0 ? wide : 0),
        y: 2,
        width: Math.max(1, wide),
        height: 10,
      }),
      svg("rect", {class: "fill-soft", x: NET.middle - 0.5, y: 0, width: 1, height: 14}),
    ),
  );
}

// A mean of what the recaps tell: where that is not all, it says of how many, and marks few.
function mean(ticks, {n, low_n: few, excursions_n: known, excursions_low_n: fewKnown}) {
  const said = known ? `of ${whole(known)} of ${counted(n, "round trip")}` : "in no recap yet";
  const marked = known && fewKnown && !few ? "· " : "";
  return make("td", {title: known < n ? said : ""}, marked + written(ticks, 1));
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
