// The process tree as rows; rates are made of the counters of two looks.

import {byId, cell, make} from "./dom.js";
import {bytes, duration, rate, seconds, whole, words} from "./format.js";

const LOOK_S = 1;
const seen = new Map();

export function show(root) {
  if (!root) {
    byId("tree").replaceChildren(
      make(
        "tr",
        {},
        make("td", {class: "empty", colspan: 8}, "no supervisor has written its status yet"),
      ),
    );
    return {green: 0, all: 0};
  }
  const made = [],
    count = {green: 0, all: 0};
  walk(root, 0, made, count);
  byId("tree").replaceChildren(...made);
  return count;
}

function walk(node, depth, made, count) {
  count.all += 1;
  count.green += node.health === "green" ? 1 : 0;
  made.push(row(node, depth));
  if (node.health !== "green" && (node.failure || node.reason || node.phase)) made.push(why(node));
  for (const child of node.children) walk(child, depth + 1, made, count);
}

function row(node, depth) {
  const {inRate, outRate} = rates(node);
  const supervisor = node.kind === "supervisor";
  const name = make(
    "span",
    {class: `in${Math.min(depth, 3)}`},
    make("span", {
      class: `dot ${node.health}`,
      role: "img",
      "aria-label": node.health,
      title: title(node),
    }),
    make("a", {href: `/actors/${encodeURIComponent(node.id)}`}, node.id),
  );
  const late = node.health === "yellow" ? "late" : "soft";
  return make(
    "tr",
    {class: `${supervisor ? "supervisor" : ""} ${node.health === "red" ? "red" : ""}`.trim()},
    make("td", {}, name),
    cell(node.pid ? String(node.pid) : "–", "soft"),
    cell(seconds(node.beat_age_s), late),
    supervisor
      ? make(
          "td",
          {title: `of its children, within ${node.period_s} s`},
          `${node.restarts_recent} of ${node.restarts_max}`,
        )
      : cell(node.restarts ? String(node.restarts) : "·", node.restarts ? "" : "soft"),
    cell(bytes(node.memory_bytes)),
    cell(supervisor ? "" : rate(inRate)),
    cell(supervisor ? "" : rate(outRate)),
    cell(supervisor ? "" : node.cut ? whole(node.cut) : "·", "soft"),
  );
}

function title(node) {
  const parts = [node.health, words(node.phase)];
  if (node.strategy) parts.push(words(node.strategy));
  if (node.started) parts.push(`up ${duration(Math.max(0, Date.now() / 1000 - node.started))}`);
  if (node.stale) parts.push("its supervisor has not written for a while");
  return parts.join(", ");
}

function why(node) {
  const failure = node.failure
    ? `${words(node.failure.death)}: ${node.failure.reason}`
    : node.reason;
  const text = [words(node.phase), failure].filter(Boolean).join("; ");
  return make("tr", {class: "why"}, make("td", {colspan: 8}, text.slice(0, 200)));
}

function rates(node) {
  const now = performance.now() / 1000,
    before = seen.get(node.id);
  const start = {
    at: now,
    in: node.messages_in,
    out: node.messages_out,
    pid: node.pid,
    inRate: 0,
    outRate: 0,
  };
  // A new process counts from zero: its first look has no rate.
  if (!before || before.pid !== node.pid) {
    seen.set(node.id, start);
    return start;
  }
  const passed = now - before.at;
  if (passed < LOOK_S) return before;
  start.inRate = Math.max(0, node.messages_in - before.in) / passed;
  start.outRate = Math.max(0, node.messages_out - before.out) / passed;
  seen.set(node.id, start);
  return start;
}
