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

// A mark that says by its shape what its colour says too.
export function mark(symbol, words, cls) {
  return make("span", {class: cls, role: "img", "aria-label": words, title: words}, symbol);
}

export const SIDES = {long: ["▲", "buy"], short: ["▼", "sell"]};

// A cell with the side of a signal or a position; some signals have none.
export function sideCell({direction}) {
  const [symbol, cls] = SIDES[direction] ?? ["–", "soft"];
  return make("td", {class: cls}, mark(symbol, direction, ""), ` ${direction}`);
}

// Children that differ replace those that are there; a list that stays the same is left alone, so
// that a reader does not lose what is marked or scrolled to.
const shown = new WeakMap();

export function put(element, signature, build) {
  if (shown.get(element) === signature) return false;
  shown.set(element, signature);
  element.replaceChildren(...[build()].flat());
  return true;
}
