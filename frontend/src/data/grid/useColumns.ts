import { useCallback, useLayoutEffect, useMemo, useState } from "react";
import type { Column } from "../../protocol";
import { isNumericName, showCell } from "../cells/format";
import { decimalsOf } from "../cells/numbers";
import type { FrameRows } from "../rows/frame-rows";
import type { Range } from "../rows/windows";
import { clampWidth, fittedWidth, type Layout, layOut } from "./columns";

/** Rows that a column is fitted to. */
const SAMPLE = 100;
/** A narrow table fills its place, but is not pulled apart. */
const STRETCH = 1.8;

interface Fit {
  width: number;
  decimals: number;
}

export interface Columns {
  layout: Layout;
  decimals(column: number): number;
  /** Fits columns in sight to cells that have come since. */
  fitTo(range: Range): void;
  resize(column: number, width: number): void;
  /** Fits one column to the rows in sight. */
  refit(column: number, range: Range): void;
}

/** Widths and decimals of columns: from the first cells seen, or as the user drags them. */
export function useColumns(
  rows: FrameRows,
  columns: readonly Column[],
  available: number,
): Columns {
  const [fits, setFits] = useState<ReadonlyMap<number, Fit>>(new Map());
  const [chosen, setChosen] = useState<ReadonlyMap<number, number>>(new Map());

  const layout = useMemo(() => {
    const natural = columns.map((column, at) => fits.get(at)?.width ?? fittedWidth(column, []));
    const total = natural.reduce((sum, width) => sum + width, 0);
    const stretch = (available - 1) / total;
    const widths = natural.map((width) => Math.floor(width * Math.min(STRETCH, stretch)));
    if (stretch > 1 && stretch <= STRETCH) giveRest(widths, available - 1);
    const fitting = stretch > 1 ? widths : natural;
    return layOut(fitting.map((width, at) => chosen.get(at) ?? width));
  }, [available, chosen, columns, fits]);

  const fitTo = useCallback(
    (range: Range): void => {
      const found = new Map<number, Fit>();
      for (let at = range.firstColumn; at <= range.lastColumn; at++) {
        const column = columns[at];
        if (column === undefined) continue;
        const before = fits.get(at);
        const fit =
          before === undefined
            ? measure(rows, column, at, range.firstRow)
            : grown(before, rows, column, at, range);
        if (fit !== undefined && fit !== before) found.set(at, fit);
      }
      if (found.size > 0) setFits((before) => new Map([...before, ...found]));
    },
    [columns, fits, rows],
  );

  const resize = useCallback((column: number, width: number): void => {
    setChosen((before) => new Map(before).set(column, clampWidth(width)));
  }, []);

  const refit = useCallback(
    (at: number, range: Range): void => {
      const column = columns[at];
      const fit = column && measure(rows, column, at, range.firstRow);
      if (fit !== undefined) resize(at, fit.width);
    },
    [columns, resize, rows],
  );

  const decimals = useCallback((at: number): number => fits.get(at)?.decimals ?? 0, [fits]);
  return { layout, decimals, fitTo, resize, refit };
}

/** A number that is cut is another number: its column grows. Text may be cut. */
function grown(before: Fit, rows: FrameRows, column: Column, at: number, range: Range): Fit {
  if (!isNumericName(column.type)) return before;
  const texts: string[] = [];
  for (let row = range.firstRow; row <= range.lastRow; row++) {
    const cell = rows.cell(row, at);
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

function measure(rows: FrameRows, column: Column, at: number, firstRow: number): Fit | undefined {
  const cells = [];
  for (let row = firstRow; row < firstRow + SAMPLE; row++) {
    const cell = rows.cell(row, at);
    if (cell !== undefined) cells.push(cell);
  }
  if (cells.length === 0) return undefined;
  const floats = cells.flatMap(({ value }) =>
    typeof value === "number" && !Number.isInteger(value) ? [value] : [],
  );
  const whole = cells.flatMap(({ value }) => (typeof value === "number" ? [value] : []));
  const decimals = floats.length === 0 ? 0 : decimalsOf(whole);
  const width = fittedWidth(
    column,
    cells.map((cell) => showCell(cell, decimals).text),
  );
  return { width, decimals };
}

/** Brings columns to their widths before the first paint with their cells. */
export function useFitting(columns: Columns, range: Range, version: number): void {
  const { fitTo } = columns;
  const { firstRow, lastRow, firstColumn, lastColumn } = range;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each version may bring the cells
  useLayoutEffect(() => {
    fitTo({ firstRow, lastRow, firstColumn, lastColumn });
  }, [fitTo, firstRow, lastRow, firstColumn, lastColumn, version]);
}
