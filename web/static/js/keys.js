// The keyboard: pages, search, help, halt and kill. A page adds keys of its own.

import {byId, make} from "./dom.js";

const PAGES = [
  "/",
  "/market",
  "/actors",
  "/trades",
  "/signals",
  "/statistics",
  "/recap",
  "/settings",
];
const KEYS = [
  ["1 – 8", "Command, Market, Actors, Trades, Signals, Statistics, Recap, Settings"],
  ["/", "search on this page"],
  ["H", "halt or resume trading (asks)"],
  ["K", "kill switch (asks)"],
  ["?", "these keys"],
  ["Esc", "close"],
];
const own = new Map();

// `act` is called when `key` is pressed; `said` stands in the help.
export function key(name, said, act) {
  own.set(name, act);
  if (said) KEYS.splice(-2, 0, [said[0], said[1]]);
}

export function keys() {
  byId("help").addEventListener("click", help);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]"))
      return;
    if (event.target.closest("input, select, textarea")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const act = own.get(event.key) ?? common(event.key);
    if (!act) return;
    event.preventDefault();
    act(event);
  });
}

function common(name) {
  if (/^[1-8]$/.test(name)) return () => location.assign(PAGES[Number(name) - 1]);
  if (name === "/") return () => document.querySelector("input[type=search]")?.focus();
  if (name === "?") return help;
  if (name.toLowerCase() === "h") return () => press("halt");
  if (name.toLowerCase() === "k") return () => press("kill");
  return null;
}

function press(id) {
  if (!byId(id).hidden) byId(id).click(); // Hidden from who may not.
}

function help() {
  const rows = KEYS.flatMap(([name, said]) => [
    make("dt", {}, make("kbd", {}, name)),
    make("dd", {}, said),
  ]);
  const close = make("button", {type: "button"}, "Close");
  const dialog = make(
    "dialog",
    {"aria-label": "Keys"},
    make(
      "div",
      {class: "stack"},
      make("h1", {}, "Keys"),
      make("dl", {}, ...rows),
      make("div", {class: "buttons"}, close),
    ),
  );
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
