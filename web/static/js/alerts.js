// The signal panel: each signal with its side, its strength and what became of it.

import {SIDES, byId, make, mark, put, text} from "./dom.js";
import {minute, money, price, tone, whole, words} from "./format.js";

const SHOWN = 40;
const GONE = new Set(["dropped", "denied", "rejected", "ended", "target only"]);
let known = null;

export function alerts({signals, head}) {
  if (!signals) return;
  const rows = signals.rows.slice(0, SHOWN);
  const list = byId("alerts");
  put(list, JSON.stringify(rows), () =>
    rows.length
      ? rows.map((signal) => alert(signal, head))
      : [make("li", {class: "empty"}, make("span"), "no signal yet")],
  );
  known = new Set(rows.map((signal) => signal.id));
  const count = (kind) => whole(head?.counts[kind] ?? 0);
  text("alerts-note", `${count("signal.raised")} raised, ${count("order.bracket_approved")} taken`);
}

function alert(signal, head) {
  const gone = GONE.has(signal.fate);
  const taken = signal.steps > 2 && !gone;
  const cls = [
    gone ? "gone" : "",
    taken ? "taken" : "",
    known && !known.has(signal.id) ? "fresh" : "",
  ];
  const result =
    signal.pnl_cents === undefined
      ? []
      : [make("b", {class: tone(signal.pnl_cents)}, ` ${money(signal.pnl_cents, true)}`)];
  const strength =
    signal.strength === undefined ? "" : `, strength ${signal.strength.toFixed(0)} %`;
  return make(
    "li",
    {
      "data-key": signal.id,
      class: cls.filter(Boolean).join(" "),
      title: [signal.detail, signal.why].filter(Boolean).join("; "),
    },
    SIDES[signal.direction]
      ? mark(SIDES[signal.direction][0], signal.direction, SIDES[signal.direction][1])
      : make("span", {}, "–"),
    make("span", {class: "what"}, words(signal.pattern ?? "not told yet")),
    make("span", {class: "at number"}, minute(signal.at)),
    make(
      "span",
      {class: "why"},
      `${signal.price === undefined ? "" : `${price(signal.price, head.instrument)} `}`,
      make("span", {class: taken ? "amber" : ""}, `${taken ? "● " : ""}${words(signal.fate)}`),
      ...result,
      signal.why ? `, ${words(signal.why)}` : strength,
    ),
  );
}
