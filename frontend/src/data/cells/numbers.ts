/** Numbers as they stand in a column: short enough to compare, in full when one asks. */

const SIGNIFICANT = 6;
const LEAST_SIGNIFICANT = 3;

/** A scaled integer of a decimal, exactly: (12340n, 2) → "123.40". */
export function formatDecimal(value: bigint | number, scale: number): string {
  const text = String(value);
  if (scale <= 0) return text + (value === 0n ? "" : "0".repeat(-scale));
  const negative = text.startsWith("-");
  const digits = (negative ? text.slice(1) : text).padStart(scale + 1, "0");
  const at = digits.length - scale;
  return `${negative ? "-" : ""}${digits.slice(0, at)}.${digits.slice(at)}`;
}

/** A float in six significant digits, with the decimals of its column where that loses nothing. */
export function formatFloat(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Object.is(value, -0)) return `-${formatFloat(0, decimals)}`;
  const short = shortFloat(value);
  if (short.includes("e")) return short;
  const isExact = Number(short) === value;
  const keepsEnough = Math.abs(value) >= 10 ** (LEAST_SIGNIFICANT - 1 - decimals);
  if (fractionOf(short) <= decimals || (!isExact && keepsEnough)) return value.toFixed(decimals);
  return short;
}

/** Decimals that let a column's numbers stand under one another. */
export function decimalsOf(values: readonly number[]): number {
  let decimals = 0;
  let largest = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    largest = Math.max(largest, Math.abs(value));
    const short = shortFloat(value);
    if (!short.includes("e")) decimals = Math.max(decimals, fractionOf(short));
  }
  const before = largest < 1 ? 0 : Math.floor(Math.log10(largest)) + 1;
  return Math.max(0, Math.min(decimals, SIGNIFICANT - before));
}

/** The shortest text that reads back as the same number: of a float32 not the digits of a double. */
export function wholeFloat(value: number, precision: number): string {
  if (precision >= 2 || !Number.isFinite(value)) return String(value);
  for (let digits = 1; digits <= 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(value);
}

/** Six significant digits at most. */
export function shortFloat(value: number): string {
  return String(Number(value.toPrecision(SIGNIFICANT)));
}

function fractionOf(text: string): number {
  const point = text.indexOf(".");
  return point < 0 ? 0 : text.length - point - 1;
}
