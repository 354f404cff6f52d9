// The page of the processes: the tree, the flow of messages, and one actor from inside.

import {get} from "./api.js";
import {closeActor, openActor, showNode} from "./actor.js";
import {byId, make, put, text} from "./dom.js";
import {chooseFromFlow, showFlow} from "./flow.js";
import {localTime, words} from "./format.js";
import {start} from "./frame.js";
import {key} from "./keys.js";
import {watch} from "./live.js";
import {chooseFromTree, flat, showTree} from "./tree.js";

const LOAD_MS = 2000;
const ASK_MS = 15_000;
const STACKED = matchMedia("(max-width: 1180px)"); // The tree and the panel, as actors.css has it.
let root = null;
let loads = new Map();
let reads = {};
let host = "";
let came; // Where on the screen the row of the chosen one was.
let chosen = chosenByAddress();

function chosenByAddress() {
  const [, page, id] = location.pathname.split("/");
  return page === "actors" && id ? decodeURIComponent(id) : null;
}

function show() {
  if (root) for (const {node} of flat(root, 0, [])) Object.assign(node, loads.get(node.id));
  showTree(root, {chosen, wanted: byId("find").value.trim().toLowerCase(), host});
  showFlow(root, reads, chosen);
  if (chosen && root) {
    const found = flat(root, 0, []).find(({node}) => node.id === chosen);
    if (found) showNode(found.node);
  }
}

function choose(id) {
  const left = chosen;
  const stood = chosen === id ? came : linkOf(id)?.getBoundingClientRect().top;
  chosen = id === chosen ? null : id;
  history.replaceState(null, "", chosen ? `/actors/${encodeURIComponent(chosen)}` : "/actors");
  open();
  show();
  if (chosen) enter(stood);
  else leave(left, stood);
}

const linkOf = (id) =>
  byId("tree").querySelector(`a[href="/actors/${CSS.escape(encodeURIComponent(id))}"]`);

// The panel takes the focus, and where it stands above the tree the view goes there.
function enter(stood) {
  came = stood;
  byId("h-one").focus({preventScroll: true});
  if (STACKED.matches) byId("one").scrollIntoView({block: "start"});
}

// Back to the row one came from, as far down the screen as it was.
function leave(id, stood) {
  const link = linkOf(id);
  if (!link) return;
  link.focus({preventScroll: true});
  if (stood === undefined || !STACKED.matches) return;
  for (const place of [byId("main"), window])
    place.scrollBy(0, link.getBoundingClientRect().top - stood);
}

function open() {
  const hidden = chosen !== null;
  byId("flow-panel").hidden = hidden;
  byId("alarms-panel").hidden = hidden;
  if (chosen) openActor(chosen, () => choose(chosen));
  else closeActor();
}

watch((sections, changed) => {
  if (changed.has("tree")) {
    root = structuredClone(sections.tree.root);
    show();
  }
  if (changed.has("alarms")) showAlarms(sections.alarms.rows);
});

function showAlarms(rows) {
  text("alarms-note", rows.length ? String(rows.length) : "");
  put(byId("alarms"), JSON.stringify(rows), () =>
    rows.length
      ? rows.map((alarm) =>
          make(
            "li",
            {"data-key": `${alarm.at} ${alarm.source}`},
            make("time", {title: new Date(alarm.at).toISOString()}, localTime(alarm.at)),
            make("b", {}, `▲ ${words(alarm.code)} `),
            make("span", {class: "soft"}, alarm.source),
            make("p", {}, alarm.text),
          ),
        )
      : [make("li", {class: "empty"}, "none")],
  );
}

// What only the processes themselves know is asked for: load often, wiring seldom.
async function askLoads() {
  const told = await get("/api/actors").catch(() => null);
  if (told?.root) {
    host = told.host;
    loads = new Map(flat(told.root, 0, []).map(({node}) => [node.id, {load: node.load}]));
  }
  setTimeout(askLoads, LOAD_MS);
}

async function askWiring() {
  const ids = root ? flat(root, 0, []).map(({node}) => node) : [];
  for (const {id, kind} of ids) {
    if (kind === "supervisor") continue;
    const told = await get(`/api/actors/${encodeURIComponent(id)}`).catch(() => null);
    if (told?.inspection) reads = {...reads, [id]: Object.keys(told.inspection.reads ?? {})};
    show();
  }
  setTimeout(askWiring, ids.length ? ASK_MS : 500);
}

byId("find").addEventListener("input", show);
chooseFromTree(choose);
chooseFromFlow(choose);
key("Escape", null, () => chosen && choose(chosen));
new ResizeObserver(show).observe(byId("flow"));
start();
open();
askLoads();
askWiring();
