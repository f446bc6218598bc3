/** Which windows of a table are fetched: pieces of fixed size, so that a scroll back finds them. */

/** Rows of one window. */
export const WINDOW_ROWS = 200;
/** Columns of one window: what is out of sight to the right is not fetched. */
export const WINDOW_COLUMNS = 16;
/** Rows fetched above and below what is seen. */
const MARGIN_ROWS = 40;

/** Rows `firstRow` to `lastRow` and columns `firstColumn` to `lastColumn`, both ends included. */
export interface Range {
  firstRow: number;
  lastRow: number;
  firstColumn: number;
  lastColumn: number;
}

/** A window by its number down and across. */
export interface WindowPlace {
  down: number;
  across: number;
}

export interface Shape {
  readonly rows: number;
  readonly columns: number;
}

/** What of a table is looked at: rows without a gap, and columns by their places in it. */
export interface Sight {
  firstRow: number;
  lastRow: number;
  columns: readonly number[];
}

export function keyOf({ down, across }: WindowPlace): string {
  return `${down}/${across}`;
}

/** What a window holds. */
export function rangeOf({ down, across }: WindowPlace, shape: Shape): Range {
  const firstRow = down * WINDOW_ROWS;
  const firstColumn = across * WINDOW_COLUMNS;
  return {
    firstRow,
    lastRow: Math.min(firstRow + WINDOW_ROWS, shape.rows) - 1,
    firstColumn,
    lastColumn: Math.min(firstColumn + WINDOW_COLUMNS, shape.columns) - 1,
  };
}

/** The windows that hold cells, by rows and then as the columns stand. */
export function windowsOf({ firstRow, lastRow, columns }: Sight, shape: Shape): WindowPlace[] {
  const found: WindowPlace[] = [];
  if (shape.rows === 0 || shape.columns === 0) return found;
  const inside = columns.filter((column) => column >= 0 && column < shape.columns);
  const pieces = new Set(inside.map((column) => pieceOf(column, WINDOW_COLUMNS)));
  const last = pieceOf(Math.min(shape.rows - 1, lastRow), WINDOW_ROWS);
  for (let down = pieceOf(Math.max(0, firstRow), WINDOW_ROWS); down <= last; down++) {
    for (const across of pieces) found.push({ down, across });
  }
  return found;
}

/** The same with the rows that a small scroll shows next. */
export function windowsAround(sight: Sight, shape: Shape): WindowPlace[] {
  const firstRow = sight.firstRow - MARGIN_ROWS;
  return windowsOf({ ...sight, firstRow, lastRow: sight.lastRow + MARGIN_ROWS }, shape);
}

function pieceOf(index: number, size: number): number {
  return Math.floor(index / size);
}
