// One bar level by level: sold into the bid on the left, bought at the ask on the right.

import {byId, make} from "./dom.js";
import {minute, price, signed, whole} from "./format.js";

let shown = null;

export function show(foot, instrument, pinned) {
  const grid = byId("footprint");
  byId("foot-last").hidden = !pinned;
  if (!foot || foot.low === undefined) {
    grid.replaceChildren(make("span", {class: "empty"}, "no bar yet"));
    return;
  }
  byId("foot-note").textContent =
    `${minute(foot.end)}, volume ${whole(foot.volume)}, delta ${signed(foot.delta)}`;
  const most = Math.max(1, ...foot.sells, ...foot.buys);
  const cells = [];
  for (let level = foot.sells.length - 1; level >= 0; level -= 1) {
    cells.push(...levelCells(foot, level, most, instrument));
  }
  grid.replaceChildren(...cells);
  if (shown !== foot.end) {
    shown = foot.end;
    const scroll = byId("foot-scroll"),
      poc = grid.querySelector(".poc");
    if (poc) scroll.scrollTop = poc.offsetTop - grid.offsetTop - scroll.clientHeight / 2;
  }
}

function levelCells(foot, level, most, instrument) {
  const at = foot.low + level;
  const classes = ["price"];
  if (at >= foot.value_low && at <= foot.value_high) classes.push("value");
  if (at === foot.poc) classes.push("poc");
  if (at === foot.close) classes.push("close");
  const unknown = foot.unknowns[level];
  return [
    make(
      "div",
      {class: classes.join(" "), title: unknown ? `${unknown} of unknown side` : ""},
      price(at, instrument),
    ),
    volume("sells", foot.sells[level], foot.buys[level], most),
    volume("buys", foot.buys[level], foot.sells[level], most),
  ];
}

function volume(cls, count, other, most) {
  const share = make("div", {class: "share"});
  share.style.width = `${(count / most) * 100}%`;
  // The stronger side of a level is read first.
  const strong = count >= 2 * other && count > most / 8;
  return make(
    "div",
    {class: cls},
    share,
    make(strong ? "b" : "span", {}, count ? whole(count) : ""),
  );
}
