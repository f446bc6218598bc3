/** What can be done to the columns and values of a table, for menus and keys alike. */
import { wholeText } from "../cells/format";
import type { GridControl } from "../grid/control";
import { HEADER } from "../grid/place";
import {
  AS_STORED,
  type ColumnLayout,
  keysOfColumns,
  withFrozen,
  withHidden,
  withMove,
} from "../layout";
import type { Cell, FrameRows } from "../rows/frame-rows";
import {
  type Condition,
  changeView,
  clearView,
  type FramePlace,
  referenceTo,
  sameReference,
  sortBy,
  sortOnly,
  type View,
} from "../view";
import { typeGroup } from "../view/values";

export interface Frame {
  place: FramePlace;
  rows: FrameRows;
  view: View;
  columnLayout: ColumnLayout;
  grid: GridControl;
}

/** Columns count as they are shown. */
export class FrameActions {
  readonly #frame: Frame;

  constructor(frame: Frame) {
    this.#frame = frame;
  }

  sort(at: number, more: boolean): void {
    const { view } = this.#frame;
    this.#change({ sort: sortBy(view.sort, this.#reference(at), more) });
  }

  sortOnly(at: number, descending: boolean): void {
    this.#change({ sort: sortOnly(this.#reference(at), descending) });
  }

  unsort(at: number): void {
    const reference = this.#reference(at);
    const sort = this.#frame.view.sort.filter(({ column }) => !sameReference(column, reference));
    this.#change({ sort });
  }

  isSorted(at: number): boolean {
    const reference = this.#reference(at);
    return this.#frame.view.sort.some(({ column }) => sameReference(column, reference));
  }

  /** Keeps or leaves out the rows that have the value of a cell. */
  filterBy(row: number, at: number, keep: boolean): void {
    const condition = this.conditionOf(row, at, keep);
    if (condition === null) return;
    const { filter } = this.#frame.view;
    const others = keep
      ? filter.filter(({ column }) => !sameReference(column, condition.column))
      : filter;
    this.#change({ filter: [...others, condition] });
  }

  /** The condition of a cell's value; null where values cannot be compared. */
  conditionOf(row: number, at: number, keep: boolean): Condition | null {
    const { rows, columnLayout } = this.#frame;
    const place = columnLayout.arrangement.order[at] ?? -1;
    const cell = rows.cell(row, place);
    const type = rows.columns[place]?.type;
    if (cell === undefined || type === undefined) return null;
    return conditionOf(cell, type, this.#reference(at), keep);
  }

  clear(): void {
    clearView(this.#frame.place);
  }

  isFrozen(at: number): boolean {
    return at < this.#frame.columnLayout.arrangement.frozen;
  }

  freeze(at: number, isFrozen: boolean): void {
    const key = this.#key(at);
    this.#frame.columnLayout.change((choice) => withFrozen(choice, key, isFrozen));
  }

  hide(at: number): void {
    const key = this.#key(at);
    this.#frame.columnLayout.change((choice) => withHidden(choice, key, true));
  }

  get hidden(): number {
    const { rows, columnLayout } = this.#frame;
    return rows.columns.length - columnLayout.arrangement.order.length;
  }

  showColumns(): void {
    this.#frame.columnLayout.change((choice) => ({ ...choice, hidden: [] }));
  }

  /** Columns as the table has them, as wide as their cells. */
  resetColumns(): void {
    this.#frame.columnLayout.change(() => AS_STORED);
  }

  move(at: number, by: number): void {
    const { rows, columnLayout, grid } = this.#frame;
    const { length } = columnLayout.arrangement.order;
    const to = at + by;
    if (to < 0 || to >= length) return;
    columnLayout.change((choice) => withMove(choice, rows.columns, { from: at, to }));
    grid.focus();
  }

  /** Goes to a column by its place in the table; false while it is hidden: it is shown then. */
  goToColumn(place: number): boolean {
    const { rows, columnLayout, grid } = this.#frame;
    const at = columnLayout.arrangement.order.indexOf(place);
    if (at < 0) {
      const key = keysOfColumns(rows.columns)[place];
      if (key !== undefined) columnLayout.change((choice) => withHidden(choice, key, false));
      return false;
    }
    grid.go({ row: grid.active().row, column: at });
    grid.focus();
    return true;
  }

  /** `row` from 0. */
  goToRow(row: number): void {
    const { grid } = this.#frame;
    grid.go({ row, column: grid.active().column });
    grid.focus();
  }

  name(at: number): string {
    const { rows, columnLayout } = this.#frame;
    return rows.columns[columnLayout.arrangement.order[at] ?? -1]?.name ?? "";
  }

  /** Where the keyboard is: a cell, or in the header of a column. */
  get active(): { row: number; column: number } | null {
    const { grid, columnLayout } = this.#frame;
    return columnLayout.arrangement.order.length === 0 ? null : grid.active();
  }

  get activeCell(): { row: number; column: number } | null {
    const { active } = this;
    return active === null || active.row === HEADER ? null : active;
  }

  #change(change: Partial<View>): void {
    changeView(this.#frame.place, change);
  }

  #reference(at: number): Condition["column"] {
    const { rows, columnLayout } = this.#frame;
    return referenceTo(rows.columns, columnLayout.arrangement.order[at] ?? -1);
  }

  #key(at: number): string {
    const { rows, columnLayout } = this.#frame;
    return keysOfColumns(rows.columns)[columnLayout.arrangement.order[at] ?? -1] ?? "";
  }
}

/** Characters of a text that the server sends with its row. */
const SENT = 4_096;

export function conditionOf(
  cell: Cell,
  type: string,
  column: Condition["column"],
  keep: boolean,
): Condition | null {
  const { value } = cell;
  if (value === null || value === undefined) {
    return { column, op: keep ? "is null" : "is not null", value: null };
  }
  if (typeof value === "number" && Number.isNaN(value)) {
    return { column, op: keep ? "is nan" : "is not nan", value: null };
  }
  if (typeGroup(type) === "other") return null;
  const whole = wholeText(cell);
  const text = typeof value === "number" ? whole.replace("Infinity", "inf") : whole;
  if (text.length > SENT) return null;
  const isExact =
    typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
  const isFloat32 = /^(float|halffloat|half_float)$/.test(type);
  const exact = isExact && !isFloat32 && typeGroup(type) !== "day" && !/^decimal/.test(type);
  return { column, op: keep ? "=" : "!=", value: exact ? (value as number | boolean) : text };
}
