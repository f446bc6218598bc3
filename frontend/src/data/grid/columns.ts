/** Widths of columns, and which of them are in sight. */
import type { Column } from "../../protocol";
import { typeWords } from "../cells/format";

export const MIN_WIDTH = 48;
const MAX_WIDTH = 1_200;
/** Widest that a column becomes by itself. */
const MAX_FITTED = 320;
const PADDING = 21;
/** Of a character in a cell, of the header's name, of its type; pixels. */
const CELL_CHARACTER = 7.83;
const NAME_CHARACTER = 7.4;
const TYPE_CHARACTER = 6.3;

export interface Layout {
  widths: readonly number[];
  /** Left edge of each column, and at the end the right edge of the last. */
  lefts: readonly number[];
}

/** A column as wide as its header and the cells that are known. */
export function fittedWidth(column: Column, texts: Iterable<string>): number {
  let widest = Math.max(
    lengthOf(column.name) * NAME_CHARACTER,
    Math.min(24, lengthOf(typeWords(column.type))) * TYPE_CHARACTER,
  );
  for (const text of texts) widest = Math.max(widest, lengthOf(text) * CELL_CHARACTER);
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

/** Characters, wide ones as two. */
function lengthOf(text: string): number {
  let length = 0;
  for (const character of text) {
    length += (character.codePointAt(0) ?? 0) >= 0x1100 ? 1.75 : 1;
    if (length > 60) break;
  }
  return length;
}
