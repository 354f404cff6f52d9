// The last bars small, and beside them every price that matters, each with its name.

import {byId, put, svg} from "./dom.js";
import {price} from "./format.js";

const BARS = 48;
const LABEL = 152; // Room on the right for names and prices.
const LINE = 15;
const TOP = 10;
let last = null;

export function levels(sections) {
  last = sections ?? last;
  const element = byId("levels");
  const {clientWidth: width, clientHeight: height} = element;
  if (!last?.bars?.rows.length || !last.head || width < 160) return;
  element.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const bars = table(last.bars).slice(-BARS);
  const named = pricesOf(last).filter(({at}) => at !== null && at !== undefined);
  const plot = scaleOf(bars, named, width, height);
  const near = named.filter(({at}) => at >= plot.low && at <= plot.high);
  const signature = JSON.stringify([width, height, bars.at(-1), bars.length, named]);
  put(element, signature, () => [
    ...valueArea(near, plot),
    ...bars.flatMap((bar, index) => candle(bar, index, plot)),
    ...labels(near, plot, last.head),
  ]);
}

function table({columns, rows}) {
  return rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at]])));
}

function pricesOf({head, setups}) {
  const {condition, position} = head;
  const bands = condition?.vwap_bands ?? [];
  const found = [{name: "last", at: head.last, kind: "last"}];
  if (condition) {
    found.push(
      {name: "VAH", at: condition.value_high, kind: "strong"},
      {name: "POC", at: condition.poc, kind: "strong"},
      {name: "VAL", at: condition.value_low, kind: "strong"},
      {name: "VWAP", at: bands[3], kind: "strong"},
      {name: "day high", at: condition.high, kind: ""},
      {name: "day low", at: condition.low, kind: ""},
    );
    [1, 2].forEach((far) => {
      found.push({name: `+${far}σ`, at: bands[3 + far], kind: ""});
      found.push({name: `−${far}σ`, at: bands[3 - far], kind: ""});
    });
  }
  if (position) {
    found.push({name: "entry", at: position.entry, kind: "amber"});
    found.push({name: "stop", at: position.stop, kind: "amber"});
    found.push({name: "target", at: position.target, kind: "amber"});
  }
  const setup = setups?.rows.find((row) => !row.ended);
  if (setup) found.push({name: "setup", at: setup.entry, kind: "amber"});
  return found;
}

function scaleOf(bars, named, width, height) {
  const kept = named.filter(({kind}) => kind === "amber" || kind === "last").map(({at}) => at);
  let low = Math.min(...bars.map((bar) => bar.low), ...kept);
  let high = Math.max(...bars.map((bar) => bar.high), ...kept);
  const room = Math.max(4, (high - low) * 0.08);
  low -= room;
  high += room;
  const foot = height - 8;
  const step = (width - LABEL - 16) / Math.max(bars.length, 24);
  return {
    low,
    high,
    width,
    height,
    foot,
    step,
    right: width - LABEL,
    x: (index) => 16 + (index + 0.5) * step,
    y: (at) => TOP + ((high - at) / (high - low)) * (foot - TOP),
  };
}

function valueArea(named, plot) {
  const of = (name) => named.find((each) => each.name === name)?.at;
  const [high, low] = [of("VAH"), of("VAL")];
  if (high === undefined || low === undefined) return [];
  return [
    svg("rect", {
      class: "value",
      x: 0,
      y: plot.y(high),
      width: plot.right,
      height: Math.max(1, plot.y(low) - plot.y(high)),
    }),
  ];
}

function candle(bar, index, plot) {
  const x = plot.x(index);
  const half = Math.max(1, Math.min(5, plot.step * 0.34));
  const [top, bottom] = [
    plot.y(Math.max(bar.open, bar.close)),
    plot.y(Math.min(bar.open, bar.close)),
  ];
  return [
    svg("line", {class: "bar", x1: x, x2: x, y1: plot.y(bar.high), y2: plot.y(bar.low)}),
    svg("rect", {
      class: bar.close >= bar.open ? "body-up" : "body-down",
      x: x - half,
      y: top,
      width: 2 * half,
      height: Math.max(1, bottom - top),
    }),
  ];
}

// Names never cover each other: from the top down each takes the next free line.
function labels(named, plot, head) {
  const sorted = merged(named).sort((a, b) => b.at - a.at);
  const spots = sorted.map(({at, kind}) => ({y: plot.y(at), tall: kind === "last" ? 22 : LINE}));
  spread(spots, TOP, plot.height - 8);
  return sorted.flatMap(({name, at, kind}, index) => {
    const y = plot.y(at);
    const spot = spots[index].y;
    const x = plot.right;
    const line = svg("line", {class: `level ${kind}`, x1: 0, x2: x, y1: y, y2: y});
    const leader = svg("path", {class: "leader line", d: `M${x} ${y}L${x + 10} ${spot}`});
    if (kind === "last") {
      return [
        svg("path", {
          class: "tag",
          d: `M${x} ${y}L${x + 10} ${spot - 11}H${plot.width - 8}V${spot + 11}H${x + 10}Z`,
        }),
        svg(
          "text",
          {class: "tag-text", x: plot.width - 16, y: spot + 5, "text-anchor": "end"},
          price(at, head.instrument),
        ),
        ...(name === "last"
          ? []
          : [svg("text", {class: "tag-text", x: x + 16, y: spot + 5}, name.replace("last, ", ""))]),
      ];
    }
    return [
      line,
      leader,
      svg("text", {class: `name ${kind}`, x: x + 14, y: spot + 4}, name),
      svg(
        "text",
        {class: `name ${kind}`, x: plot.width - 16, y: spot + 4, "text-anchor": "end"},
        price(at, head.instrument),
      ),
    ];
  });
}

function merged(named) {
  const found = new Map();
  for (const each of named) {
    const there = found.get(each.at);
    if (!there) found.set(each.at, {...each});
    else {
      there.name += `, ${each.name}`;
      if (there.kind === "") there.kind = each.kind;
    }
  }
  return [...found.values()];
}

function spread(spots, top, bottom) {
  let free = top;
  for (const spot of spots) {
    spot.y = Math.max(spot.y, free + spot.tall / 2);
    free = spot.y + spot.tall / 2;
  }
  let limit = bottom;
  for (const spot of [...spots].reverse()) {
    spot.y = Math.min(spot.y, limit - spot.tall / 2);
    limit = spot.y - spot.tall / 2;
  }
}
