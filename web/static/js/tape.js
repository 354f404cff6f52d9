// Time and sales: the last trades of the market, large ones bold, and the last price with them.

import {get} from "./api.js";
import {byId, cell, make, mark, put, text} from "./dom.js";
import {clock, whole, written} from "./format.js";

const EVERY_MS = 500;
const SHOWN = 80;
const SIDES = {buy: ["▲", "buy"], sell: ["▼", "sell"], unknown: ["·", "soft"]};
const LARGE = 50; // Contracts (domain 6.1).

let asking = false;

// `traded` is how many batches of trades the floor has handed to the page: none, where it does not.
export function tape(traded, decimals) {
  if (!traded) {
    text("tape-note", "not recorded here");
    put(byId("tape"), "none", () =>
      make("tr", {}, make("td", {class: "empty"}, "Trades are not handed to the page.")),
    );
  } else if (!asking) {
    asking = true;
    text("tape-note", "newest first");
    ask(decimals);
  }
}

async function ask(decimals) {
  const page = await get("/api/tape", {limit: SHOWN}).catch(() => null);
  if (page) show(page.rows, decimals);
  setTimeout(() => ask(decimals), EVERY_MS);
}

function show(rows, decimals) {
  if (rows.length) text("last", written(rows[0].price, decimals));
  put(byId("tape"), JSON.stringify([rows[0], rows.length]), () =>
    rows.map((trade) => {
      const [symbol, cls] = SIDES[trade.side];
      return make(
        "tr",
        {"data-key": keyOf(trade), class: trade.size >= LARGE ? "large" : ""},
        cell(clock(trade.at_ms), "soft"),
        cell(written(trade.price, decimals), cls),
        make("td", {class: cls}, mark(symbol, trade.side, ""), ` ${whole(trade.size)}`),
      );
    }),
  );
}

const keyOf = ({at_ms, price, size, side}) => [at_ms, price, size, side].join(" ");
