// One actor: what the tree says of it, and what it says itself when asked.

import {byId, cell, make, text} from "./dom.js";
import {bytes, duration, localTime, seconds, whole, words} from "./format.js";

const EVERY_MS = 1000;
const id = decodeURIComponent(location.pathname.split("/").at(-1));

async function look() {
  let told = null;
  try {
    const answer = await fetch(`/api/actors/${encodeURIComponent(id)}`);
    told = answer.status === 200 || answer.status === 404 ? await answer.json() : null;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // A TypeError is a server that is away.
  }
  text("link", told ? "live" : "connection lost", `link ${told ? "" : "lost"}`);
  document.body.classList.toggle("stale", !told);
  if (told) show(told);
  setTimeout(look, EVERY_MS);
}

function show(told) {
  const node = told.node,
    mind = told.inspection;
  text("id", id);
  document.title = `${id}, Floorwatch`;
  const silence = byId("silence");
  silence.hidden = !told.no_answer;
  silence.textContent = told.no_answer ?? "";
  if (node) showNode(node);
  showMind(mind ?? {});
}

function showNode(node) {
  byId("dot").className = `dot ${node.health}`;
  text("phase", `${words(node.phase)}${node.stale ? ", its supervisor is silent" : ""}`);
  text("about", [node.kind, words(node.strategy), node.reason].filter(Boolean).join(", "));
  const facts = [
    ["pid", node.pid || "–"],
    ["life", node.incarnation],
    ["up", node.started ? duration(Math.max(0, Date.now() / 1000 - node.started)) : "–"],
    ["last beat", seconds(node.beat_age_s)],
    node.kind === "supervisor"
      ? ["restarts below", `${node.restarts_recent} of ${node.restarts_max} in ${node.period_s} s`]
      : ["restarts", node.restarts],
    ["memory", bytes(node.memory_bytes)],
    ["messages in", whole(node.messages_in)],
    ["messages out", whole(node.messages_out)],
    ["refused frames", whole(node.rejected_frames)],
    ["cut", whole(node.cut)],
  ];
  byId("facts").replaceChildren(
    ...facts.map(([name, value]) =>
      make("div", {}, make("dt", {}, name), make("dd", {}, String(value))),
    ),
  );
  const failure = node.failure;
  byId("failure").hidden = !failure;
  if (failure) {
    text("failure-note", `${words(failure.death)} at ${localTime(failure.ts_ns / 1e6)}`);
    text("traceback", [failure.reason, failure.traceback].filter(Boolean).join("\n\n"));
  }
}

function showMind(mind) {
  const state = mind.state ?? {};
  const entries = Object.keys(state).length ? flat(state, "") : [];
  table(
    "state",
    entries.map(([name, value]) => make("tr", {}, cell(words(name), "soft"), cell(value))),
  );
  const reads = Object.entries(mind.reads ?? {}).map(([stream, taken]) =>
    make("tr", {}, cell(stream), cell("reads, taken up to", "l soft"), cell(whole(taken))),
  );
  const behind = Object.entries(mind.behind ?? {}).map(([reader, count]) =>
    make("tr", {}, cell(reader), cell("is sent to, behind by", "l soft"), cell(whole(count))),
  );
  table("streams", [...reads, ...behind]);
  text(
    "published",
    mind.published === undefined ? "" : `own stream up to ${whole(mind.published)}`,
  );
  list("last-in", mind.last_in ?? []);
  list("last-out", mind.last_out ?? []);
  text("in-count", mind.messages_in === undefined ? "" : whole(mind.messages_in));
  text("out-count", mind.messages_out === undefined ? "" : whole(mind.messages_out));
}

function table(name, made) {
  const nothing = make("tr", {}, make("td", {class: "empty"}, "nothing told"));
  byId(name).replaceChildren(...(made.length ? made : [nothing]));
}

function list(name, lines) {
  const made = [...lines].reverse().map((line) => make("li", {}, line));
  byId(name).replaceChildren(...(made.length ? made : [make("li", {class: "empty"}, "none")]));
}

function flat(value, path) {
  if (value === null || typeof value !== "object") return [[path, String(value)]];
  const entries = Object.entries(value);
  if (!entries.length) return [[path, "none"]];
  return entries.flatMap(([name, inner]) => flat(inner, path ? `${path} · ${name}` : name));
}

look();
