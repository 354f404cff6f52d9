// Elements made of values. Text is always set as text: nothing that comes in becomes markup.

export const byId = (id) => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== "") element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function text(id, value, cls) {
  const element = byId(id);
  if (element.textContent !== value) element.textContent = value;
  if (cls !== undefined) element.className = cls;
  return element;
}

export function cell(value, cls) {
  return make("td", {class: cls}, value);
}

// Rows that were not there before light up once; `key` says which row is which.
const known = new Map();

export function rows(id, entries, key, row, nothing) {
  const body = byId(id);
  const before = known.get(id);
  const now = new Set();
  const made = entries.map((entry) => {
    const name = key(entry);
    now.add(name);
    const element = row(entry);
    if (before && !before.has(name)) element.classList.add("new");
    return element;
  });
  known.set(id, now);
  if (!made.length) {
    const tag = body.tagName === "TBODY" ? "td" : "li";
    const note = make(tag, {class: "empty", ...(tag === "td" ? {colspan: 20} : {})}, nothing);
    made.push(tag === "td" ? make("tr", {}, note) : note);
  }
  body.replaceChildren(...made);
}
