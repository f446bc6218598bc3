/** Numbers and moments to pixels, and the marks of axes. */
import type { TimeUnit } from "../../protocol";

export interface Scale {
  readonly from: number;
  readonly to: number;
  at(value: number): number;
}

export interface Tick {
  at: number;
  label: string;
}

const DAY = 86_400_000;
const UNIT_MS: Readonly<Record<TimeUnit, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: DAY,
  week: 7 * DAY,
  month: 30 * DAY,
  quarter: 91 * DAY,
  year: 365 * DAY,
};
/** Distances between the marks of a time axis, finest first: how many of which unit. */
const TIME_STEPS: readonly (readonly [count: number, unit: TimeUnit])[] = [
  [1, "minute"],
  [5, "minute"],
  [15, "minute"],
  [1, "hour"],
  [3, "hour"],
  [6, "hour"],
  [12, "hour"],
  [1, "day"],
  [2, "day"],
  [7, "day"],
  [14, "day"],
  [1, "month"],
  [3, "month"],
  [6, "month"],
  [1, "year"],
  [2, "year"],
  [5, "year"],
  [10, "year"],
  [50, "year"],
  [100, "year"],
];

export function linear(from: number, to: number, low: number, high: number): Scale {
  const span = to - from || 1;
  return { from, to, at: (value) => low + ((value - from) / span) * (high - low) };
}

/** A round distance of which about `count` fit into a span: 1, 2 or 5 times a power of ten. */
export function niceStep(span: number, count: number): number {
  if (!(span > 0)) return 1;
  const raw = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const lead = [1, 2, 5, 10].find((one) => one * power >= raw * 0.999_999) ?? 10;
  return lead * power;
}

/** The round numbers from `from` to `to`. */
export function numberTicks(from: number, to: number, count: number): Tick[] {
  const step = niceStep(to - from, count);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return Array.from({ length: Math.min(100, last - first + 1) }, (_, at) => {
    const value = (first + at) * step;
    return { at: value, label: tickNumber(value, Math.min(decimals, 20)) };
  });
}

/** Ends of an axis that are marks themselves. */
export function niceDomain(
  from: number,
  to: number,
  count: number,
): readonly [from: number, to: number] {
  if (from === to) return [from - 1, to + 1];
  const step = niceStep(to - from, count);
  return [Math.floor(from / step + 1e-9) * step, Math.ceil(to / step - 1e-9) * step];
}

/** Round moments of a time axis, of which about `count` are wanted. */
export function timeTicks(from: number, to: number, count: number): Tick[] {
  const raw = (to - from) / Math.max(1, count);
  const [step, unit] = TIME_STEPS.find(([n, one]) => n * UNIT_MS[one] >= raw * 0.95) ?? [
    100,
    "year",
  ];
  const ticks: Tick[] = [];
  let at = floorMoment(from, step, unit);
  while (at <= to && ticks.length < 100) {
    if (at >= from) ticks.push({ at, label: momentWords(at, tickUnit(unit)) });
    at = nextMoment(at, step, unit);
  }
  return ticks;
}

/** The end of the unit of time that begins at a moment. */
export function endOfUnit(at: number, unit: TimeUnit): number {
  if (unit === "week") return at + UNIT_MS.week;
  if (unit === "quarter") return nextMoment(at, 3, "month");
  return nextMoment(at, 1, unit);
}

function tickUnit(unit: TimeUnit): TimeUnit {
  return unit === "minute" ? "hour" : unit;
}

function floorMoment(at: number, step: number, unit: TimeUnit): number {
  const date = new Date(at);
  if (unit === "year") {
    return Date.UTC(Math.floor(date.getUTCFullYear() / step) * step, 0, 1);
  }
  if (unit === "month") {
    return Date.UTC(date.getUTCFullYear(), Math.floor(date.getUTCMonth() / step) * step, 1);
  }
  const width = step * UNIT_MS[unit];
  return Math.floor(at / width) * width;
}

function nextMoment(at: number, step: number, unit: TimeUnit): number {
  const date = new Date(at);
  if (unit === "year") return Date.UTC(date.getUTCFullYear() + step, 0, 1);
  if (unit === "month") return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + step, 1);
  return at + step * UNIT_MS[unit];
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A moment as exactly as its unit: "2013", "Mar 2013", "14 Mar 2013 06:00". */
export function momentWords(at: number, unit: TimeUnit | null, isShort = true): string {
  const date = new Date(at);
  const year = String(date.getUTCFullYear());
  if (unit === "year") return year;
  const month = MONTHS[date.getUTCMonth()] ?? "";
  if (unit === "quarter") return `Q${Math.floor(date.getUTCMonth() / 3) + 1} ${year}`;
  if (unit === "month") return `${month} ${year}`;
  const day = `${date.getUTCDate()} ${month}`;
  if (unit === "day" || unit === "week") return isShort ? day : `${day} ${year}`;
  const clock = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
  const isMidnight = clock === "00:00";
  if (isShort) return isMidnight ? day : clock;
  return `${day} ${year} ${clock}`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 });
const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

function tickNumber(value: number, decimals: number): string {
  const size = Math.abs(value);
  if (size >= 100_000) return compact.format(value);
  if (size !== 0 && size < 1e-4) return value.toExponential(1);
  return decimals === 0 ? grouped.format(value) : value.toFixed(decimals);
}

/** A number with at most six digits that matter, thousands apart. */
export function numberWords(value: number): string {
  if (Number.isInteger(value)) return grouped.format(value);
  const size = Math.abs(value);
  if (size >= 1e9 || (size !== 0 && size < 1e-4)) return value.toPrecision(6);
  return new Intl.NumberFormat("en", { maximumSignificantDigits: 6 }).format(value);
}
