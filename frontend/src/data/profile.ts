/** Statistics of a table's columns, as the server tells them. */
import type { ColumnProfile, Histogram, Profile } from "../protocol";
import { shortFloat } from "./cells/numbers";

export type { ColumnProfile, Histogram, Profile };

/** The values of a bin in words: "3", "10 to 14", "0.5 to 1". */
export function binWords({ counts, low, high, step }: Histogram, at: number): string {
  if (step === null) {
    const width = (high - low) / counts.length;
    return `${shortFloat(low + at * width)} to ${shortFloat(low + (at + 1) * width)}`;
  }
  const from = low + at * step;
  const to = Math.min(from + step - 1, high);
  return to <= from ? shortFloat(from) : `${shortFloat(from)} to ${shortFloat(to)}`;
}

/** "2.4 %": 0 and 100 only when it is none and all. */
export function formatShare(part: number, whole: number): string {
  if (part === 0 || whole === 0) return "0 %";
  if (part === whole) return "100 %";
  const percent = (100 * part) / whole;
  if (percent < 0.1) return "< 0.1 %";
  if (percent > 99.9) return "> 99.9 %";
  return `${percent < 10 ? percent.toFixed(1) : Math.min(99, Math.round(percent))} %`;
}
