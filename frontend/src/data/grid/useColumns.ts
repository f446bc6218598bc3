import { useCallback, useLayoutEffect, useMemo, useState } from "react";
import type { Column } from "../../protocol";
import { isNumericName, showCell } from "../cells/format";
import { decimalsOf } from "../cells/numbers";
import { type ColumnLayout, keysOfColumns, withoutWidth, withWidth } from "../layout";
import type { FrameRows } from "../rows/frame-rows";
import type { Sight } from "../rows/windows";
import type { Pending } from "../steps/store";
import { baseWidths, clampWidth, fittedWidth, type Layout, layOut, pendingWidth } from "./columns";

/** Rows that a column is fitted to. */
const SAMPLE = 100;
/** A narrow table fills its place, but is not pulled apart. */
const STRETCH = 1.8;
/** Of the width, what frozen columns may take. */
const MOST_FROZEN = 0.7;

interface Fit {
  width: number;
  decimals: number;
}

export interface Columns {
  layout: Layout;
  /** Of a column by its place in the table. */
  decimals(place: number): number;
  /** Fits columns in sight to cells that have come since. */
  fitTo(sight: Sight): void;
  /** `at` counts columns as they are shown. */
  resize(at: number, width: number): void;
  /** Fits one column to the rows in sight. */
  refit(at: number): void;
}

/** Widths and decimals of columns: from the first cells seen, or as the user drags them. */
export function useColumns(
  rows: FrameRows,
  { choice, arrangement, change }: ColumnLayout,
  available: number,
  { notes, pending }: Heads,
): Columns {
  const { columns } = rows;
  const keys = keysOfColumns(columns);
  const [fits, setFits] = useState<ReadonlyMap<number, Fit>>(new Map());

  const layout = useMemo(() => {
    const { order, frozen } = arrangement;
    const base = baseWidths(columns);
    const chosen = (place: number): number | undefined => choice.widths[keys[place] ?? ""];
    const natural = order.map((place) => {
      const width = fits.get(place)?.width ?? base[place] ?? 0;
      const note = notes(place);
      const column = columns[place];
      if (column === undefined) return width;
      const becomes = pending.get(column.name);
      if (becomes !== undefined) return Math.max(width, pendingWidth(column, becomes, note));
      return note === "" ? width : Math.max(width, fittedWidth(column, [], note));
    });
    const total = natural.reduce((sum, width) => sum + width, 0);
    const stretch = (available - 1) / total;
    let widths = natural;
    if (stretch > 1) {
      widths = natural.map((width) => Math.floor(width * Math.min(STRETCH, stretch)));
      if (stretch <= STRETCH) giveRest(widths, available - 1);
    }
    widths = widths.map((width, at) => chosen(order[at] ?? 0) ?? width);
    return layOut(order, widths, frozen, available * MOST_FROZEN);
  }, [arrangement, available, choice.widths, columns, fits, keys, notes, pending]);

  const fitTo = useCallback(
    (sight: Sight): void => {
      const found = new Map<number, Fit>();
      for (const place of sight.columns) {
        const column = columns[place];
        if (column === undefined) continue;
        const before = fits.get(place);
        const fit =
          before === undefined
            ? measure(rows, column, place, sight.firstRow)
            : grown(before, rows, column, place, sight);
        if (fit !== undefined && fit !== before) found.set(place, fit);
      }
      if (found.size > 0) setFits((before) => new Map([...before, ...found]));
    },
    [columns, fits, rows],
  );

  const resize = useCallback(
    (at: number, width: number): void => {
      const key = keys[arrangement.order[at] ?? -1];
      if (key !== undefined) change((before) => withWidth(before, key, clampWidth(width)));
    },
    [arrangement, change, keys],
  );

  const refit = useCallback(
    (at: number): void => {
      const place = arrangement.order[at] ?? -1;
      const key = keys[place];
      if (key === undefined) return;
      setFits((before) => {
        const next = new Map(before);
        next.delete(place);
        return next;
      });
      change((before) => withoutWidth(before, key));
    },
    [arrangement, change, keys],
  );

  const decimals = useCallback((place: number): number => fits.get(place)?.decimals ?? 0, [fits]);
  return { layout, decimals, fitTo, resize, refit };
}

/** What stands in headers beside names and types. */
export interface Heads {
  /** In words, by the place of a column. */
  notes(place: number): string;
  /** What a block will make of columns, by their names. */
  pending: ReadonlyMap<string, Pending>;
}

/** A number that is cut is another number: its column grows. Text may be cut. */
function grown(before: Fit, rows: FrameRows, column: Column, place: number, sight: Sight): Fit {
  if (!isNumericName(column.type)) return before;
  const texts: string[] = [];
  for (let row = sight.firstRow; row <= sight.lastRow; row++) {
    const cell = rows.cell(row, place);
    if (cell !== undefined) texts.push(showCell(cell, before.decimals).text);
  }
  const width = fittedWidth(column, texts);
  return width > before.width ? { ...before, width } : before;
}

/** What rounding has left over goes to the last column. */
function giveRest(widths: number[], available: number): void {
  const sum = widths.reduce((before, width) => before + width, 0);
  const last = widths.pop();
  if (last !== undefined) widths.push(last + available - sum);
}

function measure(
  rows: FrameRows,
  column: Column,
  place: number,
  firstRow: number,
): Fit | undefined {
  const cells = [];
  for (let row = firstRow; row < firstRow + SAMPLE; row++) {
    const cell = rows.cell(row, place);
    if (cell !== undefined) cells.push(cell);
  }
  if (cells.length === 0) return undefined;
  const numbers = cells.flatMap(({ value }) => (typeof value === "number" ? [value] : []));
  const decimals = numbers.every(Number.isInteger) ? 0 : decimalsOf(numbers);
  const texts = cells.map((cell) => showCell(cell, decimals).text);
  return { width: fittedWidth(column, texts), decimals };
}

/** Brings columns to their widths before the first paint with their cells. */
export function useFitting(columns: Columns, sight: Sight, version: number): void {
  const { fitTo } = columns;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each version may bring the cells
  useLayoutEffect(() => {
    fitTo(sight);
  }, [fitTo, sight, version]);
}
