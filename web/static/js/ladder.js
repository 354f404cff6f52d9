// The depth ladder: ten levels of each side, the best next to the other side's best.

import {byId, make, text} from "./dom.js";
import {clock, counted, whole, written} from "./format.js";

const SHOWN = 10;
const CELLS = ["td", "td", "th", "td", "td"];
const BID = 1;
const ASK = 3;

// Rows stay where they are and only their words change, so that a reader keeps his place.
const rowsOf = (id) => {
  const rows = Array.from({length: SHOWN}, () =>
    make("tr", {}, ...CELLS.map((tag) => make(tag, {scope: tag === "th" ? "row" : null}))),
  );
  byId(id).replaceChildren(...rows);
  return rows;
};
const asks = rowsOf("asks").reverse();
const bids = rowsOf("bids");

export function ladder(depth, head) {
  byId("ladder").hidden = false;
  const places = head.contract === depth.contract ? head.instrument.decimals : decimals(depth);
  const price = (value) => written(value, places);
  text("ladder-time", [depth.contract, clock(depth.at_ms)].join(" · "));
  text("ladder-state", ...stated(depth, price));
  byId("ladder-levels").hidden = depth.state === "empty";
  const most = Math.max(1, ...depth.bids.concat(depth.asks).map(({size}) => size));
  bids.forEach((row, at) => show(row, BID, depth.bids[at], at, most, depth, price));
  asks.forEach((row, at) => show(row, ASK, depth.asks[at], at, most, depth, price));
}

// Before the first bar nobody has said how prices are written: the longest shows it.
function decimals({bids, asks}) {
  const found = bids.concat(asks).map(({price}) => String(price).split(".")[1]?.length ?? 0);
  return Math.max(0, ...found);
}

function stated({state, stale, spread_ticks: spread, last, bids, asks}, price) {
  if (stale && state === "empty") return [`▲ no book: ${stale}`, "ladder-state warning"];
  const said = {
    "empty": "the book is empty",
    "no bid": "no bid",
    "no ask": "no ask",
    "crossed": `crossed, bid ${price(bids[0]?.price)} at or above ask ${price(asks[0]?.price)}`,
  }[state];
  const wrong = [stale && `stale: ${stale}`, said].filter(Boolean);
  if (wrong.length) return [`▲ ${wrong.join("; ")}`, "ladder-state warning"];
  const traded = last === null ? "" : `, last trade ${price(last)}`;
  return [`spread ${counted(spread, "tick")}${traded}`, "ladder-state"];
}

function show(row, side, level, at, most, {last_ticks: last}, price) {
  row.hidden = !level;
  if (!level) return;
  const isLast = level.ticks === last;
  const words = [
    level.traded === null ? "–" : whole(level.traded),
    side === BID ? whole(level.size) : "",
    price(level.price),
    side === ASK ? whole(level.size) : "",
    level.orders === null ? "–" : whole(level.orders),
  ];
  row.className = [at === 0 && "touch", isLast && "last"].filter(Boolean).join(" ");
  words.forEach((said, index) => {
    const cell = row.children[index];
    if (cell.textContent !== said) cell.textContent = said;
  });
  row.children[2].ariaLabel = isLast ? `${price(level.price)}, last trade` : null;
  row.children[side].className = "size";
  row.children[side].style.backgroundSize = `${(100 * level.size) / most}% 20px`;
}
