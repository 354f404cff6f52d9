// Pictures of results: an equity curve with its fall from the highest, and a scatter of excursions.

import {byId, make, put, renew, svg} from "./dom.js";
import {money, whole} from "./format.js";

const LEFT = 16;
const RIGHT = 88;
const TOP = 12;
const BOTTOM = 20;
const HEAD = 36; // Of the scatter: what the axis upward is, before the highest dot.

// `points` are balances in cents, the first before anything was traded.
export function equityCurve(id, points, labels) {
  const element = byId(id);
  const {clientWidth: width, clientHeight: height} = element;
  if (width < 100) return;
  element.setAttribute("viewBox", `0 0 ${width} ${height}`);
  put(element, JSON.stringify([width, height, points]), () => {
    if (points.length < 2) return [svg("text", {x: 16, y: 28}, "no round trip yet")];
    const [low, high] = [Math.min(...points), Math.max(...points)];
    const span = high - low || 1;
    const x = (at) => LEFT + (at / (points.length - 1)) * (width - LEFT - RIGHT);
    const y = (cents) => TOP + ((high - cents) / span) * (height - TOP - BOTTOM);
    const line = (values) =>
      values.map((cents, at) => `${x(at).toFixed(1)} ${y(cents).toFixed(1)}`);
    let peak = -Infinity;
    const peaks = points.map((cents) => (peak = Math.max(peak, cents)));
    const area = `M${line(peaks).join("L")}L${line(points).reverse().join("L")}Z`;
    const last = points.at(-1);
    return [
      svg("path", {class: "fall", d: area}),
      svg("line", {class: "rule", x1: LEFT, x2: width - RIGHT, y1: y(points[0]), y2: y(points[0])}),
      svg("path", {class: "curve", d: `M${line(points).join("L")}`}),
      ...tags(width, [
        [y(high), money(high)],
        [y(low), money(low)],
        [y(last), money(last), "b"],
      ]),
      svg("text", {x: LEFT, y: height - 6}, labels[0] === labels[1] ? "" : labels[0]),
      svg("text", {x: width - RIGHT, y: height - 6, "text-anchor": "end"}, labels[1]),
    ];
  });
}

function tags(width, wanted) {
  const taken = [];
  return wanted
    .reverse()
    .filter(([y]) => {
      const free = taken.every((other) => Math.abs(other - y) > 15);
      taken.push(y);
      return free;
    })
    .map(([y, said]) => svg("text", {x: width - LEFT, y: y + 4, "text-anchor": "end"}, said));
}

// Each dot has `against` and `favour` in ticks, both not negative, and `won`. Where several fall on
// one place the dot is as large as they are many.
export function scatter(id, dots) {
  const element = byId(id);
  const {clientWidth: width, clientHeight: height} = element;
  if (width < 100) return;
  element.setAttribute("viewBox", `0 0 ${width} ${height}`);
  put(element, JSON.stringify([width, height, dots]), () => {
    if (!dots.length) return [svg("text", {x: 16, y: 28}, "not known yet: the recap tells it")];
    const far = Math.max(4, ...dots.flatMap(({against, favour}) => [against, favour]));
    const left = 28;
    const x = (ticks) => left + (ticks / far) * (width - left - 24);
    const y = (ticks) => height - 36 - (ticks / far) * (height - 36 - HEAD);
    return [
      svg("line", {class: "axis", x1: left, x2: width - 16, y1: y(0), y2: y(0)}),
      svg("line", {class: "axis", x1: left, x2: left, y1: y(0), y2: y(far)}),
      svg("line", {class: "rule", x1: x(0), y1: y(0), x2: x(far), y2: y(far)}),
      ...piled(dots).map(({against, favour, won, count}) =>
        svg(
          "circle",
          {class: won ? "won" : "lost", cx: x(against), cy: y(favour), r: radius(count)},
          svg("title", {}, whole(count)),
        ),
      ),
      svg("text", {x: width - 16, y: height - 8, "text-anchor": "end"}, `against → ${whole(far)}`),
      svg("text", {x: left, y: height - 8}, "0"),
      svg("text", {x: LEFT, y: TOP + 6}, `in favour ↑ ${whole(far)}`),
    ];
  });
}

const radius = (count) => Math.min(12, 3 + Math.sqrt(count));

function piled(dots) {
  const found = new Map();
  for (const dot of dots) {
    const key = `${dot.against} ${dot.favour} ${dot.won}`;
    const pile = found.get(key) ?? {...dot, count: 0};
    pile.count += 1;
    found.set(key, pile);
  }
  return [...found.values()];
}

// Figures as pairs of a name and what is shown; the first is the large one.
export function figures(rows) {
  renew(
    byId("figures"),
    ...rows.map(([name, value, cls], at) =>
      make(
        "div",
        {class: at ? "" : "first"},
        make("dt", {}, name),
        make("dd", {class: cls}, value),
      ),
    ),
  );
}
