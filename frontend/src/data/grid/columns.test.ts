import { describe, expect, it } from "vitest";
import {
  baseWidths,
  columnsInView,
  fittedWidth,
  gapAt,
  gutterWidth,
  layOut,
  revealColumn,
  shownColumns,
} from "./columns";

const inOrder = (widths: number[]): number[] => widths.map((_, at) => at);
const of = (widths: number[], frozen = 0, most?: number) =>
  layOut(inOrder(widths), widths, frozen, most);
const LAYOUT = of([100, 50, 200, 80]);
const WIDE = of(Array.from({ length: 1000 }, () => 90));

describe("columns in sight", () => {
  it.each([
    [0, 100, 0, 0],
    [0, 101, 0, 1],
    [99, 150, 0, 1],
    [100, 350, 1, 2],
    [340, 1000, 2, 3],
  ])("from %i to %i px are %i to %i", (from, to, firstColumn, lastColumn) => {
    expect(columnsInView(LAYOUT, from, to)).toEqual({ firstColumn, lastColumn });
  });

  it("of a thousand are few", () => {
    expect(columnsInView(WIDE, 45_000, 45_400)).toEqual({ firstColumn: 500, lastColumn: 504 });
  });

  it("move as little as possible to show another", () => {
    expect(revealColumn(WIDE, 900, 450, 12)).toBe(900);
    expect(revealColumn(WIDE, 900, 450, 9)).toBe(810);
    expect(revealColumn(WIDE, 900, 450, 15)).toBe(990);
    expect(revealColumn(LAYOUT, 0, 120, 2)).toBe(150);
  });

  it("begin after the frozen ones, which are always there", () => {
    const layout = of([100, 50, 200, 80, 90], 2);
    expect(columnsInView(layout, 0, 400)).toEqual({ firstColumn: 2, lastColumn: 3 });
    expect(columnsInView(layout, 210, 500)).toEqual({ firstColumn: 3, lastColumn: 4 });
    expect(shownColumns(layout, { firstColumn: 3, lastColumn: 4 })).toEqual([0, 1, 3, 4]);
  });

  it("come out from under the frozen ones when they are wanted", () => {
    const layout = of([100, 50, 200, 80, 90], 2);
    expect(revealColumn(layout, 220, 300, 0)).toBe(220);
    expect(revealColumn(layout, 220, 300, 2)).toBe(0);
    expect(revealColumn(layout, 220, 300, 3)).toBe(200);
    expect(revealColumn(layout, 0, 300, 4)).toBe(220);
  });

  it("can be frozen only as far as others have room", () => {
    expect(of([100, 50, 200, 80], 3, 300).frozen).toBe(2);
    expect(of([100, 50, 200, 80], 3, 90).frozen).toBe(0);
    expect(of([], 2).frozen).toBe(0);
  });

  it("are none where all are hidden", () => {
    expect(shownColumns(of([]), columnsInView(of([]), 0, 400))).toEqual([]);
    expect(shownColumns(of([90], 1), columnsInView(of([90], 1), 0, 400))).toEqual([0]);
  });

  it.each([
    [-5, 0],
    [49, 0],
    [50, 1],
    [124, 1],
    [126, 2],
    [5_000, 4],
  ])("a column let go at %i px comes after %i others", (pixel, gap) => {
    expect(gapAt(LAYOUT, pixel)).toBe(gap);
  });
});

describe("widths", () => {
  it("fit name and cells, within limits", () => {
    const column = { name: "late", type: "int64" };
    const narrow = fittedWidth(column, ["1"]);
    expect(fittedWidth(column, ["1", "1234567890123"])).toBeGreaterThan(narrow);
    expect(fittedWidth(column, ["x".repeat(5000)])).toBe(320);
    expect(fittedWidth({ name: "a", type: "bool" }, [])).toBeGreaterThanOrEqual(48);
  });

  it("of ten thousand columns are known at once", () => {
    const columns = Array.from({ length: 10_000 }, (_, at) => ({ name: `c${at}`, type: "double" }));
    expect(baseWidths(columns)).toHaveLength(10_000);
    expect(baseWidths(columns)).toBe(baseWidths(columns));
    expect(Math.min(...baseWidths(columns))).toBeGreaterThanOrEqual(48);
  });

  it("leave room for the number of the last row", () => {
    expect(gutterWidth(10_000_000)).toBeGreaterThan(gutterWidth(16));
  });
});
