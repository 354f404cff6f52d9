// The Command Center: what the market does, what is held, and whether the floor is well.

import {alerts} from "./alerts.js";
import {byId, make, put, renew, svg, text} from "./dom.js";
import {clock, counted, money, price, tone, words} from "./format.js";
import {start} from "./frame.js";
import {pressure} from "./gauges.js";
import {levels} from "./levels.js";
import {lights} from "./lights.js";
import {limitsOf} from "./limits.js";
import {watch} from "./live.js";
import {working} from "./working.js";

const LAMPS = [
  ["trend_up", "▲", "Trend up"],
  ["balance", "◆", "Balance"],
  ["trend_down", "▼", "Trend down"],
  ["breakout_pending", "◇", "Breakout pending"],
];
const FLOWS = {
  rotational: "nobody drives",
  directional_bullish: "buyers drive",
  directional_bearish: "sellers drive",
};
const REGIMES = {
  trending_up: "▲ Trending up",
  trending_down: "▼ Trending down",
  ranging: "◆ Ranging",
  volatile: "✦ Volatile",
  no_trade: "○ No trade",
};
const STRIP_BARS = 60;
let limits = null;
let known = null;

watch((sections, changed) => {
  const {head, bars} = sections;
  if (changed.has("head")) {
    text("last", price(head.last, head.instrument));
    showCondition(head);
    showRegime(head.regime);
    showPosition(head);
    showDay(head);
  }
  if (changed.has("bars")) showStrip(bars.regimes);
  if (changed.has("head") || changed.has("footprint") || changed.has("bars")) pressure(sections);
  if (changed.has("head") || changed.has("bars") || changed.has("setups")) levels(sections);
  if (changed.has("signals") || changed.has("head")) alerts(sections);
  if (["head", "orders", "setups"].some((name) => changed.has(name))) working(sections);
  if (changed.has("tree") || changed.has("head") || changed.has("alarms")) lights(sections);
});
new ResizeObserver(() => levels(null)).observe(byId("levels"));
limitsOf((found) => {
  limits = found;
  if (known) showDay(known);
});
start();

function showCondition({condition, instrument}) {
  put(byId("lamps"), condition?.name ?? "", () =>
    LAMPS.map(([name, symbol, said]) => {
      const on = condition?.name === name;
      const lamp = make("li", {class: on ? `on ${name}` : "", title: said}, symbol);
      lamp.setAttribute("aria-hidden", "true"); // The word below says it.
      return lamp;
    }),
  );
  if (!condition) {
    text("condition", "not judged yet");
    return;
  }
  text("condition", LAMPS.find(([name]) => name === condition.name)?.[2] ?? condition.name);
  const vwap = condition.vwap_bands[3];
  const place = vwap === undefined ? "" : `, VWAP ${price(vwap, instrument)}`;
  text("condition-note", `${FLOWS[condition.flow]}${place}`).title = condition.reason;
}

function showRegime(regime) {
  text("regime", regime ? (REGIMES[regime.name] ?? words(regime.name)) : "not judged yet");
  text("regime-share", regime ? `confidence ${regime.confidence.toFixed(0)} %` : "");
  text("regime-note", regime ? words(regime.reason) : "").title = regime?.reason ?? "";
  const share = regime ? regime.confidence : 0;
  put(byId("confidence"), String(share), () => [
    svg("rect", {class: "track", x: 0, y: 0, width: 100, height: 8}),
    svg("rect", {class: "fill-ink", x: 0, y: 0, width: share, height: 8}),
  ]);
}

function showStrip(regimes) {
  const last = regimes.slice(-STRIP_BARS);
  put(byId("strip"), last.join(), () =>
    last.map((name, index) =>
      svg("rect", {
        class: `r-${name || "no_trade"}`,
        x: (STRIP_BARS - last.length + index) * 2,
        y: name.startsWith("trending") ? 0 : 6,
        width: 1.6,
        height: name.startsWith("trending") ? 16 : 10,
      }),
    ),
  );
}

function showPosition(head) {
  const held = head.position;
  const element = byId("position");
  if (!held) {
    element.className = "figure";
    renew(element, "Flat");
    text("position-since", "");
    text("position-note", head.last === null ? "" : `last ${price(head.last, head.instrument)}`);
    put(byId("bracket"), "", () => []);
    return;
  }
  const sign = held.direction === "long" ? 1 : -1;
  const ticks = (head.last - held.entry) * sign;
  const open = ticks * (head.instrument.tick_cents ?? 0) * held.quantity;
  element.className = "figure";
  renew(
    element,
    make("span", {class: sign > 0 ? "buy" : "sell"}, sign > 0 ? "▲ Long " : "▼ Short "),
    String(held.quantity),
    " ",
    make("small", {class: tone(open)}, money(open, true)),
  );
  text("position-since", `since ${clock(held.since)}`);
  const of = (ticks) => price(ticks, head.instrument);
  text(
    "position-note",
    `entry ${of(held.entry)}, last ${of(head.last)}, ${moved(Math.round(ticks))}`,
  );
  scale("bracket", {
    low: Math.min(held.stop, held.target),
    high: Math.max(held.stop, held.target),
    left: sign > 0 ? ["stop", of(held.stop)] : ["target", of(held.target)],
    right: sign > 0 ? ["target", of(held.target)] : ["stop", of(held.stop)],
    zero: held.entry,
    now: head.last,
    good: sign,
  });
}

const moved = (ticks) => (ticks > 0 ? "+" : "") + counted(ticks, "tick");

function showDay(head) {
  known = head;
  const day = head.day;
  text("pnl", money(day.pnl_cents, true), tone(day.pnl_cents));
  text("day-trips", day.trips ? `${day.wins} of ${day.trips} won` : "no trade yet");
  const tier = head.tier ? `, tier ${head.tier.name}` : "";
  text("day-note", `balance ${money(head.balance_cents)}${tier}`);
  const points = [0, ...day.curve];
  const low = Math.min(...points);
  const span = Math.max(1, Math.max(...points) - low);
  const at = (value, index) =>
    `${(index / Math.max(1, points.length - 1)) * 118 + 1} ${31 - ((value - low) / span) * 30}`;
  put(byId("curve"), points.join(), () =>
    points.length > 1 ? [svg("path", {d: `M${points.map(at).join("L")}`})] : [],
  );
  if (!limits) return;
  scale("limits", {
    low: -limits.loss_cents,
    high: limits.profit_cents,
    left: ["loss limit", money(-limits.loss_cents)],
    right: ["profit limit", money(limits.profit_cents)],
    zero: 0,
    now: day.pnl_cents,
    good: 1,
  });
}

// A line from one limit to the other, filled from zero to where it stands now.
function scale(id, {low, high, left, right, zero, now, good}) {
  const width = byId(id).clientWidth || 280;
  byId(id).setAttribute("viewBox", `0 0 ${width} 40`);
  const share = (value) => (Math.min(high, Math.max(low, value)) - low) / (high - low || 1);
  const x = (value) => share(value) * width;
  const from = Math.min(x(zero), x(now));
  const better = (now - zero) * good >= 0;
  put(byId(id), [width, low, high, zero, now].join(), () => [
    svg("rect", {class: "track", x: 0, y: 4, width, height: 12}),
    svg("rect", {
      class: better ? "fill-buy" : "fill-sell",
      x: from,
      y: 4,
      width: Math.max(1, Math.abs(x(now) - x(zero))),
      height: 12,
    }),
    svg("rect", {class: "fill-ink", x: x(zero) - 0.75, y: 1, width: 1.5, height: 18}),
    svg("path", {class: "fill-ink", d: `M${Math.min(width - 5, Math.max(5, x(now)))} 12l5 9h-10z`}),
    svg("text", {x: 0, y: 36}, left.join(" ")),
    svg("text", {x: width, y: 36, "text-anchor": "end"}, right.join(" ")),
  ]);
}
