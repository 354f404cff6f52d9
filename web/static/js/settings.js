// What a person may tell the floor, the settings in force, and the audit of all that was told.

import {get, send} from "./api.js";
import {byId, make, put, text} from "./dom.js";
import {dateTime, money, words} from "./format.js";
import {start, viewer, whoLooks} from "./frame.js";
import {watch} from "./live.js";
import {VERBS, ask, confirm} from "./orders.js";

const ORDER = ["halt", "resume", "flatten", "stop", "start", "sync", "kill"];
const NAMES = {
  halt: "Halt",
  resume: "Resume",
  flatten: "Flatten",
  stop: "Stop",
  start: "Start",
  sync: "Believe broker",
  kill: "Kill switch",
};
const AUDIT_MS = 3000;
let told = null;
let audit = [];
let next = null;

function showOrders() {
  const may = viewer.role === "operator";
  byId("may").hidden = may;
  byId("logout").hidden = !viewer.login_required;
  put(byId("orders"), viewer.role, () =>
    ORDER.map((verb) => {
      const button = make(
        "button",
        {type: "button", class: verb === "kill" ? "alarm" : "", "data-verb": verb},
        NAMES[verb],
      );
      button.disabled = !may;
      button.addEventListener("click", async () => (await ask(verb)) && loadAudit());
      return make("li", {}, button, make("p", {}, VERBS[verb][2]));
    }),
  );
}

function showState({head}) {
  const {halted, fence, day} = head;
  const state = halted
    ? ["■ Halted", "amber"]
    : fence.length
      ? ["▲ Fence closed", "amber"]
      : head.ended
        ? ["○ The tape has ended", "soft"]
        : ["✓ Trading", ""];
  text("state", state[0], `state ${state[1]}`);
  const why = halted
    ? words(halted.reason)
    : fence.map(({cause, detail}) => `${words(cause)}: ${detail}`).join("; ");
  text("state-note", [why, `day ${money(day.pnl_cents, true)}`].filter(Boolean).join(", "));
}

function showValues() {
  if (!told) return;
  const wanted = byId("search").value.trim().toLowerCase();
  const free = new Set(told.changeable);
  text("settings-note", free.size ? `${free.size} can be changed now` : "read once, at the start");
  const made = Object.entries(told.sections).flatMap(([section, values]) => {
    const rows = Object.entries(values)
      .filter(([name, value]) => `${section}.${name} ${value}`.toLowerCase().includes(wanted))
      .map(([name, value]) => setting(section, name, value, free.has(`${section}.${name}`)));
    return rows.length ? [make("h3", {}, words(section)), make("dl", {}, ...rows)] : [];
  });
  byId("values").replaceChildren(
    ...(made.length ? made : [make("p", {class: "empty"}, "no setting of that name or value")]),
  );
}

function setting(section, name, value, free) {
  const said = Array.isArray(value)
    ? value.join(", ") || "none"
    : String(value === "" ? "none" : value);
  const row = make("div", {}, make("dt", {}, words(name)), make("dd", {class: "number"}, said));
  if (free && viewer.role === "operator") {
    const button = make("button", {type: "button"}, "Change");
    button.addEventListener("click", () => change(section, name, value));
    row.append(button);
  }
  return row;
}

async function change(section, name, value) {
  const input = make("input", {value: String(value), id: "value"});
  const read = () => {
    if (typeof value === "number") return Number(input.value);
    if (Array.isArray(value))
      return input.value
        .split(",")
        .map((each) => each.trim())
        .filter(Boolean);
    return input.value;
  };
  const done = await confirm({
    title: `Change ${section} ${words(name)}`,
    effect: `It is ${value} now. The new value counts from the moment it is recorded.`,
    grave: false,
    fields: [make("label", {}, "New value", input)],
    act: (reason) =>
      send("PATCH", "/api/settings", {
        values: {[section]: {[name]: read()}},
        reason,
        confirm: true,
      }),
    done: () => `${words(name)} is changed`,
  });
  if (done) load();
}

async function load() {
  told = await get("/api/settings").catch(() => told);
  showValues();
}

async function loadAudit() {
  const page = await get("/api/audit", {limit: 50}).catch(() => null);
  if (!page) return;
  audit = page.rows;
  next = page.next;
  showAudit();
}

async function moreAudit() {
  const page = await get("/api/audit", {limit: 100, cursor: next});
  audit = [...audit, ...page.rows];
  next = page.next;
  showAudit();
}

function showAudit() {
  byId("audit-more").hidden = !next;
  put(byId("audit"), JSON.stringify(audit), () =>
    audit.length
      ? audit.map((row) =>
          make(
            "li",
            {},
            make("b", {}, words(row.action)),
            make("span", {class: "soft"}, `  ${row.user}, ${row.role}, from ${row.remote}`),
            make("p", {}, `${dateTime(row.at_ms)}: ${row.reason}`),
            make("p", {}, row.outcome),
          ),
        )
      : [make("li", {class: "empty"}, "nobody has told the floor anything yet")],
  );
}

watch((sections, changed) => changed.has("head") && showState(sections));
whoLooks(() => {
  showOrders();
  showValues();
});
byId("search").addEventListener("input", showValues);
byId("audit-more").addEventListener("click", moreAudit);
byId("logout").addEventListener("click", async () => {
  await send("POST", "/api/logout");
  location.assign("/login");
});
setInterval(() => audit.length <= 50 && loadAudit(), AUDIT_MS);
showOrders();
start();
load();
loadAudit();
