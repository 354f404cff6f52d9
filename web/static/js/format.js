// How values are written. Prices come as ticks, money as cents, times as milliseconds UTC.

const newYork = (options) =>
  new Intl.DateTimeFormat("en-GB", {
    timeZone: "America/New_York",
    hour12: false,
    ...options,
  });
const CLOCK = newYork({hour: "2-digit", minute: "2-digit", second: "2-digit"});
const MINUTE = newYork({hour: "2-digit", minute: "2-digit"});
const DAY = newYork({weekday: "short", day: "numeric", month: "short", year: "numeric"});
const DATE = newYork({year: "numeric", month: "short", day: "2-digit"});
const MONTH = newYork({day: "2-digit", month: "short"});
const WALL = newYork({year: "numeric", month: "numeric", day: "numeric", hour: "numeric"});
const WHOLE = new Intl.NumberFormat("en-US", {maximumFractionDigits: 0});

const MINUS = "−";
const HOUR_MS = 3_600_000;

export function clock(ms) {
  return ms ? CLOCK.format(ms) : "–";
}
export function minute(ms) {
  return ms ? MINUTE.format(ms) : "–";
}
export function day(ms) {
  return ms ? DAY.format(ms) : "–";
}

// Alarms and starts happen in the viewer's own day, not on the tape.
export function localTime(instant) {
  return new Date(instant).toLocaleTimeString("en-GB", {hour12: false});
}

export function dateTime(ms) {
  return ms ? `${DATE.format(ms)} ${CLOCK.format(ms)}` : "–";
}

// In tables that live for weeks the year says nothing.
export function shortTime(ms) {
  return ms ? `${MONTH.format(ms)} ${CLOCK.format(ms)}` : "–";
}

// An instant as New York's clock shows it, as if that were UTC.
const offsets = new Map(); // By hour: within one it does not change.
export function wallClock(ms) {
  const hour = Math.floor(ms / HOUR_MS) * HOUR_MS;
  if (!offsets.has(hour)) {
    const found = Object.fromEntries(
      WALL.formatToParts(hour).map(({type, value}) => [type, Number(value)]),
    );
    const {year, month, day} = found;
    offsets.set(hour, Date.UTC(year, month - 1, day, found.hour % 24) - hour);
  }
  return ms + offsets.get(hour);
}

export function dayMonth(ms) {
  return MONTH.format(ms);
}

export function seriesName(series) {
  const [kind, size] = series.split(":");
  if (kind === "time") return size % 60 ? `${size} s` : `${size / 60} min`;
  const [one, more] = {tick: ["trade", ""], volume: ["contract", ""], range: ["tick", " range"]}[
    kind
  ] ?? [kind, ""];
  return counted(Number(size), one) + more;
}

export function written(value, decimals) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return value.toFixed(decimals).replace("-", MINUS);
}

export function percent(share, decimals = 0) {
  return share === null || share === undefined || !Number.isFinite(share)
    ? "–"
    : `${(share * 100).toFixed(decimals)} %`;
}

export function price(ticks, instrument) {
  if (ticks === null || ticks === undefined) return "–";
  // An average lies between two ticks.
  const decimals = instrument.decimals + (Number.isInteger(ticks) ? 0 : 2);
  return (ticks * instrument.tick).toFixed(decimals).replace("-", MINUS);
}

export function whole(count) {
  return WHOLE.format(count).replace("-", MINUS);
}

// A count with its noun: one round trip, two round trips.
export function counted(count, one, many = `${one}s`) {
  return `${whole(count)} ${Math.abs(count) === 1 ? one : many}`;
}

export function signed(count) {
  return (count > 0 ? "+" : "") + whole(count);
}

export function money(cents, plus = false) {
  if (cents === null || cents === undefined) return "–";
  const text = (Math.abs(cents) / 100).toLocaleString("en-US", {
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  });
  return (cents < 0 ? MINUS : plus && cents > 0 ? "+" : "") + "$" + text;
}

export function bytes(count) {
  return count ? (count / 2 ** 20).toFixed(0) + " MB" : "–";
}

export function seconds(s) {
  if (s === null || s === undefined) return "–";
  return s < 10 ? s.toFixed(1) + " s" : duration(s);
}

export function duration(s) {
  if (s < 90) return s.toFixed(0) + " s";
  if (s < 5400) return (s / 60).toFixed(0) + " min";
  return s < 172800 ? (s / 3600).toFixed(1) + " h" : (s / 86400).toFixed(1) + " d";
}

export function rate(perSecond) {
  if (!(perSecond > 0.05)) return "·";
  return perSecond < 10 ? perSecond.toFixed(1) : whole(perSecond);
}

export function words(text) {
  return String(text).replaceAll("_", " ");
}

export function tone(value) {
  return value > 0 ? "buy" : value < 0 ? "sell" : "soft";
}
