import { formatCount, formatDuration } from "./format";

/**
 * Done and total, how fast it goes, and how long it still takes: "420 / 1,000 · 42/s · 14 s left".
 * `unit` is what is counted, when somebody knows: "16,384 rows · 42/s".
 */
export function progressWords(
  done: number,
  total: number | null,
  seconds: number,
  unit = "",
): string {
  const count = total === null ? formatCount(done) : `${formatCount(done)} / ${formatCount(total)}`;
  const words = [unit === "" ? count : `${count} ${unit}`];
  if (seconds >= 1 && done > 0) {
    const rate = done / seconds;
    words.push(rateWords(rate));
    if (total !== null && total > done) words.push(`${formatDuration((total - done) / rate)} left`);
  }
  return words.join(" · ");
}

function rateWords(rate: number): string {
  if (rate < 0.1) return `${formatDuration(1 / rate)} each`;
  return `${formatCount(rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate))}/s`;
}
