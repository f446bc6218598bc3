/** When the runs of a list were queued: "yesterday", or days as "2026-11-01_2026-11-20". */

export const SPANS: readonly (readonly [span: string, words: string])[] = [
  ["hour", "last hour"],
  ["today", "today"],
  ["yesterday", "yesterday"],
  ["week", "last 7 days"],
  ["month", "last 30 days"],
];

export interface Bounds {
  /** Moments in UTC; the second is not within any more. */
  since?: string;
  until?: string;
}

/** What a span means at `now`; days are those of the reader. What cannot be read means any time. */
export function boundsOf(span: string, now: number): Bounds {
  const days = daysOfSpan(span);
  if (days !== null) return between(days.first, days.last);
  const ago = (hours: number): Bounds => ({ since: new Date(now - hours * 3.6e6).toISOString() });
  switch (span) {
    case "hour":
      return ago(1);
    case "today":
      return { since: midnight(new Date(now), 0) };
    case "yesterday":
      return { since: midnight(new Date(now), -1), until: midnight(new Date(now), 0) };
    case "week":
      return ago(7 * 24);
    case "month":
      return ago(30 * 24);
    default:
      return {};
  }
}

export interface Days {
  /** "2026-11-01", or empty: since ever, until now. */
  first: string;
  last: string;
}

/** Null for a span that is not given by its days. */
export function daysOfSpan(span: string): Days | null {
  const match = /^(\d{4}-\d\d-\d\d)?_(\d{4}-\d\d-\d\d)?$/.exec(span);
  return match === null ? null : { first: match[1] ?? "", last: match[2] ?? "" };
}

export function spanOfDays({ first, last }: Days): string {
  return `${first}_${last}`;
}

function between(first: string, last: string): Bounds {
  const bounds: Bounds = {};
  const [from, to] = [dayOf(first), dayOf(last)];
  if (from !== null) bounds.since = midnight(from, 0);
  if (to !== null) bounds.until = midnight(to, 1);
  return bounds;
}

function dayOf(text: string): Date | null {
  const day = new Date(`${text}T00:00`);
  return Number.isNaN(day.getTime()) ? null : day;
}

/** By the calendar: a day may have 23 or 25 hours. */
function midnight(moment: Date, daysLater: number): string {
  const day = new Date(moment);
  day.setHours(0, 0, 0, 0);
  day.setDate(day.getDate() + daysLater);
  return day.toISOString();
}
