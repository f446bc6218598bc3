/** Places in a grid, and where keys lead from them. */
import type { Range, Shape } from "../rows/windows";

/** Row of the header. */
export const HEADER = -1;

export interface Place {
  row: number;
  column: number;
}

type Move = (at: Place, shape: Shape, page: number) => Place;

const MOVES: Readonly<Record<string, Move>> = {
  ArrowUp: ({ row, column }) => ({ row: row - 1, column }),
  ArrowDown: ({ row, column }) => ({ row: row + 1, column }),
  ArrowLeft: ({ row, column }) => ({ row, column: column - 1 }),
  ArrowRight: ({ row, column }) => ({ row, column: column + 1 }),
  PageUp: ({ row, column }, _, page) => ({ row: Math.max(0, row - page), column }),
  PageDown: ({ row, column }, _, page) => ({ row: row + page, column }),
  Home: ({ row }) => ({ row, column: 0 }),
  End: ({ row }, { columns }) => ({ row, column: columns - 1 }),
  "Ctrl+Home": () => ({ row: 0, column: 0 }),
  "Ctrl+End": (_, { rows, columns }) => ({ row: rows - 1, column: columns - 1 }),
  "Ctrl+ArrowUp": ({ column }) => ({ row: 0, column }),
  "Ctrl+ArrowDown": ({ column }, { rows }) => ({ row: rows - 1, column }),
  "Ctrl+ArrowLeft": ({ row }) => ({ row, column: 0 }),
  "Ctrl+ArrowRight": ({ row }, { columns }) => ({ row, column: columns - 1 }),
};

/** Where a key leads; undefined for a key that does not move. `page` in rows. */
export function placeAfter(key: string, at: Place, shape: Shape, page: number): Place | undefined {
  const next = MOVES[key]?.(at, shape, Math.max(1, page));
  if (next === undefined) return undefined;
  return {
    row: Math.max(HEADER, Math.min(shape.rows - 1, next.row)),
    column: Math.max(0, Math.min(shape.columns - 1, next.column)),
  };
}

/** The cells between two corners. */
export function between(one: Place, other: Place): Range {
  return {
    firstRow: Math.max(0, Math.min(one.row, other.row)),
    lastRow: Math.max(0, one.row, other.row),
    firstColumn: Math.min(one.column, other.column),
    lastColumn: Math.max(one.column, other.column),
  };
}

export function countCells(range: Range): number {
  return (range.lastRow - range.firstRow + 1) * (range.lastColumn - range.firstColumn + 1);
}
