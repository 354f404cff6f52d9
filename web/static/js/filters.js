// The filters above a table: what they say as a query, and the link for the same as CSV.

import {address, choices} from "./api.js";
import {byId, make} from "./dom.js";
import {wallClock, words} from "./format.js";

const DAY_MS = 86_400_000;

// Fills each select of the form with what the server takes, and calls `changed` on every change.
export async function filters(path, changed) {
  const form = byId("filters");
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", (event) => {
    if (event.target.type === "search") return;
    csv(path);
    changed();
  });
  csv(path);
  for (const select of form.querySelectorAll("select")) {
    const found = await choices(path, select.name);
    select.append(...found.map((value) => make("option", {value}, words(value))));
  }
}

export function query() {
  const values = new FormData(byId("filters"));
  const found = {};
  for (const name of ["pattern", "regime", "reason", "fate"]) {
    if (values.get(name)) found[name] = values.get(name);
  }
  if (values.get("from")) found.from_ms = midnight(values.get("from"));
  if (values.get("to")) found.to_ms = midnight(values.get("to")) + DAY_MS - 1;
  return found;
}

// New York's midnight: noon UTC is the same date there, and tells how far it is off.
function midnight(date) {
  const noon = Date.parse(`${date}T12:00:00Z`);
  return noon - DAY_MS / 2 - (wallClock(noon) - noon);
}

function csv(path) {
  byId("csv").href = address(`${path}.csv`, {...query(), limit: 500});
}
