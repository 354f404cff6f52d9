// A table that sorts, searches and pages. A column is {label, cls, cell(row), value(row), sort}, see
// columns.js: where any has a `sort`, the server's order, only such are sorted, and by the server.

import {get} from "./api.js";
import {byId, clicked, make, renew, text} from "./dom.js";
import {counted} from "./format.js";
import {openTrail} from "./trail.js";

const PAGE = 100;
const PAGE_MAX = 500; // That the server gives.

export class Table {
  // `query()` gives the filters in force; without `path` rows are given by `show`. Where rows open
  // a trail, `trail(row)` is its id and its title.
  constructor(element, {columns, path, query, sort, trail, nothing}) {
    this.element = element;
    this.columns = columns;
    this.path = path;
    this.query = query ?? (() => ({}));
    this.sort = sort ?? null; // "-pnl": falling.
    this.served = columns.some((column) => column.sort);
    this.trail = trail;
    this.nothing = nothing ?? "none";
    this.rows = [];
    this.next = null;
    this.turn = 0;
    this.head = make("thead", {}, make("tr", {}, ...columns.map((column) => this.heading(column))));
    this.body = make("tbody");
    this.foot = make("tfoot");
    element.replaceChildren(this.head, this.body, this.foot);
    this.drawn = []; // Rows as they stand on the page.
    if (trail) clicked(this.body, "tr.open", (line) => this.open(line));
    clicked(this.foot, "button", () => this.more());
    this.over = new AbortController();
    const {signal} = this.over;
    byId("search")?.addEventListener("input", () => this.draw(), {signal});
  }

  // Another table takes the place of this one.
  end() {
    this.over.abort();
  }

  // A click anywhere on a row is one on its button, and what opens gives the focus back to that.
  open(line) {
    line.querySelector("button").focus({preventScroll: true});
    openTrail(...this.trail(this.drawn[line.sectionRowIndex]));
  }

  heading(column) {
    const cell = make("th", {scope: "col", class: column.cls, title: column.title});
    const name = this.served ? column.sort : column.label;
    if (!name) {
      cell.append(make("span", {}, column.label));
      return cell;
    }
    const button = make("button", {type: "button"}, column.label);
    button.addEventListener("click", () => {
      this.sort = this.sort === `-${name}` ? name : `-${name}`;
      if (column.sort) this.load();
      else this.draw();
    });
    cell.append(button);
    return cell;
  }

  async load() {
    const turn = (this.turn += 1);
    this.next = null;
    const page = await this.ask(null);
    if (turn !== this.turn) return;
    this.rows = page.rows;
    this.next = page.next;
    this.draw();
  }

  // Asks anew for what is shown and for `count` rows that have come: none that is read goes away.
  async again(count) {
    const {turn} = this;
    const rows = [];
    let next = null;
    do {
      const wanted = this.rows.length + count - rows.length;
      const page = await this.ask(next, Math.min(PAGE_MAX, Math.max(PAGE, wanted)));
      if (turn !== this.turn) return;
      rows.push(...page.rows);
      next = page.next;
    } while (next && rows.length < this.rows.length + count);
    this.rows = rows;
    this.next = next;
    this.draw();
  }

  async more() {
    const {turn, next} = this;
    const page = await this.ask(next);
    if (turn !== this.turn || next !== this.next) return; // These are there, or not the next ones.
    this.rows = [...this.rows, ...page.rows];
    this.next = page.next;
    this.draw();
  }

  async ask(cursor, limit = PAGE) {
    const query = {...this.query(), limit, cursor, ...(this.served && {sort: this.sort})};
    try {
      return await get(this.path, query);
    } catch (error) {
      this.nothing = `not to be had: ${error.message}`;
      return {rows: [], next: null};
    }
  }

  show(rows) {
    this.rows = rows;
    this.draw();
  }

  draw() {
    const wanted = (byId("search")?.value ?? "").trim().toLowerCase();
    let rows = this.ordered();
    if (wanted) rows = rows.filter((row) => JSON.stringify(row).toLowerCase().includes(wanted));
    this.drawn = rows;
    renew(
      this.body,
      ...(rows.length
        ? rows.map((row) => this.row(row))
        : [
            make(
              "tr",
              {},
              make("td", {class: "empty", colspan: this.columns.length}, this.nothing),
            ),
          ]),
    );
    this.headings();
    const count = byId("count");
    if (count) text("count", counted(rows.length, "row") + (this.next ? " and more" : ""));
    const button = make("button", {type: "button"}, "More");
    renew(
      this.foot,
      ...(this.next ? [make("tr", {}, make("td", {colspan: this.columns.length}, button))] : []),
    );
  }

  ordered() {
    const name = this.sort?.replace(/^-/, "");
    const column = !this.served && this.columns.find((each) => each.label === name);
    if (!column) return this.rows;
    const sign = this.sort.startsWith("-") ? -1 : 1;
    return [...this.rows].sort((a, b) => sign * order(column.value(a), column.value(b)));
  }

  row(row) {
    return make(
      "tr",
      {"data-key": row.id, class: this.trail ? "open" : ""},
      ...this.columns.map((column, at) => {
        const shown = column.cell(row);
        const cell = shown instanceof HTMLTableCellElement ? shown : make("td", {}, shown);
        if (column.cls) cell.classList.add(column.cls);
        if (this.trail && !at) cell.replaceChildren(opener(cell));
        return cell;
      }),
    );
  }

  headings() {
    const name = this.sort?.replace(/^-/, "");
    [...this.head.rows[0].cells].forEach((cell, at) => {
      const column = this.columns[at];
      const mine = name && (column.sort ?? column.label) === name;
      const falling = this.sort?.startsWith("-");
      if (mine) cell.setAttribute("aria-sort", falling ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
      const button = cell.querySelector("button");
      if (button) button.textContent = column.label + (mine ? (falling ? " ▼" : " ▲") : "");
    });
  }
}

// What stands in a cell as the button that opens its row.
function opener({textContent: said, childNodes}) {
  const about = {"aria-haspopup": "dialog", "aria-label": `${said}, its way decision by decision`};
  return make("button", {type: "button", class: "opener", ...about}, ...childNodes);
}

function order(a, b) {
  if (a === b) return 0;
  if (a === null || a === undefined) return -1;
  if (b === null || b === undefined) return 1;
  return a < b ? -1 : 1;
}
