// One actor from inside: facts, load, state, last messages, last failure, log. Asked every second.

import {get, send} from "./api.js";
import {byId, clicked, make, mark, put, renew, svg, text} from "./dom.js";
import {bytes, duration, localTime, percent, rate, seconds, whole, words} from "./format.js";
import {viewer, whoLooks} from "./frame.js";
import {SYMBOLS} from "./lights.js";
import {confirm} from "./orders.js";
import {ratesOf, sparkline} from "./rates.js";
import {failure, fold, logLines, messages, state, streams} from "./actor_tabs.js";

const EVERY_MS = 1000;
const TABS = [
  ["State", state],
  ["Messages", messages],
  ["Streams", streams],
  ["Failure", failure],
  ["Log", logLines],
];
let id = null;
let tab = 0;
let told = null;
let node = null;
let timer = null;

export function openActor(wanted, close) {
  if (id === wanted) return;
  id = wanted;
  told = node = null;
  byId("one").hidden = false;
  text("one-id", id);
  byId("close").onclick = close;
  showTabs();
  clearTimeout(timer);
  look(id);
}

export function closeActor() {
  id = null;
  clearTimeout(timer);
  byId("one").hidden = true;
}

async function look(asked) {
  const found = await get(`/api/actors/${encodeURIComponent(asked)}`).catch(() => null);
  if (asked !== id) return;
  if (found) {
    told = found;
    const silence = byId("silence");
    silence.hidden = !told.no_answer;
    silence.textContent = told.no_answer ? `It does not answer: ${told.no_answer}` : "";
    showTab();
  }
  timer = setTimeout(() => look(asked), EVERY_MS);
}

export function showNode(found) {
  node = found;
  renew(byId("one-dot"), mark(SYMBOLS[node.health], node.health, `dot ${node.health}`));
  text("one-phase", [words(node.phase), words(node.strategy)].filter(Boolean).join(", "));
  const rates = ratesOf(node);
  const supervisor = node.kind === "supervisor";
  const facts = [
    ["pid", node.pid || "–"],
    ["up", node.started ? duration(Math.max(0, Date.now() / 1000 - node.started)) : "–"],
    ["last beat", seconds(node.beat_age_s)],
    supervisor
      ? ["restarts", `${node.restarts_recent} of ${node.restarts_max} in ${node.period_s} s`]
      : ["restarts", `${node.restarts}, life ${node.incarnation}`],
    ["in", `${rate(rates.in)}/s, ${whole(node.messages_in)}`],
    ["out", `${rate(rates.out)}/s, ${whole(node.messages_out)}`],
    ["CPU", percent(node.load?.cpu, 1)],
    ["memory", bytes(node.memory_bytes)],
  ];
  if (node.rejected_frames) facts.push(["refused frames", whole(node.rejected_frames)]);
  renew(
    byId("facts"),
    ...facts.map(([name, value]) =>
      make("div", {}, make("dt", {}, name), make("dd", {title: String(value)}, String(value))),
    ),
  );
  const line = sparkline(rates.past, 300, 48);
  put(byId("one-load"), line, () =>
    line
      ? [svg("path", {class: "area", d: `${line}V48H${line.slice(1).split(" ")[0]}Z`}), svg("path", {class: "spark", d: line})]
      : [],
  );
  may();
}

function may() {
  byId("restart").hidden = viewer.role !== "operator" || node?.kind === "supervisor";
  byId("kill-actor").hidden = byId("restart").hidden || !viewer.demo;
}

function showTabs() {
  put(byId("tabs"), `${tab}`, () =>
    TABS.map(([name], index) =>
      make(
        "button",
        {type: "button", role: "tab", "aria-selected": String(index === tab)},
        name,
      ),
    ),
  );
  byId("find-state-row").hidden = tab !== 0;
}

function showTab() {
  if (told) TABS[tab][1](byId("tab"), told, byId("find-state").value.trim().toLowerCase());
}

function order(verb, title, effect) {
  const target = id;
  confirm({
    title: `${title} ${target}`,
    effect,
    grave: verb === "kill",
    act: (reason) =>
      send("POST", `/api/actors/${encodeURIComponent(target)}/${verb}`, {reason, confirm: true}),
    done: () =>
      `${title} ${target}: taken at ${localTime(Date.now())}; the tree shows what follows`,
  });
}

clicked(byId("tabs"), "button", (button) => {
  tab = [...byId("tabs").children].indexOf(button);
  showTabs();
  showTab();
});
clicked(byId("tab"), "summary", fold);
byId("restart").addEventListener("click", () =>
  order("restart", "Restart", "It is stopped in order and started again; its state is recovered."),
);
byId("kill-actor").addEventListener("click", () =>
  order("kill", "Kill", "The process is ended at once, as a crash would. Watch it come back."),
);
byId("find-state").addEventListener("input", showTab);
whoLooks(may);
