/** Which cells are selected, and which of them has the keyboard. Columns count as they are shown. */
import type { Range, Shape } from "../rows/windows";
import { between, HEADER, type Place } from "./place";

export interface Selection {
  /** Has the keyboard; one corner of what is selected. */
  active: Place;
  /** The other corner; null when nothing but the active cell is meant. */
  anchor: Place | null;
  /** Whole rows or columns of what lies between the corners. */
  whole: "rows" | "columns" | "all" | null;
}

export function selectionAt(place: Place): Selection {
  return { active: place, anchor: null, whole: null };
}

/** Goes to a cell; `extend` keeps the other corner, and rows or columns whole. */
export function goTo(before: Selection, place: Place, extend: boolean): Selection {
  if (!extend) return selectionAt(place);
  const anchor = before.anchor ?? before.active;
  return { active: place, anchor, whole: before.whole === "all" ? null : before.whole };
}

export function selectWhole(
  before: Selection,
  whole: NonNullable<Selection["whole"]>,
  place: Place = before.active,
  extend = false,
): Selection {
  const isSame = extend && before.whole === whole;
  return { active: place, anchor: isSame ? (before.anchor ?? before.active) : place, whole };
}

/** The selected cells; null when it is the active one alone, or there are none. */
export function selectedRange({ active, anchor, whole }: Selection, shape: Shape): Range | null {
  if (anchor === null || shape.rows === 0) return null;
  const { firstRow, lastRow, firstColumn, lastColumn } = between(anchor, active);
  const [rows, columns] = [
    whole === "rows" || whole === "all",
    whole === "columns" || whole === "all",
  ];
  return {
    firstRow: columns ? 0 : firstRow,
    lastRow: columns ? shape.rows - 1 : lastRow,
    firstColumn: rows ? 0 : firstColumn,
    lastColumn: rows ? shape.columns - 1 : lastColumn,
  };
}

/** The same within a table that has become smaller. */
export function within(before: Selection, shape: Shape): Selection {
  const clamp = ({ row, column }: Place): Place => ({
    row: shape.rows === 0 ? HEADER : Math.min(row, shape.rows - 1),
    column: Math.max(0, Math.min(column, shape.columns - 1)),
  });
  const active = clamp(before.active);
  const anchor = before.anchor === null ? null : clamp(before.anchor);
  const isSame = same(active, before.active) && (anchor === null || same(anchor, before.anchor));
  return isSame ? before : { ...before, active, anchor };
}

function same(one: Place, other: Place | null): boolean {
  return one.row === other?.row && one.column === other.column;
}
