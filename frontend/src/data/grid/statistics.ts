/** Count, nulls, sum and mean of cells that are here, exactly. */
import { Type } from "@uwdata/flechette";
import { formatDecimal } from "../cells/numbers";
import type { Cell } from "../rows/frame-rows";

export interface Statistics {
  /** Cells with a value. */
  count: number;
  nulls: number;
  /** Of the numbers among them, in plain digits; null where there is none. */
  sum: string | null;
  mean: number | null;
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
