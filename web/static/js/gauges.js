// Who presses: contracts sold into the bid against bought at the ask, and the cumulative delta.

import {byId, make, put, svg} from "./dom.js";
import {minute, signed, whole} from "./format.js";

const STRONG = 0.6; // Of the volume with a known side (domain 6.1).
const BARS = 12;

export function pressure({head, bars, footprint}) {
  const element = byId("pressure");
  if (!bars?.rows.length) {
    put(element, "", () => make("p", {class: "empty"}, "no bar yet"));
    return;
  }
  const of = (row, name) => row[bars.columns.indexOf(name)];
  const lately = bars.rows.slice(-BARS);
  const sum = (column) => lately.reduce((total, row) => total + of(row, column), 0);
  const [volume, delta] = [sum("volume"), sum("delta")];
  const total = (levels) => levels.reduce((most, count) => most + count, 0);
  const last = footprint?.sells
    ? [total(footprint.sells), total(footprint.buys), footprint.end]
    : [0, 0, 0];
  const cvd = of(bars.rows.at(-1), "cvd");
  const threshold = head?.condition?.threshold ?? 0;
  const most = Math.max(1, ...bars.rows.map((row) => Math.abs(of(row, "cvd"))), threshold * 1.2);
  put(element, [...last, volume, delta, cvd, threshold, most].join(), () => [
    sides(`bar to ${minute(last[2])}`, last[0], last[1]),
    sides(`last ${lately.length} bars`, (volume - delta) / 2, (volume + delta) / 2),
    balance(cvd, most, threshold),
  ]);
}

function sides(said, sold, bought) {
  const all = sold + bought;
  const share = all ? bought / all : 0.5;
  const strong = share > STRONG ? " ▲ buyers" : share < 1 - STRONG ? " ▼ sellers" : "";
  const edge = share * 100;
  return make(
    "div",
    {class: "gauge"},
    make("b", {class: "sell"}, `${Math.round(100 - edge)} %`),
    make("span", {class: "said"}, said + strong),
    make("b", {class: "buy"}, `${Math.round(edge)} %`),
    svg(
      "svg",
      {
        viewBox: "0 0 100 16",
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": `${said}: ${whole(sold)} sold, ${whole(bought)} bought`,
      },
      svg("rect", {
        class: "fill-sell",
        x: 0,
        y: 0,
        width: 99.4 - edge < 0 ? 0 : 99.6 - edge,
        height: 16,
      }),
      svg("rect", {
        class: "fill-buy",
        x: 100.4 - edge,
        y: 0,
        width: Math.max(0, edge - 0.4),
        height: 16,
      }),
      svg("rect", {class: "fill-ink", x: 49.8, y: 0, width: 0.4, height: 16}),
    ),
  );
}

function balance(cvd, most, threshold) {
  const x = (value) => 50 + (value / most) * 50;
  return make(
    "div",
    {class: "gauge"},
    make("b", {class: cvd < 0 ? "sell" : ""}, cvd < 0 ? signed(cvd) : ""),
    make("span", {class: "said"}, "cumulative delta"),
    make("b", {class: cvd > 0 ? "buy" : ""}, cvd >= 0 ? signed(cvd) : ""),
    svg(
      "svg",
      {
        viewBox: "0 0 100 16",
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": `cumulative delta ${signed(cvd)}, directional beyond ${whole(threshold)}`,
      },
      svg("rect", {class: "track", x: 0, y: 0, width: 100, height: 16}),
      svg("rect", {
        class: cvd < 0 ? "fill-sell" : "fill-buy",
        x: Math.min(50, x(cvd)),
        y: 0,
        width: Math.abs(x(cvd) - 50),
        height: 16,
      }),
      ...(threshold
        ? [-threshold, threshold].map((at) =>
            svg("rect", {class: "fill-amber", x: x(at) - 0.2, y: 0, width: 0.4, height: 16}),
          )
        : []),
      svg("rect", {class: "fill-ink", x: 49.8, y: 0, width: 0.4, height: 16}),
    ),
  );
}
