// What every page has: the line on top, the banners, the keys, and who is looking.

import {get} from "./api.js";
import {byId, make, put, text} from "./dom.js";
import {clock, day, money, words} from "./format.js";
import {ask} from "./orders.js";
import {connect, watch, watchLink} from "./live.js";
import {keys} from "./keys.js";

export const viewer = {user: "", role: "viewer", demo: false, login_required: false};
const facing = [];
let lostAt = null;

// `reader(viewer)` is called once it is known who looks.
export function whoLooks(reader) {
  facing.push(reader);
  if (viewer.user) reader(viewer);
}

// `section` is what this page shows beside the news that all are told.
export function start(section) {
  const page = document.body.dataset.page;
  const own = document.querySelector(`.pages a[data-page="${page}"]`);
  own?.setAttribute("aria-current", "page");
  own?.scrollIntoView({block: "nearest", inline: "center"}); // A phone shows some of them.
  byId("halt").addEventListener("click", () => ask(byId("halt").dataset.verb ?? "halt"));
  byId("kill").addEventListener("click", () => ask("kill"));
  keys();
  watch(showHead);
  watchLink(showLink);
  connect(section);
  look();
}

async function look() {
  try {
    Object.assign(viewer, await get("/api/me"));
  } catch {
    setTimeout(look, 2000); // Until it is known nobody may do anything.
    return;
  }
  document.body.dataset.role = viewer.role;
  const may = viewer.role === "operator";
  byId("halt").hidden = !may;
  byId("kill").hidden = !may;
  const door = viewer.login_required
    ? `${viewer.user}, ${viewer.role}`
    : `${viewer.role}, no login`;
  text("who", viewer.demo ? `${door}, demonstration` : door);
  for (const reader of facing) reader(viewer);
}

function showHead(sections, changed) {
  const head = sections.head;
  if (!head || !changed.has("head")) return;
  text("contract", head.contract || "no bar yet").title = head.instrument.name;
  byId("simulated").hidden = !head.simulated;
  text("clock", clock(head.clock)).title = `${day(head.clock)}, New York, tape`;
  const halt = byId("halt");
  halt.dataset.verb = head.halted ? "resume" : "halt";
  text("halt", head.halted ? "Resume" : "Halt");
  banners(head);
}

const standing = {link: [], floor: []};

function banners(head) {
  const rows = [];
  if (head.halted) {
    const {reason, day_pnl_cents: net, limit_cents: limit} = head.halted;
    const why = limit ? `, day ${money(net, true)} at the limit of ${money(limit)}` : "";
    rows.push(["alarm", "■", `Trading is halted: ${words(reason)}${why}. No entries.`]);
  }
  const known = new Set(head.fence.map(({detail}) => detail)); // The desk says it, too, but once.
  for (const {contract, reason} of head.feed_lost ?? []) {
    const why = `${contract}: ${reason}`;
    if (!known.has(why)) rows.push(["amber", "▲", `The feed is away, ${why}`]);
  }
  for (const {cause, detail} of head.fence) {
    rows.push(["amber", "▲", `Fence closed, no entries: ${words(cause)} (${detail})`]);
  }
  standing.floor = rows;
  showBanners();
}

function showLink(state) {
  const said = {
    waiting: "connecting",
    live: "live",
    behind: "catching up",
    lost: "lost",
  }[state];
  text("link", said, `link ${state === "live" ? "" : state === "lost" ? "lost" : "waiting"}`);
  document.body.classList.toggle("stale", state === "lost");
  if (state === "lost") lostAt ??= new Date();
  else if (state === "live") lostAt = null;
  standing.link = lostAt
    ? [
        [
          "alarm",
          "✕",
          `No connection to the floor since ${lostAt.toLocaleTimeString("en-GB")}. ` +
            "What you see is old; trying again.",
        ],
      ]
    : [];
  showBanners();
}

function showBanners() {
  const rows = [...standing.link, ...standing.floor];
  put(byId("banners"), JSON.stringify(rows), () =>
    rows.map(([kind, symbol, said]) =>
      make(
        "p",
        {class: `banner ${kind}`, role: "alert"},
        make("span", {"aria-hidden": "true"}, symbol),
        make("span", {}, said),
      ),
    ),
  );
}
