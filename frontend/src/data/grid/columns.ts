/** Widths of columns, and which of them are in sight. */
import type { Column } from "../../protocol";
import { typeWords } from "../cells/format";
import { textWidth } from "./text-width";

export const MIN_WIDTH = 48;
const MAX_WIDTH = 1_200;
/** Widest that a column becomes by itself. */
const MAX_FITTED = 320;
/** A long type alone does not make a column wide. */
const MAX_TYPE = 140;
/** Both sides of a cell, its edge, and a pixel for rounding. */
export const PADDING = 22;

export interface Layout {
  widths: readonly number[];
  /** Left edge of each column, and at the end the right edge of the last. */
  lefts: readonly number[];
}

/** A column as wide as its header and the cells that are known. */
export function fittedWidth(column: Column, texts: Iterable<string>): number {
  let widest = Math.max(
    textWidth(column.name, "name"),
    Math.min(MAX_TYPE, textWidth(typeWords(column.type), "type")),
  );
  for (const text of texts) widest = Math.max(widest, textWidth(text, "cell"));
  return Math.ceil(Math.max(MIN_WIDTH, Math.min(MAX_FITTED, widest + PADDING)));
}

export function clampWidth(width: number): number {
  return Math.round(Math.max(MIN_WIDTH, Math.min(MAX_WIDTH, width)));
}

export function layOut(widths: readonly number[]): Layout {
  const lefts = [0];
  for (const width of widths) lefts.push((lefts.at(-1) ?? 0) + width);
  return { widths, lefts };
}

/** First and last column in sight between two pixels. */
export function columnsInView(
  { lefts }: Layout,
  from: number,
  to: number,
): { firstColumn: number; lastColumn: number } {
  const last = Math.max(0, lefts.length - 2);
  const firstColumn = Math.max(0, Math.min(last, countUpTo(lefts, from) - 1));
  return { firstColumn, lastColumn: Math.max(firstColumn, Math.min(last, countBelow(lefts, to))) };
}

/** The scroll to the right that brings a column into sight. */
export function revealColumn(
  { lefts }: Layout,
  scrollLeft: number,
  view: number,
  column: number,
): number {
  const left = lefts[column] ?? 0;
  const right = lefts[column + 1] ?? left;
  if (left < scrollLeft) return left;
  return Math.max(scrollLeft, Math.min(left, right - view));
}

/** Pixels for the number of the last row. */
export function gutterWidth(rows: number): number {
  return Math.max(40, Math.ceil(rows.toLocaleString("en-GB").length * 7.1) + 18);
}

/** How many of the ascending edges are at or before a pixel. */
function countUpTo(edges: readonly number[], at: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function countBelow(edges: readonly number[], at: number): number {
  return Math.max(0, countUpTo(edges, at - 0.001) - 1);
}
