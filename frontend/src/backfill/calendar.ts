/** Days as texts such as "2026-11-21", which sort as they are; of no zone. */
import type { PastState } from "../protocol";

const DAY_MS = 86_400_000;

/** First and last day of a choice, both part of it. */
export interface Span {
  from: string;
  to: string;
}

/** The worst first: a day shows the first of them that one of its ticks is in. */
export const STATES: readonly PastState[] = [
  "failed",
  "missing",
  "cancelled",
  "running",
  "waiting",
  "skipped",
  "forgotten",
  "succeeded",
];

export const STATE_WORDS: Readonly<Record<PastState, string>> = {
  failed: "failed",
  missing: "missing",
  cancelled: "cancelled",
  running: "running",
  waiting: "waiting",
  skipped: "skipped",
  forgotten: "forgotten",
  succeeded: "ok",
};

type Counts = Readonly<Record<string, number>>;

export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** "2026-11" → "2026-09" for -2. */
export function addMonths(month: string, months: number): string {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number - 1 + months, 1)).toISOString().slice(0, 7);
}

export function lastDayOf(month: string): string {
  return addDays(`${addMonths(month, 1)}-01`, -1);
}

/** Weeks from Monday on; null stands for the days of the months beside it. */
export function weeksOf(month: string): (string | null)[][] {
  const first = `${month}-01`;
  const before = (new Date(`${first}T00:00Z`).getUTCDay() + 6) % 7;
  const count = Number(lastDayOf(month).slice(8));
  const cells = Array.from({ length: Math.ceil((before + count) / 7) * 7 }, (_, index) =>
    index < before || index >= before + count ? null : addDays(first, index - before),
  );
  return Array.from({ length: cells.length / 7 }, (_, week) => cells.slice(week * 7, week * 7 + 7));
}

/** The span between two days, whichever comes first. */
export function spanOf(one: string, other: string): Span {
  return one <= other ? { from: one, to: other } : { from: other, to: one };
}

/** The day that a zone's clocks show now; the reader's own for a zone that is not known here. */
export function todayIn(timezone: string, now: number = Date.now()): string {
  const options = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
  try {
    return new Intl.DateTimeFormat("sv-SE", { ...options, timeZone: timezone }).format(now);
  } catch {
    return new Intl.DateTimeFormat("sv-SE", options).format(now);
  }
}

/** What a day is marked as; null when it has no ticks. */
export function stateOfDay(counts: Counts | undefined): PastState | null {
  if (counts === undefined) return null;
  return STATES.find((state) => (counts[state] ?? 0) > 0) ?? null;
}

export function totalOf(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** "3 missing, 20 ok": all states that there are, the worst first. */
export function countsInWords(counts: Counts): string {
  const words = STATES.filter((state) => (counts[state] ?? 0) > 0).map(
    (state) => `${counts[state]} ${STATE_WORDS[state]}`,
  );
  return words.length === 0 ? "no ticks" : words.join(", ");
}

/** "Fri 20 November 2026", as everybody writes it who uses this page. */
export function dayInWords(day: string): string {
  return new Date(`${day}T00:00Z`)
    .toLocaleDateString("en-GB", {
      timeZone: "UTC",
      weekday: "short",
      day: "numeric",
      month: "long",
      year: "numeric",
    })
    .replace(",", "");
}

export function monthInWords(month: string): string {
  return new Date(`${month}-01T00:00Z`).toLocaleDateString("en-GB", {
    timeZone: "UTC",
    month: "long",
    year: "numeric",
  });
}

/** By how many days a key moves in the calendar; undefined when it does not. */
export const STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  ArrowUp: -7,
  ArrowDown: 7,
};
