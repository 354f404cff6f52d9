// What round trips came to, as the figures on top of a page, and the equity of all of them.

import {get} from "./api.js";
import {byId, text} from "./dom.js";
import {counted, dayMonth, money, percent, tone, whole, written} from "./format.js";
import {equityCurve, figures} from "./plots.js";

const PAGE = 500;
const PAGES_MAX = 20;

export function totals(told) {
  const {total} = told;
  figures([
    ["net", money(total.net_cents, true), tone(total.net_cents)],
    ["round trips", whole(total.n)],
    ["won", percent(total.win_rate)],
    ["profit factor", written(total.profit_factor, 2)],
    ["expected each", money(total.expectancy_cents, true)],
    ["drawdown", money(told.drawdown_cents)],
    ["commission", money(total.commission_cents)],
  ]);
}

export async function equity(query) {
  let cursor = null;
  let start = 0;
  const rows = [];
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const told = await get("/api/equity", {...query, cursor, limit: PAGE});
    start = told.start_cents;
    rows.push(...told.rows);
    cursor = told.next;
    if (!cursor) break;
  }
  const draw = () =>
    equityCurve(
      "equity",
      [start, ...rows.map((row) => row.balance_cents)],
      [rows.length ? dayMonth(rows[0].at_ms) : "", rows.length ? dayMonth(rows.at(-1).at_ms) : ""],
    );
  draw();
  text("equity-note", rows.length ? counted(rows.length, "round trip") : "");
  byId("equity").redraw = draw;
}

new ResizeObserver(() => byId("equity").redraw?.()).observe(byId("equity"));
