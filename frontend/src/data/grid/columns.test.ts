import { describe, expect, it } from "vitest";
import { columnsInView, fittedWidth, gutterWidth, layOut, revealColumn } from "./columns";

const LAYOUT = layOut([100, 50, 200, 80]);
const WIDE = layOut(Array.from({ length: 1000 }, () => 90));

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
});

describe("widths", () => {
  it("fit name and cells, within limits", () => {
    const column = { name: "late", type: "int64" };
    const narrow = fittedWidth(column, ["1"]);
    expect(fittedWidth(column, ["1", "1234567890123"])).toBeGreaterThan(narrow);
    expect(fittedWidth(column, ["x".repeat(5000)])).toBe(320);
    expect(fittedWidth({ name: "a", type: "bool" }, [])).toBeGreaterThanOrEqual(48);
  });

  it("leave room for the number of the last row", () => {
    expect(gutterWidth(10_000_000)).toBeGreaterThan(gutterWidth(16));
  });
});
