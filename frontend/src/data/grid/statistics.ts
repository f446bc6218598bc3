/** Count, nulls, sum and mean of cells that are here, exactly. */
import { Type } from "@uwdata/flechette";
import type { ColumnStatistics } from "../../protocol";
import { formatDecimal } from "../cells/numbers";
import type { Cell } from "../rows/frame-rows";
import { typeGroup } from "../view/values";

export interface Statistics {
  /** Cells with a value. */
  count: number;
  nulls: number;
  /** Of the numbers among them, in plain digits; null where there is none. */
  sum: string | null;
  mean: number | null;
}

/** Statistics of several columns together; sums of whole numbers and decimals stay exact. */
export function together(columns: readonly ColumnStatistics[]): Statistics {
  const count = columns.reduce((sum, column) => sum + column.count, 0);
  const nulls = columns.reduce((sum, column) => sum + column.nulls, 0);
  const numbers = columns.filter(({ type, sum }) => typeGroup(type) === "number" && sum !== null);
  const [first, ...others] = numbers;
  if (first === undefined) return { count, nulls, sum: null, mean: null };
  if (others.length === 0) return { count, nulls, sum: first.sum, mean: first.mean };
  const weights = numbers.map(weightOf);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const mean = numbers.reduce((sum, one, at) => sum + (one.mean ?? 0) * (weights[at] ?? 0), 0);
  return {
    count,
    nulls,
    sum: sumOf(numbers.map(({ sum }) => sum ?? "0")),
    mean: total === 0 ? null : mean / total,
  };
}

/** How many values a mean is of: NaN counts as a value and is in no mean. */
function weightOf({ count, sum, mean }: ColumnStatistics): number {
  if (mean === null || !Number.isFinite(mean)) return 0;
  return mean === 0 ? count : Math.round(Number(sum) / mean);
}

function sumOf(texts: readonly string[]): string {
  const parts = texts.map((text) => /^(-?\d+)(?:\.(\d+))?$/.exec(text));
  if (parts.some((part) => part === null)) {
    return String(texts.reduce((sum, text) => sum + Number(text), 0));
  }
  const scale = Math.max(...parts.map((part) => part?.[2]?.length ?? 0));
  const sum = parts.reduce(
    (before, part) => before + BigInt((part?.[1] ?? "0") + (part?.[2] ?? "").padEnd(scale, "0")),
    0n,
  );
  return formatDecimal(sum, scale);
}

/** Adds cells one by one. Whole numbers and decimals are added without rounding. */
export class Tally {
  #count = 0;
  #nulls = 0;
  #numbers = 0;
  /** Whole numbers and decimals, as so many of the last decimal place. */
  #exact = 0n;
  #scale = 0;
  #floats = 0;
  /** What was lost in adding floats (Neumaier). */
  #lost = 0;
  #hasFloats = false;

  add({ value, type }: Cell): void {
    if (value === null || value === undefined) {
      this.#nulls += 1;
      return;
    }
    this.#count += 1;
    if (typeof value === "string" || typeof value === "boolean") return;
    switch (type.typeId) {
      case Type.Int:
        this.#addExact(BigInt(value as number | bigint), 0);
        break;
      case Type.Decimal:
        this.#addExact(BigInt(value as number | bigint), type.scale);
        break;
      case Type.Float:
        this.#addFloat(value as number);
        break;
    }
  }

  result(): Statistics {
    const exact = Number(this.#exact) / 10 ** this.#scale;
    const floats = this.#floats + (Number.isFinite(this.#lost) ? this.#lost : 0);
    const sum = this.#hasFloats ? floats + exact : exact;
    return {
      count: this.#count,
      nulls: this.#nulls,
      sum:
        this.#numbers === 0
          ? null
          : this.#hasFloats
            ? String(sum)
            : formatDecimal(this.#exact, this.#scale),
      mean: this.#numbers === 0 ? null : sum / this.#numbers,
    };
  }

  #addExact(value: bigint, scale: number): void {
    this.#numbers += 1;
    if (scale > this.#scale) {
      this.#exact *= 10n ** BigInt(scale - this.#scale);
      this.#scale = scale;
    }
    this.#exact += value * 10n ** BigInt(this.#scale - scale);
  }

  #addFloat(value: number): void {
    // pandas leaves NaN out of sums and means.
    if (Number.isNaN(value)) return;
    this.#numbers += 1;
    this.#hasFloats = true;
    const sum = this.#floats + value;
    const larger = Math.abs(this.#floats) >= Math.abs(value);
    this.#lost += larger ? this.#floats - sum + value : value - sum + this.#floats;
    this.#floats = sum;
  }
}
