// One signal's way to its fills, decision by decision, as the log of decisions has it.

import {get} from "./api.js";
import {make} from "./dom.js";
import {clock, words} from "./format.js";

const LINES = 200;
const HIDDEN = new Set(["timestamp", "level", "event", "actor", "seq", "cut", "trail", "ts_ns"]);

export async function openTrail(id, title) {
  const list = make(
    "ol",
    {class: "trail"},
    make("li", {}, id ? "asking" : "its signal is not known"),
  );
  const close = make("button", {type: "button"}, "Close");
  const dialog = make(
    "dialog",
    {class: "broad", "aria-label": title},
    make(
      "div",
      {class: "stack"},
      make("h1", {}, title),
      list,
      make("div", {class: "buttons"}, close),
    ),
  );
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  if (!id) return;
  try {
    const rows = (await get("/api/logs", {trail: id, limit: LINES})).rows;
    list.replaceChildren(
      ...(rows.length
        ? rows.reverse().map(step)
        : [
            make(
              "li",
              {},
              "The log of decisions has nothing of it: its level leaves out what was dropped.",
            ),
          ]),
    );
  } catch (error) {
    list.replaceChildren(make("li", {}, `not to be had: ${error.message}`));
  }
}

function step(row) {
  const fields = Object.entries(row)
    .filter(([name, value]) => !HIDDEN.has(name) && value !== "" && value !== null)
    .map(([name, value]) => `${words(name)} ${value}`);
  return make(
    "li",
    {},
    make("span", {class: "soft number"}, `${clock(row.ts_ns / 1e6)}  `),
    make("b", {}, words(String(row.event).split(".").at(-1))),
    make("span", {class: "soft"}, `  by ${row.actor}`),
    make("div", {class: "mono"}, fields.join(" · ")),
  );
}
