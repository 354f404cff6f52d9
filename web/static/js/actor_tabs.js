// What an actor tells of itself, tab by tab. What did not change is not drawn anew.

import {make, put} from "./dom.js";
import {localTime, whole, words} from "./format.js";

const closed = new Set(); // Paths of the state that the reader has folded away.
const BYTES = /b(['"])(?:\\.|(?!\1)[^\\])*(?:\1|$)/g;

export function state(element, told, wanted) {
  const found = told.inspection?.state ?? {};
  put(element, JSON.stringify([found, wanted, [...closed]]), () => {
    const list = values(found, "", wanted);
    return (
      list ?? make("p", {class: "empty"}, wanted ? "nothing of that name or value" : "nothing told")
    );
  });
}

function values(value, path, wanted) {
  const items = Object.entries(value).flatMap(([name, inner]) => {
    const place = path ? `${path}.${name}` : name;
    const nested = inner !== null && typeof inner === "object";
    if (nested && Object.keys(inner).length) return group(name, inner, place, wanted);
    const said = nested || ["", "None"].includes(inner ?? "") ? "none" : String(inner);
    if (wanted && !`${place} ${said}`.toLowerCase().includes(wanted)) return [];
    return [
      make(
        "li",
        {"data-key": place, class: "pair"},
        make("span", {}, words(name)),
        make("span", {class: "number"}, said),
      ),
    ];
  });
  return items.length ? make("ul", {class: "values"}, ...items) : null;
}

function group(name, inner, place, wanted) {
  const below = values(inner, place, wanted);
  if (!below) return [];
  const count = Object.keys(inner).length;
  const details = make("details", {}, make("summary", {}, `${words(name)} (${count})`), below);
  details.open = Boolean(wanted) || !closed.has(place);
  return [make("li", {"data-key": place}, details)];
}

// Remembers what a click on the head of a group is about to do.
export function fold({parentElement: details}) {
  const {key} = details.closest("li").dataset;
  if (details.open) closed.add(key);
  else closed.delete(key);
}

export function messages(element, told) {
  const {last_in: taken = [], last_out: sent = []} = told.inspection ?? {};
  put(element, JSON.stringify([taken, sent]), () => [
    make("p", {class: "sub"}, `last in, newest first (${taken.length})`),
    listed(taken, (line) => line.match(/^(\S+ \d+) (\w+)\(?(.*?)\)?$/s)),
    make("p", {class: "sub"}, `last out, newest first (${sent.length})`),
    listed(sent, (line) => line.match(/^()(\w+)\(?(.*?)\)?$/s)),
  ]);
}

function listed(lines, parse) {
  const made = [...lines].reverse().map((line) => {
    const [, from, kind, rest] = parse(line) ?? ["", "", "", line];
    const told = rest.replace(BYTES, (bytes) => `⟨${bytes.length > 40 ? "column" : "bytes"}⟩`);
    return make(
      "li",
      {"data-key": from},
      make("b", {}, kind),
      make("span", {class: "soft number"}, from ? `  ${from}` : ""),
      make("div", {class: "rest mono"}, told.replace(/<\w+\.(\w+): [^>]*>/g, "$1")),
    );
  });
  return make(
    "ol",
    {class: "messages"},
    ...(made.length ? made : [make("li", {class: "empty"}, "none")]),
  );
}

export function streams(element, told) {
  const mind = told.inspection ?? {};
  const reads = Object.entries(mind.reads ?? {}).map(([id, at]) => [
    `reads ${id}`,
    `up to ${whole(at)}`,
  ]);
  const behind = Object.entries(mind.behind ?? {}).map(([id, count]) => [
    `sends to ${id}`,
    count ? `${whole(count)} behind` : "up to date",
  ]);
  const gaps = Object.entries(mind.gaps ?? {}).map(([id, gap]) => [
    `gap in ${id}`,
    JSON.stringify(gap),
  ]);
  const own =
    mind.published === undefined ? [] : [["own stream", `up to ${whole(mind.published)}`]];
  const rows = [...own, ...gaps, ...reads, ...behind];
  put(element, JSON.stringify(rows), () =>
    rows.length
      ? make(
          "ul",
          {class: "values"},
          ...rows.map(([name, said]) =>
            make(
              "li",
              {class: "pair"},
              make("span", {}, name),
              make("span", {class: "number"}, said),
            ),
          ),
        )
      : make("p", {class: "empty"}, "nothing told"),
  );
}

export function failure(element, told) {
  const found = told.node?.failure;
  put(element, JSON.stringify(found ?? null), () =>
    found
      ? [
          make("p", {class: "sub"}, `${words(found.death)} at ${localTime(found.ts_ns / 1e6)}`),
          make(
            "pre",
            {class: "mono"},
            [found.reason, found.traceback].filter(Boolean).join("\n\n"),
          ),
        ]
      : make("p", {class: "empty"}, "it has not failed"),
  );
}

export function logLines(element, told) {
  const rows = told.log ?? [];
  put(element, JSON.stringify(rows), () =>
    rows.length
      ? make("ol", {class: "messages"}, ...rows.map(logLine))
      : make("p", {class: "empty"}, "no line in the log"),
  );
}

function logLine(row) {
  const {timestamp, level, event, ...rest} = row;
  const fields = Object.entries(rest).map(([name, value]) => `${words(name)} ${value}`);
  return make(
    "li",
    {"data-key": timestamp},
    make("span", {class: "soft number"}, `${localTime(timestamp)} `),
    level ? make("span", {class: level === "info" ? "soft" : "amber"}, `${level} `) : null,
    make("b", {}, words(event ?? "")),
    make("div", {class: "rest mono"}, fields.join(" · ")),
  );
}
