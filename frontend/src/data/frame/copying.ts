/** From selected cells to the clipboard. */
import type { ClipboardEvent } from "react";
import { announce, plural, toast, toastError } from "../../ui";
import { COPY_FORMATS, type CopyFormat, formatCells } from "../grid/copy";
import { countCells } from "../grid/place";
import type { Cell, FrameRows } from "../rows/frame-rows";
import type { Range } from "../rows/windows";

/** Cells that one copy may hold. */
const COPY_CELLS = 500_000;

export interface CopySource {
  rows: FrameRows;
  /** Places of the columns as they are shown. */
  order: readonly number[];
  range: Range;
}

/** At once when the cells are here, by the event; else after they have come, where the browser allows it. */
export function copyCells(source: CopySource, format: CopyFormat, event?: ClipboardEvent): void {
  const { rows, order, range } = source;
  const count = countCells(range);
  if (count > COPY_CELLS) {
    toast(`A copy holds at most ${plural(COPY_CELLS, "cell")}; a download holds all.`);
    return;
  }
  const columns = order.slice(range.firstColumn, range.lastColumn + 1);
  const names = columns.map((at) => rows.columns[at]?.name ?? "");
  const words = COPY_FORMATS.find(([one]) => one === format)?.[1];
  const done = (): void =>
    announce(`Copied ${plural(count, "cell")}${format === "tsv" ? "" : ` as ${words}`}.`);
  const here = cellsHere(rows, columns, range);
  if (here !== null && event !== undefined) {
    event.clipboardData.setData("text/plain", formatCells(format, names, here));
    done();
    return;
  }
  const text = async (): Promise<string> => {
    const cells = here ?? (await readAll(rows, columns, range));
    return formatCells(format, names, cells);
  };
  writeClipboard(text()).then(done, toastError);
}

function cellsHere(rows: FrameRows, columns: readonly number[], range: Range): Cell[][] | null {
  const found: Cell[][] = [];
  for (let row = range.firstRow; row <= range.lastRow; row++) {
    const cells: Cell[] = [];
    for (const column of columns) {
      const cell = rows.cell(row, column);
      if (cell === undefined) return null;
      cells.push(cell);
    }
    found.push(cells);
  }
  return found;
}

async function readAll(
  rows: FrameRows,
  columns: readonly number[],
  { firstRow, lastRow }: Range,
): Promise<Cell[][]> {
  const found: Cell[][] = [];
  for await (const cells of rows.read({ firstRow, lastRow, columns })) found.push(cells);
  return found;
}

/** Puts text on the clipboard; rejects where the browser does not allow it (no HTTPS). */
export async function writeClipboard(text: string | Promise<string>): Promise<void> {
  if (navigator.clipboard === undefined) {
    throw new Error("This browser allows copying only over HTTPS.");
  }
  await navigator.clipboard.writeText(await text);
}
