/** The numbers of a chart as things to draw, in pixels. */
import type { ChartData, ChartSeries } from "../../protocol";
import {
  endOfUnit,
  linear,
  momentWords,
  niceDomain,
  numberTicks,
  numberWords,
  type Scale,
  type Tick,
  timeTicks,
} from "./scale";

export interface Mark {
  /** Place in the palette; null for all others together. */
  color: number | null;
  shape: "bar" | "point" | "cell";
  left: number;
  top: number;
  width: number;
  height: number;
  /** 0 to 1, of a cell. */
  weight: number;
  /** What it says, part by part. */
  words: readonly (readonly [name: string, value: string])[];
}

export interface Line {
  color: number | null;
  path: string;
}

export interface Drawing {
  width: number;
  height: number;
  plot: { left: number; top: number; right: number; bottom: number };
  x: readonly Tick[];
  y: readonly Tick[];
  /** The names at x stand aslant. */
  isSlanted: boolean;
  marks: readonly Mark[];
  lines: readonly Line[];
}

const CHAR = 6.4;
const LONGEST = 14;
const GAP = 0.22;

/** Places of everything in a chart of a size. */
export function drawingOf(data: ChartData, width: number, height: number): Drawing {
  const domain = domainOf(data);
  const yCount = Math.max(2, Math.round(height / 56));
  const [low, high] =
    data.y.scale === "time" ? domain.y : niceDomain(domain.y[0], domain.y[1], yCount);
  const yTicks =
    data.y.scale === "time" ? timeTicks(low, high, yCount) : numberTicks(low, high, yCount);
  const left = 12 + Math.max(...yTicks.map(({ label }) => label.length), 1) * CHAR;
  const right = width - 18;
  const bands = data.x.categories;
  const slot = (right - left) / Math.max(1, bands.length);
  const longest = Math.max(0, ...bands.map((name) => bandLabel(data, name).length)) * CHAR + 6;
  const isSlanted = bands.length > 0 && longest > slot;
  const top = 26;
  const bottom = height - (isSlanted ? Math.min(longest, LONGEST * CHAR) * 0.7 + 34 : 42);
  const plot = { left, top, right, bottom };
  const y = linear(low, high, bottom, top);
  const x = linear(domain.x[0], domain.x[1], left, right);
  return {
    width,
    height,
    plot,
    x: xTicks(data, x, slot, plot),
    y: yTicks.map((tick) => ({ ...tick, at: y.at(tick.at) })),
    isSlanted,
    marks: marksOf(data, { x, y, slot, left }),
    lines: data.kind === "line" ? linesOf(data, { x, y, slot, left }) : [],
  };
}

/** "UA", "∅", "95 others". */
export function bandLabel(data: ChartData, name: string | null): string {
  if (name === null) return data.others > 0 ? `${data.others} others` : "∅";
  return name === "" ? '""' : name;
}

/** The name of a colour, as the legend has it. */
export function seriesName(series: ChartSeries): string {
  if (series.is_others) return "others";
  if (series.name === null) return "∅";
  return series.name === "" ? '""' : series.name;
}

/** Where a series is in the palette. */
export function colorOf(series: ChartSeries, at: number): number | null {
  return series.is_others ? null : at;
}

/** Do bars of one place stand on one another: only what adds up does. */
export function isStacked(data: ChartData): boolean {
  return data.y.title === "rows" || data.y.title.startsWith("sum of ");
}

interface Places {
  x: Scale;
  y: Scale;
  slot: number;
  left: number;
}

function widthAt(data: ChartData, value: number): number {
  if (data.x.step !== null) return data.x.step;
  if (data.x.unit !== null) return endOfUnit(value, data.x.unit) - value;
  return 0;
}

function domainOf(data: ChartData): {
  x: readonly [number, number];
  y: readonly [number, number];
} {
  const xs: number[] = [];
  const ys: number[] = [];
  const totals = new Map<unknown, number>();
  const hasBars = data.kind === "bar" || data.kind === "histogram";
  for (const series of data.series) {
    series.x.forEach((value, at) => {
      if (typeof value === "number") xs.push(value, value + (hasBars ? widthAt(data, value) : 0));
      const y = series.y[at];
      if (y === null || y === undefined) return;
      ys.push(y);
      totals.set(value, (totals.get(value) ?? 0) + y);
    });
  }
  if (data.is_density) {
    xs.push(...xs.map((value) => value + (data.x.step ?? 0)));
    ys.push(...ys.map((value) => value + (data.y.step ?? 0)));
  }
  if (hasBars) {
    ys.push(0);
    if (isStacked(data)) ys.push(...totals.values());
  }
  const lone = hasBars && data.x.step === null && data.x.unit === null ? narrowest(xs) / 2 : 0;
  const [from, to] = extent(xs);
  return { x: [from - lone, to + lone], y: extent(ys) };
}

function extent(values: readonly number[]): readonly [number, number] {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    from = Math.min(from, value);
    to = Math.max(to, value);
  }
  return from > to ? [0, 1] : [from, to];
}

/** The smallest distance between numbers that are bars of their own. */
function narrowest(values: readonly number[]): number {
  const sorted = [...new Set(values)].sort((one, other) => one - other);
  let least = Number.POSITIVE_INFINITY;
  sorted.forEach((value, at) => {
    if (at > 0) least = Math.min(least, value - (sorted[at - 1] ?? value));
  });
  return Number.isFinite(least) ? least : 1;
}

function xTicks(data: ChartData, x: Scale, slot: number, plot: Drawing["plot"]): Tick[] {
  const count = Math.max(2, Math.round((plot.right - plot.left) / 84));
  if (data.x.scale === "time") {
    return timeTicks(x.from, x.to, count).map((tick) => ({ ...tick, at: x.at(tick.at) }));
  }
  if (data.x.scale === "number") {
    return numberTicks(x.from, x.to, count).map((tick) => ({ ...tick, at: x.at(tick.at) }));
  }
  const every = Math.ceil(12 / Math.max(slot, 0.1));
  return data.x.categories.flatMap((name, at) => {
    if (at % every !== 0) return [];
    const label = bandLabel(data, name);
    const short = label.length > LONGEST ? `${label.slice(0, LONGEST - 1)}…` : label;
    return [{ at: plot.left + (at + 0.5) * slot, label: short }];
  });
}

function marksOf(data: ChartData, places: Places): Mark[] {
  if (data.is_density) return cellsOf(data, places);
  if (data.kind === "line" || data.kind === "scatter") return pointsOf(data, places);
  return barsOf(data, places);
}

function barsOf(data: ChartData, { x, y, slot, left }: Places): Mark[] {
  const base = y.at(0);
  const stacked = isStacked(data);
  const heights = new Map<unknown, number>();
  const order = new Map(data.x.categories.map((name, at) => [name, at]));
  const lone = narrowest(data.series.flatMap((one) => one.x).filter((v) => typeof v === "number"));
  const shares = stacked ? 1 : data.series.length;
  return data.series.flatMap((series, at) =>
    series.x.flatMap((value, row) => {
      const number = series.y[row];
      if (number === null || number === undefined) return [];
      let from: number;
      let width: number;
      if (typeof value === "number") {
        const wide = widthAt(data, value);
        const start = wide === 0 ? value - lone / 2 : value;
        from = x.at(start);
        width = x.at(start + (wide || lone)) - from;
      } else {
        from = left + (order.get(value) ?? 0) * slot;
        width = slot;
      }
      const gap = data.kind === "histogram" ? Math.min(1, width * GAP) : width * GAP;
      const each = (width - gap) / shares;
      const below = stacked ? (heights.get(value) ?? 0) : 0;
      heights.set(value, below + number);
      const ends = [y.at(below), stacked ? y.at(below + number) : y.at(number)] as const;
      const top = stacked ? Math.min(...ends) : Math.min(base, ends[1]);
      const bottom = stacked ? Math.max(...ends) : Math.max(base, ends[1]);
      return [
        {
          color: colorOf(series, at),
          shape: "bar" as const,
          left: from + gap / 2 + (stacked ? 0 : at * each),
          top,
          width: Math.max(0.5, each),
          height: Math.max(number === 0 ? 0 : 1, bottom - top),
          weight: 1,
          words: wordsOf(data, series, row),
        },
      ];
    }),
  );
}

const DOT = 6;

function pointsOf(data: ChartData, { x, y, slot, left }: Places): Mark[] {
  const order = new Map(data.x.categories.map((name, at) => [name, at]));
  return data.series.flatMap((series, at) =>
    series.x.flatMap((value, row) => {
      const number = series.y[row];
      if (number === null || number === undefined) return [];
      const across =
        typeof value === "number" ? x.at(value) : left + ((order.get(value) ?? 0) + 0.5) * slot;
      return [
        {
          color: colorOf(series, at),
          shape: "point" as const,
          left: across - DOT / 2,
          top: y.at(number) - DOT / 2,
          width: DOT,
          height: DOT,
          weight: 1,
          words: wordsOf(data, series, row),
        },
      ];
    }),
  );
}

function cellsOf(data: ChartData, { x, y }: Places): Mark[] {
  const [series] = data.series;
  if (series === undefined) return [];
  const most = Math.log1p(series.count.reduce((one, other) => Math.max(one, other), 1));
  return series.x.flatMap((value, row) => {
    const number = series.y[row];
    const count = series.count[row] ?? 0;
    if (typeof value !== "number" || typeof number !== "number") return [];
    const top = y.at(number + (data.y.step ?? 0));
    const from = x.at(value);
    return [
      {
        color: 0,
        shape: "cell" as const,
        left: from,
        top,
        width: Math.max(1, x.at(value + (data.x.step ?? 0)) - from),
        height: Math.max(1, y.at(number) - top),
        weight: 0.12 + 0.88 * (Math.log1p(count) / most),
        words: wordsOf(data, series, row),
      },
    ];
  });
}

function linesOf(data: ChartData, places: Places): Line[] {
  const points = data.series.map((series) => pointsOf({ ...data, series: [series] }, places));
  return points.map((marks, at) => ({
    color: colorOf(data.series[at] as ChartSeries, at),
    path: marks
      .map(({ left, top }, row) => `${row === 0 ? "M" : "L"}${round(left)} ${round(top)}`)
      .join(""),
  }));
}

function round(pixels: number): number {
  return Math.round((pixels + DOT / 2) * 10) / 10;
}

/** Column by column what a mark says: of x, of the colour, of y. */
export function wordsOf(
  data: ChartData,
  series: ChartSeries,
  row: number,
): (readonly [name: string, value: string])[] {
  const x = series.x[row] ?? null;
  const words: (readonly [string, string])[] = [[data.x.title, placeWords(data, "x", x)]];
  if (data.color !== null) words.push([data.color, seriesName(series)]);
  if (data.is_density) {
    words.push([data.y.title, placeWords(data, "y", series.y[row] ?? null)]);
    words.push(["rows", numberWords(series.count[row] ?? 0)]);
    return words;
  }
  words.push([data.y.title, placeWords(data, "y", series.y[row] ?? null)]);
  if (data.kind !== "scatter" && data.y.title !== "rows") {
    words.push(["rows", numberWords(series.count[row] ?? 0)]);
  }
  return words;
}

function placeWords(data: ChartData, axis: "x" | "y", value: number | string | null): string {
  const { scale, unit, step } = data[axis];
  if (scale === "category") return bandLabel(data, value as string | null);
  if (typeof value !== "number") return "∅";
  if (scale === "time") return momentWords(value, unit, false);
  if (step !== null) return `${numberWords(value)} to ${numberWords(fix(value + step))}`;
  return numberWords(value);
}

/** 0.1 + 0.2 is 0.3. */
function fix(value: number): number {
  return Number(value.toPrecision(12));
}
