// The supervision tree as rows, with the load of every process.

import {byId, cell, clicked, make, mark, renew, svg, text} from "./dom.js";
import {bytes, counted, duration, percent, rate, seconds, whole, words} from "./format.js";
import {SYMBOLS} from "./lights.js";
import {ratesOf, sparkline} from "./rates.js";

const COLUMNS = 11;

// Shows all below `root`.
export function showTree(root, {chosen, wanted, host}) {
  const body = byId("tree");
  if (!root) {
    const nothing = "no supervisor has written its status yet";
    renew(body, make("tr", {}, make("td", {class: "empty", colspan: COLUMNS}, nothing)));
    return;
  }
  const nodes = flat(root, 0, []);
  const made = nodes.flatMap(({node, depth}) => {
    const shown = row(node, depth, chosen, wanted);
    const told = node.failure || node.reason;
    return node.health === "green" || !told ? [shown] : [shown, why(node)];
  });
  renew(body, ...made);
  totals(
    nodes.map(({node}) => node),
    host,
  );
}

// `choose(id)` is called for a row that is clicked.
export function chooseFromTree(choose) {
  clicked(byId("tree"), "tr:has(a)", ({dataset}, event) => {
    const {target, button, ctrlKey, metaKey, shiftKey} = event;
    if (target.closest("a") && (button || ctrlKey || metaKey || shiftKey)) return;
    event.preventDefault(); // Its link is for a page of its own, as the browser opens one.
    choose(dataset.key);
  });
}

export function flat(node, depth, found) {
  found.push({node, depth});
  for (const child of node.children) flat(child, depth + 1, found);
  return found;
}

function row(node, depth, chosen, wanted) {
  const rates = ratesOf(node);
  const supervisor = node.kind === "supervisor";
  const classes = [
    supervisor ? "supervisor" : "",
    node.health === "red" ? "red" : "",
    node.id === chosen ? "chosen" : "",
    wanted && !node.id.includes(wanted) ? "dim" : "",
  ];
  const link = make("a", {href: `/actors/${encodeURIComponent(node.id)}`}, node.id);
  const up = node.started ? duration(Math.max(0, Date.now() / 1000 - node.started)) : "–";
  const restarts = supervisor
    ? `${node.restarts_recent} of ${node.restarts_max}`
    : node.restarts
      ? String(node.restarts)
      : "0";
  return make(
    "tr",
    {"data-key": node.id, class: classes.filter(Boolean).join(" "), title: title(node)},
    make(
      "td",
      {},
      make(
        "span",
        {class: `d${Math.min(depth, 3)}`},
        mark(SYMBOLS[node.health], node.health, `dot ${node.health}`),
        link,
      ),
    ),
    cell(node.pid ? String(node.pid) : "–", "r soft"),
    cell(up, "r"),
    cell(seconds(node.beat_age_s), `r ${node.health === "yellow" ? "late" : "soft"}`),
    cell(restarts, `r ${node.restarts && !supervisor ? "late" : "soft"}`),
    cell(supervisor ? "" : rate(rates.in), "r"),
    cell(supervisor ? "" : rate(rates.out), "r"),
    cell(
      supervisor ? "" : whole(node.load?.queue ?? 0),
      `r ${node.load?.queue > 8 ? "late" : "soft"}`,
    ),
    cell(percent(node.load?.cpu, 1), "r"),
    cell(bytes(node.memory_bytes), "r"),
    supervisor ? cell("") : make("td", {}, spark(rates.past)),
  );
}

function spark(past) {
  return svg(
    "svg",
    {viewBox: "0 0 56 18", preserveAspectRatio: "none", "aria-hidden": "true"},
    svg("path", {class: "spark", d: sparkline(past, 56, 18)}),
  );
}

function title(node) {
  const parts = [node.health, words(node.phase)];
  if (node.strategy) parts.push(words(node.strategy));
  if (node.stale) parts.push("its supervisor has not written for a while");
  return parts.join(", ");
}

function why(node) {
  const failure = node.failure
    ? `${words(node.failure.death)}: ${node.failure.reason}`
    : node.reason;
  const said = [words(node.phase), failure].filter(Boolean).join("; ");
  return make(
    "tr",
    {"data-key": `why ${node.id}`, class: "why"},
    make("td", {colspan: COLUMNS}, said.slice(0, 200)),
  );
}

function totals(nodes, host) {
  const well = nodes.filter((node) => node.health === "green").length;
  const sum = (of) => nodes.reduce((total, node) => total + (of(node) || 0), 0);
  const restarts = nodes.filter((node) => node.kind !== "supervisor");
  text("tree-note", `${well} of ${nodes.length} well`);
  text(
    "totals",
    [
      counted(nodes.length, "process", "processes") + (host ? ` on ${host}` : ""),
      `${percent(
        sum((node) => node.load?.cpu),
        0,
      )} of a processor`,
      counted(
        restarts.reduce((total, node) => total + node.restarts, 0),
        "restart",
      ),
    ].join(" · "),
  );
}
