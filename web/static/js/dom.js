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

// Makes the children of an element those that are wanted, and keeps those that are there: a browser
// tells of no click on what was replaced between press and release, and what a reader has marked,
// points at or has the focus on stays with him. Children of one `data-key` are the same wherever
// they stand, those without one go by their order. Who listens at a child that is made anew may not
// be heard: listen at what stays around it, with `clicked`.
export function renew(element, ...wanted) {
  const made = document.createDocumentFragment();
  made.append(...wanted);
  const there = Map.groupBy(element.childNodes, identity);
  const kept = [...made.childNodes].map((child) => {
    const old = there.get(identity(child))?.shift();
    return old ? alike(old, child) : child;
  });
  for (const old of [...there.values()].flat()) old.remove();
  let place = element.firstChild;
  for (const child of kept) {
    if (child === place) place = place.nextSibling;
    else element.insertBefore(child, place);
  }
}

const identity = ({nodeName, dataset}) => `${nodeName} ${dataset?.key ?? ""}`;

function alike(old, made) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== made.data) old.data = made.data;
    return old;
  }
  for (const name of old.getAttributeNames())
    if (!made.hasAttribute(name)) old.removeAttribute(name);
  for (const {name, value} of made.attributes)
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  renew(old, ...made.childNodes);
  return old;
}

// Renews the children where anything is new; what `signature` stays the same for is not even built.
const shown = new WeakMap();

export function put(element, signature, build) {
  if (shown.get(element) === signature) return false;
  shown.set(element, signature);
  renew(element, ...[build()].flat());
  return true;
}

// Calls `act(found, event)` for a click inside `element` on whatever the selector names there.
export function clicked(element, selector, act) {
  element.addEventListener("click", (event) => {
    const found = event.target.closest(selector);
    if (found) act(found, event);
  });
}
