// One row for each bar, signal, order, round trip and alarm. `of` writes a price.

import {cell, make} from "./dom.js";
import {clock, localTime, minute, money, side, signed, tone, whole, words} from "./format.js";

export function barRow(bar, of) {
  return make(
    "tr",
    {},
    cell(minute(bar.end), "soft"),
    cell(of(bar.high)),
    cell(of(bar.low)),
    cell(of(bar.close), tone(bar.close - bar.open)),
    cell(whole(bar.volume)),
    cell(signed(bar.delta), tone(bar.delta)),
    cell(signed(bar.cvd), "soft"),
  );
}

export function signalRow(signal, of) {
  const stopped = ["dropped", "denied", "rejected", "ended"].includes(signal.fate);
  const steps = make("span", {
    class: `steps ${stopped ? "stopped" : ""}`,
    title: `${signal.steps} of 5`,
  });
  for (let step = 1; step <= 5; step += 1)
    steps.append(make("i", {class: step <= signal.steps ? "on" : ""}));
  const zone = signal.low === undefined ? "" : `zone ${of(signal.low)} – ${of(signal.high)}`;
  const seen = [signal.detail, signal.low_quality ? "sides partly inferred" : ""];
  const fate = make("td", {class: "clip", title: signal.why}, words(signal.fate));
  if (signal.why) fate.append(" ", make("span", {class: "soft"}, words(signal.why)));
  return make(
    "tr",
    {class: stopped ? "stopped" : ""},
    cell(minute(signal.at), "soft"),
    make(
      "td",
      {class: "l", title: seen.filter(Boolean).join("; ")},
      words(signal.pattern ?? "?") + (signal.low_quality ? " *" : ""),
    ),
    cell(signal.direction ?? "", `l ${side(signal.direction)}`),
    cell(signal.strength === undefined ? "" : `${signal.strength.toFixed(0)} %`),
    make("td", {title: [zone, signal.zone].filter(Boolean).join(", ")}, of(signal.price)),
    make("td", {}, steps),
    fate,
    cell(
      signal.pnl_cents === undefined ? "" : money(signal.pnl_cents, true),
      tone(signal.pnl_cents ?? 0),
    ),
  );
}

export function orderRow(order, of) {
  return make(
    "tr",
    {},
    cell(clock(order.at), "soft"),
    cell(order.what, "l"),
    cell(order.leg, "l"),
    cell(order.direction, `l ${side(order.direction)}`),
    cell(order.quantity ? String(order.quantity) : ""),
    cell(order.price === null ? "" : of(order.price)),
    make("td", {class: "clip soft", title: order.detail}, words(order.detail)),
    cell(order.client_id.slice(0, 14), "soft"),
  );
}

export function setupRow(setup, of) {
  const targets = `${of(setup.target_1)} / ${of(setup.target_2)}`;
  return make(
    "tr",
    {class: setup.ended ? "stopped" : "", title: setup.reason},
    cell(minute(setup.at), "soft"),
    cell(words(setup.setup), `l ${side(setup.direction)}`),
    cell(of(setup.entry)),
    cell(of(setup.stop)),
    cell(targets),
    cell(setup.ended ? words(setup.ended) : `${setup.confidence.toFixed(0)} %`, "l soft"),
  );
}

export function tripRow(trip, of) {
  return make(
    "tr",
    {},
    cell(minute(trip.at), "soft"),
    cell(trip.direction, `l ${side(trip.direction)}`),
    cell(of(trip.entry)),
    cell(of(trip.exit)),
    cell(words(trip.reason), "l soft"),
    cell(money(trip.pnl_cents, true), tone(trip.pnl_cents)),
  );
}

export function alarmRow(alarm) {
  return make(
    "li",
    {},
    make("time", {title: new Date(alarm.at).toISOString()}, localTime(alarm.at)),
    make("b", {}, words(alarm.code)),
    " ",
    make("span", {}, alarm.source),
    alarm.text,
  );
}
