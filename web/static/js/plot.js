// The chart of the market page: its panes, its series and how they look.

import {
  CrosshairMode,
  HistogramSeries,
  LineSeries,
  LineStyle,
  createChart,
  createSeriesMarkers,
} from "./charts.js";
import {FootprintSeries} from "./footprint_series.js";
import {clock} from "./format.js";
import {Overlay, paintProfile, paintTrips, profileOf} from "./overlays.js";

const BANDS = [
  ["vwap", "#eef2f7", LineStyle.Solid, 2],
  ["vwap_upper1", "#8390a1", LineStyle.Solid, 1],
  ["vwap_lower1", "#8390a1", LineStyle.Solid, 1],
  ["vwap_upper2", "#5d6b7d", LineStyle.Dashed, 1],
  ["vwap_lower2", "#5d6b7d", LineStyle.Dashed, 1],
];
const QUIET = {lastValueVisible: false, priceLineVisible: false, crosshairMarkerVisible: false};
// The bars say how much of the price is in view: bands far away would make them small.
const BAND = {...QUIET, autoscaleInfoProvider: () => null};
const ROOM = 208; // Pixels ...
const ROOM_SHARE = 0.22; // ... and no more than this of the chart.
const NARROW = 500; // Pixels of a chart on a phone.
const GRID = "rgba(238, 242, 247, 0.04)";
const DAY_OR_MORE = 2; // Of the kinds of marks on the time axis, these are dates.
const WALL = {timeZone: "UTC", day: "2-digit", month: "short"}; // Bars come on New York's clock.
const DAY = new Intl.DateTimeFormat("en-GB", WALL);
const clockOf = (time) => new Date(time * 1000).toISOString().slice(11, 19);

export class Plot {
  constructor(element, footOf, instrument) {
    this.instrument = instrument;
    this.element = element;
    this.chart = createChart(element, look());
    const format = {
      type: "price",
      precision: instrument.decimals,
      minMove: instrument.tick,
    };
    // Lines first, those of orders and levels, too: the numbers of a footprint stand before them.
    this.ground = this.chart.addSeries(LineSeries, {
      priceFormat: format,
      lineVisible: false,
      ...BAND,
    });
    this.bands = BANDS.map(([, color, lineStyle, lineWidth]) =>
      this.chart.addSeries(LineSeries, {color, lineStyle, lineWidth, priceFormat: format, ...BAND}),
    );
    this.view = new FootprintSeries(instrument.tick, footOf);
    this.bars = this.chart.addCustomSeries(this.view, {
      priceFormat: format,
      color: "#eef2f7",
      priceLineVisible: false,
    });
    const whole = {type: "volume"};
    this.delta = this.chart.addSeries(
      HistogramSeries,
      {...QUIET, priceScaleId: "delta", priceFormat: whole, base: 0},
      1,
    );
    this.cvd = this.chart.addSeries(
      LineSeries,
      {
        ...QUIET,
        color: "#eef2f7",
        lineWidth: 2,
        lastValueVisible: true,
        priceFormat: whole,
        title: "CVD",
      },
      1,
    );
    this.chart.panes()[1].setStretchFactor(0.28);
    this.chart.panes()[0].setStretchFactor(0.72);
    this.delta.priceScale().applyOptions({scaleMargins: {top: 0.1, bottom: 0.1}});
    this.markers = createSeriesMarkers(this.bars, []);
    this.profile = new Overlay(() => {});
    this.trips = new Overlay(() => {});
    this.bars.attachPrimitive(this.profile);
    this.bars.attachPrimitive(this.trips);
    this.lines = [];
  }

  // All bars anew: after a page of history, or of another series.
  setBars(bars) {
    this.bars.setData(bars.map(candleOf));
    this.ground.setData(bars.map(closeOf));
    BANDS.forEach(([name], at) => this.bands[at].setData(bars.map((bar) => bandOf(bar, name))));
    this.delta.setData(bars.map(deltaOf));
    this.cvd.setData(bars.map((bar) => ({time: bar.time, value: bar.cumulative_delta})));
  }

  addBar(bar) {
    this.bars.update(candleOf(bar));
    this.ground.update(closeOf(bar));
    BANDS.forEach(([name], at) => this.bands[at].update(bandOf(bar, name)));
    this.delta.update(deltaOf(bar));
    this.cvd.update({time: bar.time, value: bar.cumulative_delta});
  }

  narrow() {
    return this.element.clientWidth < NARROW;
  }

  // Bars of empty room on the right, where the profile is.
  room() {
    return Math.min(ROOM, this.element.clientWidth * ROOM_SHARE) / this.spacing;
  }

  // The chart itself knows its new spacing only with its next picture.
  setSpacing(barSpacing) {
    this.spacing = barSpacing;
    this.chart.timeScale().applyOptions({barSpacing, rightOffset: this.room()});
  }

  look() {
    this.spacing = this.chart.timeScale().options().barSpacing;
  }

  redraw() {
    this.looks = (this.looks ?? 0) + 1;
    this.bars.applyOptions({looks: this.looks});
  }

  setProfile(feet) {
    this.profile.paint = paintProfile(profileOf(feet), this.instrument.tick);
    this.profile.redraw();
  }

  setTrips(trips) {
    this.trips.paint = paintTrips(trips);
    this.trips.redraw();
    this.marks = trips.flatMap((trip) => marksOf(trip)).sort((a, b) => a.time - b.time);
    this.mark();
  }

  near(now) {
    if (this.isNear === now) return;
    this.isNear = now;
    this.mark();
  }

  mark() {
    const marks = this.marks ?? [];
    this.markers.setMarkers(this.isNear ? marks : marks.map((each) => ({...each, text: ""})));
  }

  // `wanted` are [price, name, kind]; they replace those that stand.
  setLines(wanted) {
    for (const line of this.lines) this.ground.removePriceLine(line);
    this.lines = wanted.map(([price, title, kind]) =>
      this.ground.createPriceLine({
        price,
        title,
        color: kind === "order" ? "#f5cf4a" : "#5d6b7d",
        lineStyle: kind === "order" ? LineStyle.Dashed : LineStyle.Dotted,
        lineWidth: 1,
        axisLabelColor: kind === "order" ? "#f5cf4a" : "#252e3a",
        axisLabelTextColor: kind === "order" ? "#0a0d12" : "#eef2f7",
      }),
    );
  }

  showBands(shown) {
    for (const band of this.bands) band.applyOptions({visible: shown});
  }
}

function look() {
  return {
    autoSize: true,
    layout: {
      background: {color: "#11161d"},
      textColor: "#a9b4c2",
      fontSize: 12,
      fontFamily: getComputedStyle(document.body).fontFamily,
      // It stands at the foot of the page; the logo would need a style of its own.
      attributionLogo: false,
      panes: {separatorColor: "#252e3a", separatorHoverColor: "rgba(131, 144, 161, 0.2)"},
    },
    // They lie over the profile: what is light and thin leaves its colours alone.
    grid: {vertLines: {color: GRID}, horzLines: {color: GRID}},
    crosshair: {
      mode: CrosshairMode.Normal,
      vertLine: {color: "#5d6b7d", labelBackgroundColor: "#252e3a"},
      horzLine: {color: "#5d6b7d", labelBackgroundColor: "#252e3a"},
    },
    rightPriceScale: {borderColor: "#252e3a", entireTextOnly: true},
    timeScale: {
      borderColor: "#252e3a",
      timeVisible: true,
      secondsVisible: false,
      minBarSpacing: 1,
      maxBarSpacing: 1600,
      tickMarkFormatter: (time, kind) =>
        kind <= DAY_OR_MORE ? DAY.format(time * 1000) : clockOf(time).slice(0, 5),
    },
    localization: {timeFormatter: (time) => `${DAY.format(time * 1000)} ${clockOf(time)}`},
  };
}

const candleOf = (bar) => ({
  time: bar.time,
  open: bar.open,
  high: bar.high,
  low: bar.low,
  close: bar.close,
  end_ms: bar.end_ms,
});

const closeOf = (bar) => ({time: bar.time, value: bar.close});

const bandOf = (bar, name) =>
  bar[name] === null || bar[name] === undefined
    ? {time: bar.time}
    : {time: bar.time, value: bar[name]};

const deltaOf = (bar) => ({
  time: bar.time,
  value: bar.delta,
  color: bar.delta >= 0 ? "rgba(90, 176, 255, 0.55)" : "rgba(255, 154, 92, 0.55)",
});

function marksOf({from, to, direction, quantity, reason, opened_ms: opened, closed_ms: closed}) {
  const long = direction === "long";
  return [
    {
      time: from,
      position: long ? "belowBar" : "aboveBar",
      shape: long ? "arrowUp" : "arrowDown",
      color: long ? "#5ab0ff" : "#ff9a5c",
      size: 0.7,
      text: `${long ? "buy" : "sell"} ${quantity}`,
      id: clock(opened),
    },
    {
      time: to,
      position: long ? "aboveBar" : "belowBar",
      shape: "square",
      color: "#eef2f7",
      size: 0.5,
      text: reason.replaceAll("_", " "),
      id: clock(closed),
    },
  ];
}
