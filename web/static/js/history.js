// Bars of one series with their footprints, as far back as they were asked for.

import {get} from "./api.js";
import {wallClock} from "./format.js";

const PAGE = 240;
const NEWEST = 4;
const FEET = 120; // Footprints of one request.

export class History {
  constructor(series) {
    this.series = series;
    this.bars = []; // Oldest first; each has `time`, seconds, for the chart.
    this.feet = new Map(); // By end_ms; null while it is asked for.
    this.more = true;
    this.before = null;
    this.asking = false;
  }

  // Loads the page before the oldest bar; resolves to whether there was one.
  async older() {
    if (this.asking || !this.more) return false;
    this.asking = true;
    try {
      const page = await get("/api/bars", {
        series: this.series,
        before_ms: this.before,
        limit: PAGE,
      });
      this.more = page.next !== null;
      this.before = page.next;
      this.take(page.rows);
      return page.rows.length > 0;
    } finally {
      this.asking = false;
    }
  }

  // Loads the last bars; resolves to those that are new, behind the one that was last before.
  async newer() {
    const last = this.bars.at(-1)?.end_ms ?? 0;
    let page = await get("/api/bars", {series: this.series, limit: NEWEST});
    if (page.rows.length && page.rows[0].end_ms > last) {
      page = await get("/api/bars", {series: this.series, limit: PAGE});
    }
    // What is judged at the end of a bar comes a moment after it.
    const same = this.bars.at(-1);
    const late = page.rows.find((row) => row.end_ms === last && row.start_ms === same.start_ms);
    if (late) Object.assign(same, late);
    const fresh = page.rows.filter((row) => row.end_ms > last);
    this.take(fresh);
    return this.bars.slice(this.bars.length - fresh.length - (late ? 1 : 0));
  }

  take(rows) {
    const known = new Set(this.bars.map((bar) => `${bar.end_ms} ${bar.start_ms}`));
    const fresh = rows.filter((row) => !known.has(`${row.end_ms} ${row.start_ms}`));
    this.bars = [...this.bars, ...fresh].sort(
      (a, b) => a.end_ms - b.end_ms || a.start_ms - b.start_ms,
    );
    // The chart marks the midnights of UTC: it gets New York's clock as if it were that. It wants
    // each time once; bars of trades or volume may end together.
    let before = -Infinity;
    for (const bar of this.bars) {
      bar.time = Math.max(wallClock(bar.end_ms) / 1000, before + 0.001);
      before = bar.time;
    }
  }

  foot(bar) {
    return this.feet.get(bar.end_ms) ?? null;
  }

  // Loads the footprints of bars `from` to `to` that are not there; resolves to whether any came.
  async walk(from, to) {
    const wanted = this.bars
      .slice(Math.max(0, from), to + 1)
      .filter((bar) => !this.feet.has(bar.end_ms));
    if (!wanted.length) return false;
    const part = wanted.slice(-FEET);
    for (const bar of part) this.feet.set(bar.end_ms, null);
    const query = {series: this.series, before_ms: part.at(-1).end_ms + 1, limit: part.length};
    try {
      const page = await get("/api/footprint", query);
      for (const row of page.rows) this.feet.set(row.end_ms, row);
      return page.rows.length > 0;
    } catch {
      for (const bar of part) this.feet.delete(bar.end_ms); // Asked for again with the next look.
      return false;
    }
  }

  at(time) {
    return this.bars.find((bar) => bar.time === time) ?? null;
  }

  // The first bar that ended at or after an instant, null outside of what is loaded.
  holding(ms) {
    if (!this.bars.length || ms < this.bars[0].start_ms) return null;
    let [low, high] = [0, this.bars.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.bars[middle].end_ms < ms) low = middle + 1;
      else high = middle;
    }
    return this.bars[low] ?? null;
  }
}
