/** From elements of the page to places in a grid, and back. */
import type { Range } from "../rows/windows";
import type { Place } from "./place";

/** Without the browser's own scroll, which knows nothing of rows that do not exist. */
export function focusActive(grid: HTMLElement | null): void {
  grid?.querySelector<HTMLElement>("[data-active]")?.focus({ preventScroll: true });
}

/** Puts the keyboard into the filter of a column; false while the column is not drawn. */
export function focusField(grid: HTMLElement | null, column: number): boolean {
  const cell = grid?.querySelector(`[role=columnheader][data-column="${column}"]`);
  const field = cell?.querySelector("input");
  field?.focus({ preventScroll: true });
  field?.select();
  return field !== null && field !== undefined;
}

/** Ascending numbers, and one more that may lie outside of them. */
export function withOne(found: number[], one: number): number[] {
  if (one < 0 || found.includes(one)) return found;
  return [...found, one].sort((a, b) => a - b);
}

export function selectedColumns(
  range: Range | null,
  row: number,
): { selectedFrom: number; selectedTo: number } {
  if (range === null || row < range.firstRow || row > range.lastRow) {
    return { selectedFrom: 0, selectedTo: -1 };
  }
  return { selectedFrom: range.firstColumn, selectedTo: range.lastColumn };
}

export function isControl(target: EventTarget): boolean {
  return target instanceof Element && target.closest("input, button") !== null;
}

/** The cell of an element; none where a field or a button has the pointer. */
export function placeOf(target: EventTarget): Place | undefined {
  if (!(target instanceof Element) || isControl(target)) return undefined;
  const row = target.closest<HTMLElement>("[data-row]");
  const cell = target.closest<HTMLElement>("[data-column]");
  if (row === null || (cell === null && !isGutter(target))) return undefined;
  return { row: Number(row.dataset["row"]), column: Number(cell?.dataset["column"] ?? 0) };
}

export function isGutter(target: EventTarget): boolean {
  return target instanceof Element && target.closest(".grid-gutter") !== null;
}

export function isInside({ row, column }: Place, range: Range): boolean {
  const isRow = row >= range.firstRow && row <= range.lastRow;
  return isRow && column >= range.firstColumn && column <= range.lastColumn;
}

export function samePlace(one: Place, other: Place): boolean {
  return one.row === other.row && one.column === other.column;
}
