/** Statistics of a table's columns, as the server tells them. */
import { shortFloat } from "./cells/numbers";

export interface Profile {
  rows: number;
  columns: ColumnProfile[];
}

export interface ColumnProfile {
  name: string;
  type: string;
  nulls: number;
  /** False when distinct and top values are those of the first million rows. */
  exact: boolean;
  distinct?: number | null;
  min?: string | null;
  max?: string | null;
  mean?: number | null;
  histogram?: Histogram | null;
  top?: { value: string | null; count: number }[];
}

export interface Histogram {
  counts: number[];
  low: number;
  high: number;
  /** Of whole numbers: so many of them are in one bin. */
  step?: number;
}

/** The values of a bin in words: "3", "10 to 14", "0.5 to 1". */
export function binWords({ counts, low, high, step }: Histogram, at: number): string {
  if (step === undefined) {
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
