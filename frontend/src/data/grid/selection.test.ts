import { describe, expect, it } from "vitest";
import { HEADER } from "./place";
import { goTo, type Selection, selectedRange, selectionAt, selectWhole, within } from "./selection";

const SHAPE = { rows: 100, columns: 8 };
const START = selectionAt({ row: 5, column: 2 });
const range = (selection: Selection) => {
  const found = selectedRange(selection, SHAPE);
  return found && `${found.firstRow}-${found.lastRow} × ${found.firstColumn}-${found.lastColumn}`;
};

describe("a selection of cells", () => {
  it("is nothing but the active cell until it is extended", () => {
    expect(range(START)).toBeNull();
    expect(range(goTo(START, { row: 9, column: 0 }, false))).toBeNull();
    expect(range(goTo(START, { row: 9, column: 0 }, true))).toBe("5-9 × 0-2");
  });

  it("keeps the corner that it began with", () => {
    const grown = goTo(goTo(START, { row: 9, column: 4 }, true), { row: 1, column: 4 }, true);
    expect(range(grown)).toBe("1-5 × 2-4");
    expect(grown.active).toEqual({ row: 1, column: 4 });
  });

  it("takes in whole rows and columns, and more of them", () => {
    const rows = selectWhole(START, "rows");
    expect(range(rows)).toBe("5-5 × 0-7");
    expect(range(goTo(rows, { row: 7, column: 2 }, true))).toBe("5-7 × 0-7");
    expect(range(selectWhole(rows, "rows", { row: 3, column: 2 }, true))).toBe("3-5 × 0-7");
    expect(range(selectWhole(rows, "rows", { row: 3, column: 2 }))).toBe("3-3 × 0-7");
    const columns = selectWhole(START, "columns");
    expect(range(goTo(columns, { row: 5, column: 4 }, true))).toBe("0-99 × 2-4");
    expect(range(selectWhole(START, "all"))).toBe("0-99 × 0-7");
  });

  it("from the header down begins with the first row", () => {
    const header = selectionAt({ row: HEADER, column: 1 });
    expect(range(goTo(header, { row: 3, column: 1 }, true))).toBe("0-3 × 1-1");
  });

  it("stays inside of a table that has become smaller", () => {
    const far = goTo(selectionAt({ row: 90, column: 7 }), { row: 99, column: 7 }, true);
    expect(within(far, { rows: 20, columns: 3 })).toEqual({
      active: { row: 19, column: 2 },
      anchor: { row: 19, column: 2 },
      whole: null,
    });
    expect(within(far, SHAPE)).toBe(far);
    expect(within(far, { rows: 0, columns: 3 }).active.row).toBe(HEADER);
    expect(selectedRange(selectWhole(far, "all"), { rows: 0, columns: 3 })).toBeNull();
  });
});
