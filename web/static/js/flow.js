// Who reads whom, as a picture: a row of boxes for each supervisor, a line for each stream.

import {byId, clicked, put, svg} from "./dom.js";
import {rate} from "./format.js";
import {SYMBOLS} from "./lights.js";
import {ratesOf} from "./rates.js";
import {flat} from "./tree.js";

const BOX = {width: 84, height: 36, gap: 12};
const ROW_MAX = 5;
let pointed = null;
let last = null;

// `reads` maps a reader's id to the ids whose streams it reads.
export function showFlow(root, reads, chosen) {
  last = [root, reads, chosen];
  const element = byId("flow");
  const {clientWidth: width, clientHeight: height} = element;
  if (!root || width < 100) return;
  element.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const places = placed(root, width, height);
  const shown = pointed ?? chosen;
  const rates = [...places.values()].map(({node}) => rate(ratesOf(node).out));
  const looks = [...places.values()].map(({node}) => node.health);
  put(
    element,
    JSON.stringify([width, height, [...places.keys()], looks, rates, shown, reads]),
    () => [
      ...edges(places, reads, shown),
      ...[...places.values()].map((place) => box(place, shown)),
      svg(
        "text",
        {class: "legend", x: 12, y: height - 8},
        shown ? `${shown}: blue lines it reads, orange lines it sends` : "a line for each stream",
      ),
    ],
  );
}

function placed(root, width, height) {
  const rows = [];
  const workers = (node) => node.children.filter((child) => child.kind !== "supervisor");
  for (const {node} of flat(root, 0, [])) {
    if (node.kind !== "supervisor") continue;
    const found = workers(node);
    for (let at = 0; at < found.length; at += ROW_MAX) rows.push(found.slice(at, at + ROW_MAX));
  }
  // Supervisors below the root first: market, trading; what keeps and shows comes below them.
  const own = new Set(workers(root).map((node) => node.id));
  rows.sort((a, b) => Number(own.has(a[0].id)) - Number(own.has(b[0].id)));
  const places = new Map();
  const step = (height - 32) / rows.length;
  rows.forEach((row, line) =>
    row.forEach((node, at) => {
      const gap = width / row.length;
      const wide = Math.min(BOX.width, gap - BOX.gap);
      places.set(node.id, {node, wide, x: gap * (at + 0.5), y: 8 + step * (line + 0.5)});
    }),
  );
  return places;
}

function edges(places, reads, shown) {
  return Object.entries(reads).flatMap(([reader, streams]) =>
    streams.flatMap((stream) => {
      const from = places.get(stream);
      const to = places.get(reader);
      if (!from || !to) return [];
      const kind = shown === reader ? "read" : shown === stream ? "sent" : "";
      const width = 1 + Math.min(3, Math.log10(1 + ratesOf(from.node).out) * 1.2);
      const [x1, x2, y1, y2] = [from.x, to.x, from.y, to.y];
      const bend = y1 === y2 ? Math.min(44, 18 + Math.abs(x2 - x1) / 8) * (x2 > x1 ? -1 : 1) : 0;
      const d = bend
        ? `M${x1} ${y1}Q${(x1 + x2) / 2} ${y1 + 2 * bend} ${x2} ${y2}`
        : `M${x1} ${y1}C${x1} ${(y1 + y2) / 2} ${x2} ${(y1 + y2) / 2} ${x2} ${y2}`;
      return [svg("path", {class: `edge ${kind}`, d, "stroke-width": kind ? width + 0.6 : width})];
    }),
  );
}

function box({node, wide, x, y}, shown) {
  return svg(
    "g",
    {"data-key": node.id},
    svg("rect", {
      class: `box ${node.health} ${node.id === shown ? "on" : ""}`,
      x: x - wide / 2,
      y: y - BOX.height / 2,
      width: wide,
      height: BOX.height,
      rx: 4,
    }),
    svg(
      "text",
      {x, y: y - 2, "text-anchor": "middle"},
      node.health === "green" ? node.id : `${SYMBOLS[node.health]} ${node.id}`,
    ),
    svg("text", {class: "rate", x, y: y + 12, "text-anchor": "middle"}, quiet(ratesOf(node).out)),
  );
}

const quiet = (out) => (out > 0.05 ? `${rate(out)}/s` : "quiet");

// `choose(id)` is called for a box that is clicked.
export function chooseFromFlow(choose) {
  const element = byId("flow");
  clicked(element, "g", ({dataset}) => choose(dataset.key));
  element.addEventListener("pointerover", ({target}) => point(target.closest("g")?.dataset.key));
  element.addEventListener("pointerleave", () => point());
}

function point(id = null) {
  if (pointed === id) return;
  pointed = id;
  showFlow(...last);
}
