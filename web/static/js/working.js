// What rests at the broker, what is on its way, and the setups that stand.

import {byId, make, put} from "./dom.js";
import {price, signed, words} from "./format.js";

const ENDS = new Set(["rejected", "cancelled", "expired", "corrected"]);

export function working({head, orders, setups}) {
  if (!head) return;
  const rows = [...protective(head.position), ...entries(orders?.rows ?? []), ...standing(setups)];
  const body = byId("working");
  put(body, JSON.stringify([rows, head.last]), () =>
    rows.length
      ? rows.map((row) => line(row, head))
      : [make("tr", {}, make("td", {class: "empty", colspan: 6}, "none"))],
  );
}

function line(row, head) {
  const away = row.price === null || head.last === null ? null : row.price - head.last;
  const long = row.side === "buy";
  return make(
    "tr",
    {title: row.detail},
    make("td", {}, row.what),
    make("td", {class: row.side}, row.side ? `${long ? "▲" : "▼"} ${row.side}` : ""),
    make("td", {class: "r"}, row.size ? String(row.size) : ""),
    make("td", {class: "r"}, row.price === null ? "market" : price(row.price, head.instrument)),
    make("td", {class: "r"}, away === null ? "" : signed(away)),
    make("td", {class: "soft"}, row.state),
  );
}

function protective(held) {
  if (!held) return [];
  const side = held.direction === "long" ? "sell" : "buy";
  const of = (what, price) => ({what, side, size: held.quantity, price, state: "at the broker"});
  return [of("stop", held.stop), of("target", held.target)];
}

// Streams are not lined up: the broker's word on an order may stand before the desk's own. So an
// order works as long as nothing in the log ends it.
function entries(log) {
  const orders = new Map();
  for (const event of log) {
    if (event.leg !== "entry") continue;
    const told = orders.get(event.client_id) ?? [];
    orders.set(event.client_id, [...told, event]);
  }
  return [...orders.values()].filter((told) => !told.some(ends)).map(entry);
}

function ends({what, detail}) {
  return ENDS.has(what) || (what === "filled" && !detail.endsWith(" left"));
}

function entry(told) {
  const sided = told.find(({direction}) => direction) ?? {};
  const priced = told.find(({price}) => price !== null);
  return {
    what: "entry",
    side: {long: "buy", short: "sell"}[sided.direction] ?? "",
    size: sided.quantity ?? 0,
    price: priced?.price ?? null,
    state: told[0].what,
  };
}

function standing(setups) {
  return (setups?.rows ?? [])
    .filter((setup) => !setup.ended)
    .map((setup) => ({
      what: words(setup.setup),
      side: setup.direction === "long" ? "buy" : "sell",
      size: 0,
      price: setup.entry,
      state: `setup, ${setup.confidence.toFixed(0)} %`,
      detail: setup.reason,
    }));
}
