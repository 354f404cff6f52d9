// The line on top: which contract, when, and how the day stands.

import {byId, make, svg, text} from "./dom.js";
import {clock, day, money, price, side, signed, tone, whole, words} from "./format.js";

export function show(head) {
  text("contract", head.contract || "no bar yet");
  text("name", head.instrument.name);
  byId("simulated").hidden = !head.simulated;
  text("clock", head.clock ? `${clock(head.clock)}` : "–").title = day(head.clock);
  text("last", price(head.last, head.instrument));
  showRegime(head.regime);
  showCondition(head.condition, head.instrument);
  showPosition(head);
  showDay(head.day);
  text("balance", money(head.balance_cents));
  const halted = byId("halted");
  halted.hidden = !head.halted;
  if (head.halted) {
    const {reason, day_pnl_cents: net, limit_cents: limit} = head.halted;
    halted.textContent =
      `Trading is halted: ${words(reason)}. ` + `Day ${money(net, true)}, limit ${money(limit)}.`;
  }
  const fence = byId("fence");
  fence.hidden = head.fence.length === 0;
  const causes = head.fence.map(({cause, detail}) => `${words(cause)} (${detail})`);
  fence.textContent = `No entries, the fence is closed: ${causes.join("; ")}.`;
  text("signals-note", counted(head.counts));
  const name = `${head.simulated ? "SIM " : ""}${head.contract || "Floorwatch"}`;
  document.title = `${name} ${money(head.day.pnl_cents, true)}`;
}

function counted(counts) {
  const of = (kind) => whole(counts[kind] ?? 0);
  if (!counts["signal.raised"]) return "";
  return [
    `${of("signal.raised")} raised`,
    `${of("signal.dropped")} dropped`,
    `${of("order.bracket_denied")} denied`,
    `${of("order.bracket_approved")} taken`,
  ].join(", ");
}

function showRegime(regime) {
  const element = byId("regime");
  if (!regime) {
    element.textContent = "–";
    return;
  }
  element.replaceChildren(
    make("span", {class: `swatch regime-${regime.name}`}),
    words(regime.name),
    " ",
    make("small", {}, `${regime.confidence.toFixed(0)} %`),
  );
  element.title = `${regime.reason}; ${regime.bars} bars`;
}

// The market condition in a word and a mark, so that colour is never the only sign.
const MARKS = {trend_up: "▲", trend_down: "▼", balance: "◆", breakout_pending: "◇"};

function showCondition(condition, instrument) {
  const element = byId("condition");
  if (!condition) {
    element.textContent = "–";
    return;
  }
  element.replaceChildren(
    make("span", {class: `condition-${condition.name}`}, MARKS[condition.name]),
    ` ${words(condition.name)} `,
    make("small", {}, words(condition.flow.replace("directional_", ""))),
  );
  const vwap = condition.vwap_bands[3];
  element.title = [
    condition.reason,
    `cumulative delta ${signed(condition.cvd)}, directional beyond ${whole(condition.threshold)}`,
    vwap === undefined ? "no VWAP yet" : `VWAP ${price(vwap, instrument)}`,
  ].join("; ");
}

function showPosition(head) {
  const held = head.position,
    element = byId("position");
  if (!held) {
    element.className = "soft";
    element.textContent = "flat";
    return;
  }
  const ticks = (head.last - held.entry) * (held.direction === "long" ? 1 : -1);
  element.className = "";
  element.replaceChildren(
    make("span", {class: side(held.direction)}, `${held.direction} ${held.quantity}`),
    " ",
    make("small", {}, `${price(held.entry, head.instrument)}, ${signed(ticks)} ticks`),
  );
}

function showDay(day) {
  text("pnl", money(day.pnl_cents, true), tone(day.pnl_cents));
  text("trips-count", day.trips ? `· ${day.wins} of ${day.trips} won` : "");
  const points = [0, ...day.curve],
    low = Math.min(...points),
    span = Math.max(1, Math.max(...points) - low);
  const step = 80 / Math.max(1, points.length - 1);
  const y = (value) => 19 - ((value - low) / span) * 18;
  const path = points
    .map((value, index) => `${index ? "L" : "M"}${index * step} ${y(value)}`)
    .join("");
  byId("curve").replaceChildren(...(points.length > 1 ? [svg("path", {d: path})] : []));
}
