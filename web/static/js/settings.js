// What a person may tell the floor, the settings in force, and the audit of all that was told.

import {get, send} from "./api.js";
import {byId, clicked, make, put, renew, text} from "./dom.js";
import {counted, dateTime, money, words} from "./format.js";
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
let changes = 0; // How often limits were set anew.

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
  const limits = new Map(told.limits.map((limit) => [limit.name, limit]));
  text("settings-note", `${counted(limits.size, "limit")} can be changed now`);
  const fits = (name, value) => `${name} ${value}`.toLowerCase().includes(wanted);
  const all = Object.entries(told.sections).map(([section, values]) => [
    section,
    Object.entries(values)
      .map(([name, value]) => ({name, value, whole: `${section}.${name}`}))
      .filter((one) => !limits.has(one.whole) && fits(one.whole, one.value))
      .map(({name, value}) => setting(name, said(value))),
  ]);
  const first = told.limits.filter(({name, value}) => fits(name, value)).map(limited);
  const made = [["limits of the day", first], ...all].flatMap(([title, rows]) =>
    rows.length ? [make("h3", {}, words(title)), make("dl", {}, ...rows)] : [],
  );
  renew(
    byId("values"),
    ...(made.length ? made : [make("p", {class: "empty"}, "no setting of that name or value")]),
  );
}

function said(value) {
  return Array.isArray(value) ? value.join(", ") || "none" : String(value === "" ? "none" : value);
}

function setting(name, shown, cls = "", ...more) {
  const told = make("dd", {class: `number ${cls}`}, shown, ...more);
  return make("div", {}, make("dt", {}, words(name)), told);
}

function limited(limit) {
  const name = limit.name.split(".")[1];
  const cls = limit.value === limit.outermost ? "" : "amber";
  if (viewer.role !== "operator") return setting(name, standing(limit), cls);
  const button = make(
    "button",
    {type: "button", "data-limit": limit.name, "aria-label": `Change ${words(name)}`},
    "Change",
  );
  return setting(name, standing(limit), cls, button);
}

const amount = (name, value) => (name === "risk.trades_max" && !value ? "no limit" : String(value));

function standing({name, value, next, outermost}) {
  const more = [
    next === value ? "" : `, from the next day ${amount(name, next)}`,
    outermost === value ? "" : ` (settings: ${amount(name, outermost)})`,
  ];
  return amount(name, value) + more.join("");
}

function change({name, value, outermost}) {
  const [section, key] = name.split(".");
  const input = make("input", {type: "number", step: "any", min: 0, value, id: "value"});
  return confirm({
    title: `Change ${words(key)}`,
    effect:
      `It is ${amount(name, value)} now. What is tighter stands at once, what is looser from the ` +
      `next trading day on, and no further than ${amount(name, outermost)}, as the settings say.`,
    grave: false,
    fields: [make("label", {}, "New value", input)],
    act: (reason) =>
      send("PATCH", "/api/settings", {
        values: {[section]: {[key]: Number(input.value)}},
        reason,
        confirm: true,
      }),
    done: ({rows: [row]}) => `${words(key)} ${amount(name, row.value)} stands ${row.stands}`,
  });
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
            {"data-key": `${row.at_ms} ${row.action}`},
            make("b", {}, words(row.action)),
            make("span", {class: "soft"}, `  ${row.user}, ${row.role}, from ${row.remote}`),
            make("p", {}, `${dateTime(row.at_ms)}: ${row.reason}`),
            make("p", {}, row.outcome),
          ),
        )
      : [make("li", {class: "empty"}, "nobody has told the floor anything yet")],
  );
}

watch((sections, changed) => {
  if (!changed.has("head")) return;
  showState(sections);
  const now = sections.head.counts["account.limits_changed"] ?? 0;
  if (now !== changes) load();
  changes = now;
});
whoLooks(() => {
  showOrders();
  showValues();
});
clicked(byId("orders"), "button:enabled", async ({dataset}) => {
  if (await ask(dataset.verb)) loadAudit();
});
clicked(byId("values"), "button", ({dataset}) =>
  change(told.limits.find(({name}) => name === dataset.limit)),
);
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
