/** A window of rows in which two tables differ, by the names of their columns. */
import { type Column, tableFromIPC } from "@uwdata/flechette";
import type { Cell } from "../rows/frame-rows";

export interface RowsWindow {
  rows: number;
  /** Names on the side that the rows are of. */
  names: readonly string[];
  cell(name: string, row: number): Cell;
  /** Of changed rows: what the cell was; null where that side has no such column. */
  before(name: string, row: number): Cell | null;
  /** Of changed rows: which columns differ. */
  changed(row: number): ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();
const BEFORE = "before: ";

/** Reads an Arrow IPC stream; its metadata say how many columns are of this side. */
export function readWindow(bytes: ArrayBuffer): RowsWindow {
  const table = tableFromIPC(bytes, {
    useBigInt: true,
    useBigIntTimestamp: true,
    useDecimalInt: true,
  });
  const { children, names: all, numRows, schema } = table;
  const own = Number(schema.metadata?.get("now") ?? all.length);
  const names = all.slice(0, own);
  const places = new Map(names.map((name, at) => [name, at]));
  const isPair = own < all.length;
  const beforePlaces = new Map(
    isPair ? all.slice(own, -1).map((name, at) => [name.slice(BEFORE.length), own + at]) : [],
  );
  const cellAt = (at: number | undefined, row: number): Cell => {
    const column = at === undefined ? undefined : children[at];
    if (column === undefined) throw new Error("The window has no such column.");
    return { value: column.at(row), type: (column as Column<unknown>).type };
  };
  return {
    rows: numRows,
    names,
    cell: (name, row) => cellAt(places.get(name), row),
    before(name, row) {
      const at = beforePlaces.get(name);
      return at === undefined ? null : cellAt(at, row);
    },
    changed(row) {
      if (!isPair) return NONE;
      const marks = children[all.length - 1]?.at(row) as Iterable<number | bigint> | null;
      return new Set([...(marks ?? [])].map((at) => names[Number(at)] ?? ""));
    },
  };
}
