/** Arrow IPC to columns whose cells are read one by one, without losing a digit. */
import { type Column, type DataType, tableFromIPC } from "@uwdata/flechette";

export interface Part {
  rows: number;
  columns: readonly Column<unknown>[];
}

export type ArrowType = DataType;

/** Reads an Arrow IPC stream. Integers of 64 bit, moments and decimals stay whole numbers. */
export function decode(bytes: ArrayBuffer): Part {
  const table = tableFromIPC(bytes, {
    useBigInt: true,
    useBigIntTimestamp: true,
    useDecimalInt: true,
  });
  return { rows: table.numRows, columns: table.children };
}
