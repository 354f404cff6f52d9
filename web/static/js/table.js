// A table that sorts, searches and pages. A column is {label, cls, cell(row), value(row), sort}, see
// columns.js: where any has a `sort`, the server's order, only such are sorted, and by the server.

import {get} from "./api.js";
import {byId, clicked, make, renew, text} from "./dom.js";
import {counted} from "./format.js";
import {openTrail} from "./trail.js";

export const PAGE = 100;
const PAGE_MAX = 500; // That the server gives.
const FEW = 10;

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
    this.asked = null; // What the rows are the answer to.
    this.failed = null; // Why the last request came to nothing.
    this.came = 0; // Rows that `again` was told of and has not got yet.
    this.renewed = null; // What the last call of it is about to show.
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
    const asked = JSON.stringify(this.wish());
    this.came = 0;
    const page = await this.ask(null);
    if (turn !== this.turn) return;
    if (page) this.take(page.rows, page.next);
    else if (asked !== this.asked) this.take([], null); // They would pass for the answer to this.
    this.asked = asked;
  }

  // Asks anew for what is shown and for `count` rows that have come: none that is read goes away.
  async again(count) {
    const {turn} = this;
    const rows = (this.renewed = []);
    let next = null;
    this.came += count;
    do {
      const wanted = this.wanted(rows) - rows.length;
      const page = await this.ask(next, Math.min(PAGE_MAX, wanted));
      if (turn !== this.turn || rows !== this.renewed || !page) return;
      rows.push(...page.rows);
      next = page.next;
    } while (next && rows.length < this.wanted(rows));
    this.came = 0;
    this.take(rows, next);
  }

  // How many rows are to take the place of those shown: where more have come than it was told of,
  // a few more at a time until the last one shown is among them.
  wanted(rows) {
    const least = Math.max(PAGE, this.rows.length + this.came);
    const last = this.rows.at(-1);
    if (!last || rows.some(({id}) => id === last.id)) return least;
    return Math.max(least, Math.min(rows.length + FEW, least + PAGE));
  }

  async more() {
    const {turn, next} = this;
    const page = await this.ask(next);
    if (turn !== this.turn || next !== this.next) return; // These are there, or not the next ones.
    if (page) this.take([...this.rows, ...page.rows], page.next);
  }

  wish() {
    return {...this.query(), ...(this.served && {sort: this.sort})};
  }

  // Null where nothing is to be had: what is shown stays, and says why it is not the newest.
  async ask(cursor, limit = PAGE) {
    const {turn} = this;
    let [page, failed] = [null, null];
    try {
      page = await get(this.path, {...this.wish(), limit, cursor});
    } catch (error) {
      failed = error.message;
    }
    if (turn === this.turn) this.failed = failed;
    if (failed) this.draw();
    return page;
  }

  take(rows, next) {
    this.rows = rows;
    this.next = next;
    this.draw();
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
    const {failed} = this;
    const nothing = failed && !this.rows.length ? `not to be had: ${failed}` : this.nothing;
    const line = (cls, said) =>
      make("tr", {}, make("td", {class: cls, colspan: this.columns.length}, said));
    const shown = rows.map((row) => this.row(row));
    renew(this.body, ...(shown.length ? shown : [line("empty", nothing)]));
    this.headings();
    const count = byId("count");
    if (count) text("count", counted(rows.length, "row") + (this.next ? " and more" : ""));
    renew(
      this.foot,
      ...(this.next ? [line("", make("button", {type: "button"}, "More"))] : []),
      ...(failed && this.rows.length
        ? [line("failed", make("span", {}, `last request failed: ${failed}`))]
        : []),
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
