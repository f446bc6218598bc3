/** Moments, days, times of day and spans of Arrow in ISO 8601, exact to the nanosecond. */

const DIGITS = [0, 3, 6, 9] as const;
const DAY_SECONDS = 86_400n;
const CYCLE_DAYS = 146_097n;
const MS_PER_DAY = 86_400_000;
/** Seconds that a `Date` can hold, both ways. */
const DATE_SECONDS = 8_640_000_000_000n;

/** `unit` of Arrow: 0 seconds, 1 milli, 2 micro, 3 nano. */
export type Unit = 0 | 1 | 2 | 3;

/** "2013-01-01T05:00:00", with its offset when the type has a zone. */
export function formatTimestamp(value: bigint, unit: Unit, zone: string | null): string {
  const [seconds, fraction] = split(value, unit);
  const isFar = seconds > DATE_SECONDS || seconds < -DATE_SECONDS;
  const offset = zone === null || isFar ? 0 : offsetOf(zone, seconds);
  const local = seconds + BigInt(offset);
  const days = floorDivide(local, DAY_SECONDS);
  const text = `${formatDays(days)}T${clock(local - days * DAY_SECONDS)}`;
  return text + fraction + (zone === null ? "" : offsetWords(offset));
}

/** Milliseconds since 1970 → "2013-01-01". */
export function formatDay(milliseconds: number): string {
  const whole = BigInt(milliseconds);
  const days = floorDivide(whole, 1000n * DAY_SECONDS);
  const isDay = days * 1000n * DAY_SECONDS === whole;
  return isDay ? formatDays(days) : formatTimestamp(whole, 1, null);
}

/** Days since 1970 in the calendar of today, of any year; beyond four digits it has a sign. */
function formatDays(days: bigint): string {
  // The calendar repeats after 400 years, and dates are far enough for some of them.
  const cycles = floorDivide(days, CYCLE_DAYS);
  const date = new Date(Number(days - cycles * CYCLE_DAYS) * MS_PER_DAY);
  const year = BigInt(date.getUTCFullYear()) + 400n * cycles;
  const day = date.toISOString().slice(4, 10);
  if (year >= 0n && year <= 9999n) return String(year).padStart(4, "0") + day;
  const digits = String(year < 0n ? -year : year).padStart(6, "0");
  return `${year < 0n ? "-" : "+"}${digits}${day}`;
}

function floorDivide(value: bigint, by: bigint): bigint {
  const whole = value / by;
  return value < whole * by ? whole - 1n : whole;
}

/** "05:00:00.25". */
export function formatTime(value: bigint, unit: Unit): string {
  const [seconds, fraction] = split(value, unit);
  return clock(seconds) + fraction;
}

/** "2 d 03:04:05.5", "-00:00:01". */
export function formatSpan(value: bigint, unit: Unit): string {
  const [seconds, fraction] = split(value < 0n ? -value : value, unit);
  const days = seconds / DAY_SECONDS;
  const text = `${days === 0n ? "" : `${days} d `}${clock(seconds % DAY_SECONDS)}${fraction}`;
  return value < 0n ? `-${text}` : text;
}

/** Months, days and nanoseconds, or months alone → "1 mo 2 d 00:00:03". */
export function formatInterval(parts: readonly number[], unit: number): string {
  // Of days and time there are two numbers: days and milliseconds.
  const [months = 0, days = 0, nanoseconds = 0] =
    unit === 1 ? [0, parts[0], (parts[1] ?? 0) * 1e6] : parts;
  const words = [];
  if (months !== 0) words.push(`${months} mo`);
  if (days !== 0) words.push(`${days} d`);
  if (nanoseconds !== 0 || words.length === 0) words.push(formatSpan(BigInt(nanoseconds), 3));
  return words.join(" ");
}

function clock(seconds: bigint): string {
  return [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}

/** Whole seconds, rounded down, and the rest as ".25". */
function split(value: bigint, unit: Unit): [seconds: bigint, fraction: string] {
  const digits = DIGITS[unit];
  const scale = 10n ** BigInt(digits);
  let seconds = value / scale;
  let rest = value % scale;
  if (rest < 0n) {
    rest += scale;
    seconds -= 1n;
  }
  if (rest === 0n) return [seconds, ""];
  return [seconds, `.${String(rest).padStart(digits, "0").replace(/0+$/, "")}`];
}

const zones = new Map<string, Intl.DateTimeFormat | null>();

/** Seconds that a zone is ahead of UTC at a moment; 0 for a zone that the browser does not know. */
function offsetOf(zone: string, seconds: bigint): number {
  if (zone === "UTC" || zone === "Etc/UTC" || zone === "Z") return 0;
  const fixed = readOffset(zone);
  if (fixed !== undefined) return fixed;
  const words = zoneFormat(zone)
    ?.formatToParts(new Date(Number(seconds) * 1000))
    .find((part) => part.type === "timeZoneName")?.value;
  return readOffset(words?.replace("GMT", "") ?? "") ?? 0;
}

function zoneFormat(zone: string): Intl.DateTimeFormat | null {
  let format = zones.get(zone);
  if (format === undefined) {
    try {
      format = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" });
    } catch {
      format = null;
    }
    zones.set(zone, format);
  }
  return format;
}

function readOffset(text: string): number | undefined {
  const match = /^([+\-−])(\d{2}):?(\d{2})(?::?(\d{2}))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, hours, minutes, seconds = "0"] = match;
  const ahead = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return sign === "+" ? ahead : -ahead;
}

function offsetWords(offset: number): string {
  if (offset === 0) return "Z";
  const ahead = Math.abs(offset);
  const parts = [Math.floor(ahead / 3600), Math.floor(ahead / 60) % 60, ahead % 60];
  const shown = ahead % 60 === 0 ? parts.slice(0, 2) : parts;
  return (offset < 0 ? "-" : "+") + shown.map((part) => String(part).padStart(2, "0")).join(":");
}
