/** Statistics of a table's columns, as the server tells them. */

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
