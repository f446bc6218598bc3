import { describe, expect, it } from "vitest";
import { between, countCells, HEADER, placeAfter } from "./place";

const SHAPE = { rows: 10_000_000, columns: 10 };
const AT = { row: 500, column: 4 };

describe("a key", () => {
  it.each([
    ["ArrowUp", 499, 4],
    ["ArrowDown", 501, 4],
    ["ArrowLeft", 500, 3],
    ["ArrowRight", 500, 5],
    ["PageUp", 471, 4],
    ["PageDown", 529, 4],
    ["Home", 500, 0],
    ["End", 500, 9],
    ["Ctrl+Home", 0, 0],
    ["Ctrl+End", 9_999_999, 9],
    ["Ctrl+ArrowDown", 9_999_999, 4],
    ["Ctrl+ArrowUp", 0, 4],
    ["Ctrl+ArrowLeft", 500, 0],
    ["Ctrl+ArrowRight", 500, 9],
  ])("%s leads to row %i, column %i", (key, row, column) => {
    expect(placeAfter(key, AT, SHAPE, 29)).toEqual({ row, column });
  });

  it("never leads out of the table; above the first row is the header", () => {
    const corner = { row: SHAPE.rows - 1, column: 9 };
    expect(placeAfter("ArrowDown", corner, SHAPE, 29)).toEqual(corner);
    expect(placeAfter("PageDown", corner, SHAPE, 29)).toEqual(corner);
    expect(placeAfter("ArrowUp", { row: 0, column: 2 }, SHAPE, 29)?.row).toBe(HEADER);
    expect(placeAfter("ArrowUp", { row: HEADER, column: 2 }, SHAPE, 29)?.row).toBe(HEADER);
    expect(placeAfter("PageUp", { row: 3, column: 2 }, SHAPE, 29)?.row).toBe(0);
    expect(placeAfter("Ctrl+End", AT, { rows: 0, columns: 2 }, 29)?.row).toBe(HEADER);
  });

  it("that types leads nowhere", () => {
    expect(placeAfter("a", AT, SHAPE, 29)).toBeUndefined();
    expect(placeAfter("Ctrl+c", AT, SHAPE, 29)).toBeUndefined();
  });
});

describe("a selection", () => {
  it("is the same from every corner", () => {
    const range = { firstRow: 2, lastRow: 5, firstColumn: 1, lastColumn: 3 };
    expect(between({ row: 5, column: 1 }, { row: 2, column: 3 })).toEqual(range);
    expect(between({ row: 2, column: 1 }, { row: 5, column: 3 })).toEqual(range);
    expect(countCells(range)).toBe(12);
  });
});
