/** How far a backfill is, in shares and in words. */
import type { Backfill } from "../protocol";
import { formatCount, formatDuration, plural } from "../ui";

/** Parts of the bar from the left; what is not among them waits. */
export const PARTS = ["succeeded", "failed", "cancelled", "passed", "running"] as const;

export function isActive({ state }: Backfill): boolean {
  return state === "running" || state === "paused";
}

/** Ticks that are over, whatever became of them. */
export function endedOf({ counts }: Backfill): number {
  return counts.succeeded + counts.failed + counts.cancelled + counts.passed;
}

/** "12 of 31 · 1 failed · 3 running · about 8 min left". */
export function progressInWords(backfill: Backfill): string {
  const { counts, total, state, seconds_left: left } = backfill;
  const words = [`${formatCount(endedOf(backfill))} of ${formatCount(total)}`];
  if (counts.failed > 0) words.push(`${formatCount(counts.failed)} failed`);
  if (counts.cancelled > 0) words.push(`${formatCount(counts.cancelled)} cancelled`);
  if (counts.passed > 0) words.push(`${formatCount(counts.passed)} had their run already`);
  if (counts.running > 0) words.push(`${formatCount(counts.running)} running`);
  if (state === "running" && left !== null && left > 0) {
    words.push(`about ${formatDuration(left)} left`);
  }
  return words.join(" · ");
}

/** "1 Nov to 20 Nov", on the clocks of the trigger's zone, on which it was chosen. */
export function spanInWords({ first, last, timezone }: Backfill): string {
  const options = { day: "numeric", month: "short", timeZone: timezone } as const;
  const [from, to] = [first, last].map((at) => new Date(at).toLocaleDateString("en-GB", options));
  return from === to ? `${from}` : `${from} to ${to}`;
}

/** "31 runs × 4 min 12 s, 3 at once → about 43 min". */
export function estimateInWords(
  total: number,
  runSeconds: number | null,
  parallel: number,
  seconds: number | null,
): string {
  let words = plural(total, "run");
  if (runSeconds !== null) words += ` × ${formatDuration(runSeconds)}`;
  if (parallel > 1 && total > 1) words += `, ${parallel} at once`;
  return seconds === null || total === 0 ? words : `${words} → about ${formatDuration(seconds)}`;
}
