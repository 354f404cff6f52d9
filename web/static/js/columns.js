// Columns of tables: each is made of its heading, of what it shows and of how that is written. `of`
// is the name of a value of the row, or a function of the row.

import {make, sideCell} from "./dom.js";
import {clock, money, percent, shortTime, tone, whole, words, written} from "./format.js";

export function column(label, of, shown, more = {}) {
  const value = typeof of === "function" ? of : (row) => row[of];
  return {label, value, cell: (row) => shown(value(row), row), ...more};
}

const right = (more) => ({...more, cls: "r"});
const strong = (text, cls) => make("td", {class: cls}, make("b", {}, text));

export const side = () => column("side", "direction", (_, row) => sideCell(row));
export const named = (label, of, more) => column(label, of, (text) => words(text ?? "–"), more);
export const count = (label, of, more) => column(label, of, (n) => whole(n), right(more));
export const share = (label, of, more) => column(label, of, (part) => percent(part), right(more));
export const dollars = (label, of, plus) =>
  column(label, of, (cents) => money(cents, plus), right());
export const result = (label, of, more) =>
  column(label, of, (cents) => strong(money(cents, true), tone(cents)), right(more));

// `decimals` may be a function: of a contract they are known later.
export function number(label, of, decimals, more) {
  const places = typeof decimals === "function" ? decimals : () => decimals;
  return column(label, of, (value) => written(value, places()), right(more));
}

// How far the market went against trips and in their favour, in ticks.
const FAR = ["maximum adverse excursion (MAE)", "maximum favourable excursion (MFE)"];
const inTicks = (value) => written(value, 0);
export const excursions = (against, inFavour, {unit = "", shown = inTicks} = {}) => [
  column(`against${unit}`, against, shown, right({title: `${FAR[0]}, ticks`})),
  column(`in favour${unit}`, inFavour, shown, right({title: `${FAR[1]}, ticks`})),
];

export const time = (label, of) => column(label, of, (ms) => clock(ms));
export const day = (label, of, more) => column(label, of, (ms) => shortTime(ms), more);

// Words that may be longer than there is room.
export const told = (label, of) =>
  column(label, of, (text) => make("td", {class: "soft", title: text}, words(text ?? "")), {
    cls: "clip",
  });
