/** Numbers, spans and moments as people read them. */

const grouped: Intl.NumberFormat = new Intl.NumberFormat("en-GB");
const SIZES = ["B", "kB", "MB", "GB", "TB"] as const;

/** 336776 → "336,776". */
export function formatCount(count: number): string {
  return grouped.format(count);
}

/** "1 run", "2 runs". */
export function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

const rule: Intl.PluralRules = new Intl.PluralRules("en", { type: "ordinal" });
const SUFFIXES: Partial<Record<Intl.LDMLPluralRule, string>> = { one: "st", two: "nd", few: "rd" };

/** 2 → "2nd". */
export function ordinal(place: number): string {
  return `${place}${SUFFIXES[rule.select(place)] ?? "th"}`;
}

/** Seconds → "41 ms", "0.21 s", "3.1 s", "38 s", "6 m 10 s", "2 h 5 m". */
export function formatDuration(seconds: number): string {
  if (seconds < 0.0005) return "0 ms";
  if (seconds < 0.1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 1) return `${seconds.toFixed(2)} s`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return pair(Math.floor(whole / 60), "m", whole % 60, "s");
  if (whole < 86400)
    return pair(Math.floor(whole / 3600), "h", Math.round((whole % 3600) / 60), "m");
  return pair(Math.floor(whole / 86400), "d", Math.round((whole % 86400) / 3600), "h");
}

/** A change as a share of what was before: 0.37 → "+37 %", -0.12 → "−12 %". */
export function formatChange(change: number): string {
  const percent = Math.round(Math.abs(change) * 100);
  return `${percent === 0 ? "±" : change < 0 ? "−" : "+"}${formatCount(percent)} %`;
}

function pair(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}

/** Bytes → "1.3 GB"; thousands, as disks are sold. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < SIZES.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${SIZES[unit] ?? "B"}`;
}

/** "3,716 × 4", or "16 rows" when the columns are not known. */
export function formatShape(rows: number, columns: number | null): string {
  return columns === null ? plural(rows, "row") : `${formatCount(rows)} × ${formatCount(columns)}`;
}

/** A moment seen from `now`: "2 h ago", "in 6 min", "now". */
export function formatRelative(moment: string | Date, now: number = Date.now()): string {
  const seconds = (new Date(moment).getTime() - now) / 1000;
  const span = roughly(Math.abs(seconds));
  if (span === "") return "now";
  return seconds < 0 ? `${span} ago` : `in ${span}`;
}

function roughly(seconds: number): string {
  if (seconds < 5) return "";
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  if (seconds < 3570) return `${Math.round(seconds / 60)} min`;
  if (seconds < 84600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} d`;
}

/** Making a formatter takes a millisecond, using it a thousandth of that. */
function formatter(options: Intl.DateTimeFormatOptions): (date: Date) => string {
  let made: Intl.DateTimeFormat | undefined;
  return (date) => {
    made ??= new Intl.DateTimeFormat("en-GB", options);
    return Number.isNaN(date.getTime()) ? String(date) : made.format(date);
  };
}

const wholeMoment = formatter({
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const timeOfDay = formatter({ hour: "2-digit", minute: "2-digit" });
const timeOfDayWithSeconds = formatter({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const weekday = formatter({ weekday: "short" });
const dayOfMonth = formatter({ day: "numeric", month: "short" });

/** "21 Nov 2026, 06:00:01" in the reader's zone. */
export function formatMoment(moment: string | Date): string {
  return wholeMoment(new Date(moment));
}

/** "2026-11-21" in the reader's zone, as fields for dates have it. */
export function formatDate(date: Date): string {
  const two = (number: number): string => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** "21 Nov" in the reader's zone. */
export function formatDay(moment: string | Date): string {
  return dayOfMonth(new Date(moment));
}

/** "06:00" today, "Tue 14:05" within a week, "21 Nov 06:00" else; in the reader's zone. */
export function formatShortMoment(moment: string | Date, now: number = Date.now()): string {
  const date = new Date(moment);
  const time = timeOfDay(date);
  if (date.toDateString() === new Date(now).toDateString()) return time;
  const days = Math.abs(date.getTime() - now) / 86_400_000;
  const day = days < 6 ? weekday(date) : dayOfMonth(date);
  return `${day} ${time}`;
}

/** "06:00:07" today, else the day too: of what is soon to happen. */
export function formatClock(moment: string | Date, now: number = Date.now()): string {
  const date = new Date(moment);
  const isToday = date.toDateString() === new Date(now).toDateString();
  return isToday ? timeOfDayWithSeconds(date) : formatShortMoment(date, now);
}

/** A value in one line of at most `limit` characters: `"x"`, `[1, 2]`, `null`. */
export function formatValue(value: unknown, limit = 80): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}
