import { useEffect, useState } from "react";
import type { Api } from "../../client";
import type { Column, Output, Statistics as WireStatistics } from "../../protocol";
import { countCells } from "../grid/place";
import { type Statistics, Tally, together } from "../grid/statistics";
import type { FrameRows } from "../rows/frame-rows";
import type { Range } from "../rows/windows";
import { type ColumnReference, referenceTo, rowsQuery, type View } from "../view";

export interface SelectionStatistics {
  /** Null while they are counted, or nothing is selected. */
  found: Statistics | null;
  error: unknown;
}

/** Cells that are counted in the page; the server counts more, and those that are not here. */
const COUNTED_HERE = 20_000;
/** After the last change of a selection, until the server is asked. */
const PAUSE_MS = 150;

/** Characters of an address that are for columns; servers take some 32,000 for all. */
const LONGEST_LIST = 16_000;

const NOTHING: SelectionStatistics = { found: null, error: undefined };

/** Counts the selected cells. `ask` asks the server for those of any range. */
export function useStatistics(
  rows: FrameRows,
  order: readonly number[],
  range: Range | null,
  ask: (range: Range, places: readonly number[], signal: AbortSignal) => Promise<Statistics>,
): SelectionStatistics {
  const [state, setState] = useState<SelectionStatistics>(NOTHING);
  useEffect(() => {
    if (range === null || countCells(range) < 2) {
      setState(NOTHING);
      return;
    }
    const places = order.slice(range.firstColumn, range.lastColumn + 1);
    const here = countHere(rows, places, range);
    setState({ found: here, error: undefined });
    if (here !== null) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      ask(range, places, abort.signal).then(
        (found) => setState({ found, error: undefined }),
        (error: unknown) => {
          if (!abort.signal.aborted) setState({ found: null, error });
        },
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [rows, order, range, ask]);
  return state;
}

/** Null when some of the cells are not here. */
function countHere(rows: FrameRows, places: readonly number[], range: Range): Statistics | null {
  if (countCells(range) > COUNTED_HERE) return null;
  const tally = new Tally();
  for (const place of places) {
    for (let row = range.firstRow; row <= range.lastRow; row++) {
      const cell = rows.cell(row, place);
      if (cell === undefined) return null;
      tally.add(cell);
    }
  }
  return tally.result();
}

/** Asks the server to count cells of a view, in as many requests as the columns' names need. */
export function askStatistics(
  api: Api,
  { address }: Output,
  columns: readonly Column[],
  view: View,
): (range: Range, places: readonly number[], signal: AbortSignal) => Promise<Statistics> {
  return async ({ firstRow, lastRow }, places, signal) => {
    const found: WireStatistics["columns"] = [];
    for (const names of inAddresses(places.map((at) => referenceTo(columns, at)))) {
      const { columns: more } = await api.get<WireStatistics>(`outputs/${address}/statistics`, {
        signal,
        query: {
          ...rowsQuery(view),
          offset: String(firstRow),
          limit: String(lastRow - firstRow + 1),
          columns: names,
        },
      });
      found.push(...more);
    }
    return together(found);
  };
}

/** Lists of references as JSON, each short enough for the address of a request. */
export function inAddresses(references: readonly ColumnReference[]): string[] {
  const lists: string[][] = [[]];
  let length = 0;
  for (const written of references.map((reference) => JSON.stringify(reference))) {
    const more = encodeURIComponent(`${written},`).length;
    if (length > 0 && length + more > LONGEST_LIST) {
      lists.push([]);
      length = 0;
    }
    lists.at(-1)?.push(written);
    length += more;
  }
  return lists.map((list) => `[${list.join(",")}]`);
}
