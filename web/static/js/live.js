// The floor as it changes: a snapshot, then numbered changes. Whoever misses a number, or is told
// to be behind, takes a snapshot anew. A silent connection counts as lost, and is made again.

import {get} from "./api.js";

const SILENT_MS = 12_000; // The server beats every 5 s.
const RETRY_MS = [300, 700, 1500, 3000];

const sections = {};
const readers = [];
const linked = [];
let number = 0;
let tries = 0;
let socket = null;
let heard = 0;
let state = "waiting";
let place = "/ws";

// `reader(sections, names)` is called with everything known and the names of what has changed.
export function watch(reader) {
  readers.push(reader);
  const known = Object.keys(sections);
  if (known.length) reader(sections, new Set(known));
}

// `reader(state)`: "waiting" before the first word, then "live", "behind" or "lost".
export function watchLink(reader) {
  linked.push(reader);
  reader(state);
}

// `section` is one that only a page which asks for it is told; it comes whole and has no number.
export function connect(section = "") {
  if (section) place = `/ws?section=${section}`;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}${place}`);
  const mine = socket;
  socket.addEventListener("message", (event) => mine === socket && take(JSON.parse(event.data)));
  socket.addEventListener("close", () => mine === socket && again());
  heard = performance.now();
}

function take(message) {
  heard = performance.now();
  tries = 0;
  if (message.kind === "behind") {
    number = 0;
    say("behind");
    return;
  }
  if (number === 0 && message.kind !== "snapshot") return; // One is on its way.
  if (message.kind === "change") {
    if (message.number !== number + 1) {
      socket.close(); // One is missing: what is known may be wrong.
      return;
    }
  }
  if (message.sections) {
    number = message.number ?? number;
    if (message.kind === "snapshot")
      for (const name of Object.keys(sections)) delete sections[name];
    Object.assign(sections, message.sections);
    const changed = new Set(Object.keys(message.sections));
    for (const reader of readers) reader(sections, changed);
  }
  if (number) say("live");
}

async function again() {
  number = 0;
  say("lost");
  const wait = RETRY_MS[Math.min(tries, RETRY_MS.length - 1)];
  tries += 1;
  socket = null;
  await new Promise((resolve) => setTimeout(resolve, wait));
  // A refused handshake does not say why; the question does, and leads to the login.
  await get("/api/session/status").catch(() => null);
  connect();
}

function say(now) {
  if (now === state) return;
  state = now;
  for (const reader of linked) reader(now);
}

setInterval(() => {
  if (socket && performance.now() - heard > SILENT_MS) socket.close();
}, 1000);
