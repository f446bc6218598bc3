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
  rows: number;
  columns: number;
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

/** The windows that hold a range of cells. */
export function windowsOf(range: Range, shape: Shape): WindowPlace[] {
  const found: WindowPlace[] = [];
  if (shape.rows === 0 || shape.columns === 0) return found;
  const firstRow = Math.max(0, range.firstRow);
  const lastRow = Math.min(shape.rows - 1, range.lastRow);
  const lastColumn = Math.min(shape.columns - 1, range.lastColumn);
  for (let down = pieceOf(firstRow, WINDOW_ROWS); down <= pieceOf(lastRow, WINDOW_ROWS); down++) {
    const from = pieceOf(Math.max(0, range.firstColumn), WINDOW_COLUMNS);
    for (let across = from; across <= pieceOf(lastColumn, WINDOW_COLUMNS); across++) {
      found.push({ down, across });
    }
  }
  return found;
}

/** The same with the rows that a small scroll shows next. */
export function windowsAround(range: Range, shape: Shape): WindowPlace[] {
  const firstRow = range.firstRow - MARGIN_ROWS;
  return windowsOf({ ...range, firstRow, lastRow: range.lastRow + MARGIN_ROWS }, shape);
}

function pieceOf(index: number, size: number): number {
  return Math.floor(index / size);
}
