// Whether the floor is well: a light for each part between the exchange and the order.

import {byId, make, put, text} from "./dom.js";
import {words} from "./format.js";

const SHOWN = [
  "feed",
  "bars",
  "detector",
  "regime",
  "router",
  "risk",
  "desk",
  "broker",
  "recorder",
];
export const SYMBOLS = {green: "●", yellow: "▲", red: "✕"};

export function lights({tree, head, alarms}) {
  const nodes = new Map();
  walk(tree?.root, nodes);
  const all = [...nodes.values()];
  const well = all.filter((node) => node.health === "green").length;
  const lost = head?.feed_lost ?? [];
  const count = all.length ? `${well} of ${all.length} well` : "no tree yet";
  text("lights-note", lost.length ? `▲ feed away, ${count}` : count);
  const why = lost.map(({contract, reason}) => `${contract}: ${reason}`).join("; ");
  // Its process may be well while the link to the market is away.
  const rows = SHOWN.map((id) => {
    const health = nodes.get(id)?.health ?? "red";
    return id === "feed" && why && health === "green" ? [id, "yellow", why] : [id, health, ""];
  });
  put(byId("lights"), JSON.stringify(rows), () =>
    rows.map(([id, health, why]) =>
      make(
        "li",
        {class: health === "green" ? "" : "bad", title: why ? `${id} is away, ${why}` : `${id} is ${health}`},
        make("span", {class: `dot-${health}`, role: "img", "aria-label": health}, SYMBOLS[health]),
        make("a", {href: `/actors/${id}`}, id),
      ),
    ),
  );
  const fence = head?.fence ?? [];
  const last = alarms?.rows[0];
  const said = [
    fence.length ? ["shut", `▲ fence closed: ${words(fence[0].cause)}`] : ["", "✓ fence open"],
    head?.halted ? ["shut", "■ halted"] : ["", "✓ not halted"],
  ];
  put(byId("gates"), JSON.stringify([said, last]), () =>
    said.map(([cls, words]) => make("span", {class: cls}, words)),
  );
}

function walk(node, found) {
  if (!node) return;
  found.set(node.id, node);
  for (const child of node.children) walk(child, found);
}
