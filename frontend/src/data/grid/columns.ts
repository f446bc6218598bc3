/** Widths of columns, and which of them are in sight. */
import type { Column } from "../../protocol";
import { typeWords } from "../cells/format";
import type { Pending } from "../steps/store";
import { textWidth } from "./text-width";

export const MIN_WIDTH = 48;
const MAX_WIDTH = 1_200;
/** Widest that a column becomes by itself. */
const MAX_FITTED = 320;
/** A long type alone does not make a column wide. */
const MAX_TYPE = 140;
/** Both sides of a cell, its edge, and a pixel for rounding. */
export const PADDING = 22;

/** Columns as they are shown, from left to right. */
export interface Layout {
  /** Places in the table. */
  order: readonly number[];
  widths: readonly number[];
  /** Left edge of each column, and at the end the right edge of the last. */
  lefts: readonly number[];
  /** How many of the first do not scroll. */
  frozen: number;
}

/** More columns than these are not measured before they are seen. */
const MEASURED = 300;
/** Pixels of the sign of a sort beside a name. */
const SIGN = 16;
/** Pixels of the button that takes back what becomes of a column. */
const UNDO = 28;
const MAX_PENDING = 420;

const bases = new WeakMap<object, readonly number[]>();

/** Widths of columns by their headers alone, before their cells have come. */
export function baseWidths(columns: readonly Column[]): readonly number[] {
  let found = bases.get(columns);
  if (found === undefined) {
    const isRough = columns.length > MEASURED;
    found = columns.map((column) => (isRough ? roughWidth(column) : fittedWidth(column, [])));
    bases.set(columns, found);
  }
  return found;
}

function roughWidth({ name }: Column): number {
  return Math.max(MIN_WIDTH, Math.min(MAX_FITTED, Math.ceil(name.length * 8) + SIGN + PADDING));
}

/** A column as wide as its header, with what stands beside its type, and the cells that are known. */
export function fittedWidth(column: Column, texts: Iterable<string>, note = ""): number {
  const noted = note === "" ? 0 : textWidth(note, "type") + 8;
  let widest = Math.max(
    textWidth(column.name, "name") + SIGN,
    Math.min(MAX_TYPE, textWidth(typeWords(column.type), "type")) + noted,
  );
  for (const text of texts) widest = Math.max(widest, textWidth(text, "cell"));
  return Math.ceil(Math.max(MIN_WIDTH, Math.min(MAX_FITTED, widest + PADDING)));
}

/** As wide as the header of a column says what becomes of it. */
export function pendingWidth(column: Column, pending: Pending, note: string): number {
  const { name, type } = pending;
  const title = name === null || name === column.name ? column.name : `${column.name} → ${name}`;
  const words = typeWords(column.type);
  const line = name === null ? "dropped" : type === null ? words : `${words} → ${type}`;
  const noted = note === "" ? 0 : textWidth(note, "type") + 8;
  const widest = Math.max(textWidth(title, "name") + SIGN + UNDO, textWidth(line, "type") + noted);
  return Math.ceil(Math.min(MAX_PENDING, widest + PADDING));
}

export function clampWidth(width: number): number {
  return Math.round(Math.max(MIN_WIDTH, Math.min(MAX_WIDTH, width)));
}

/** As many columns are frozen as leave room for others: `most` pixels. */
export function layOut(
  order: readonly number[],
  widths: readonly number[],
  frozen = 0,
  most: number = Number.POSITIVE_INFINITY,
): Layout {
  const lefts = [0];
  let edge = 0;
  for (const width of widths) {
    edge += width;
    lefts.push(edge);
  }
  let kept = Math.min(frozen, order.length);
  while (kept > 0 && (lefts[kept] ?? 0) > most) kept -= 1;
  return { order, widths, lefts, frozen: kept };
}

/** Pixels of the columns that do not scroll. */
export function frozenWidth({ lefts, frozen }: Layout): number {
  return lefts[frozen] ?? 0;
}

/** First and last of the columns that scroll and are in sight between two pixels. */
export function columnsInView(
  layout: Layout,
  from: number,
  to: number,
): { firstColumn: number; lastColumn: number } {
  const { lefts, frozen } = layout;
  const last = lefts.length - 2;
  const start = from + frozenWidth(layout);
  const firstColumn = Math.max(frozen, Math.min(last, countUpTo(lefts, start) - 1));
  const lastColumn = Math.min(last, countBelow(lefts, to));
  return { firstColumn, lastColumn: Math.max(lastColumn, Math.min(firstColumn, last)) };
}

/** Columns that are drawn: frozen ones, and those in sight. */
export function shownColumns(
  { frozen }: Layout,
  { firstColumn, lastColumn }: { firstColumn: number; lastColumn: number },
): number[] {
  const found = Array.from({ length: frozen }, (_, at) => at);
  for (let at = firstColumn; at <= lastColumn; at++) found.push(at);
  return found;
}

/** The scroll to the right that brings a column into sight. */
export function revealColumn(
  layout: Layout,
  scrollLeft: number,
  view: number,
  column: number,
): number {
  if (column < layout.frozen) return scrollLeft;
  const left = (layout.lefts[column] ?? 0) - frozenWidth(layout);
  const right = layout.lefts[column + 1] ?? left;
  if (left < scrollLeft) return left;
  return Math.max(scrollLeft, Math.min(left, right - view));
}

/** The place between columns nearest to a pixel of the sheet: 0 before the first. */
export function gapAt(layout: Layout, pixel: number): number {
  const at = columnAt(layout, pixel);
  const { lefts } = layout;
  const middle = ((lefts[at] ?? 0) + (lefts[at + 1] ?? 0)) / 2;
  return pixel < middle ? at : at + 1;
}

/** The column that a pixel of the sheet is in, or the nearest one. */
export function columnAt({ lefts }: Layout, pixel: number): number {
  return Math.max(0, Math.min(lefts.length - 2, countUpTo(lefts, pixel) - 1));
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
