import { describe, expect, it } from "vitest";
import { rangeOf, windowsAround, windowsOf } from "./windows";

const FLIGHTS = { rows: 336_776, columns: 19 };

describe("windows of a table", () => {
  it("cover a range once, by rows and by columns", () => {
    const sight = { firstRow: 190, lastRow: 410, columns: [3, 4, 16, 17] };
    expect(windowsOf(sight, FLIGHTS)).toEqual([
      { down: 0, across: 0 },
      { down: 0, across: 1 },
      { down: 1, across: 0 },
      { down: 1, across: 1 },
      { down: 2, across: 0 },
      { down: 2, across: 1 },
    ]);
  });

  it("fetch only the columns in sight of a wide table", () => {
    const sight = { firstRow: 0, lastRow: 30, columns: [500, 505] };
    expect(windowsOf(sight, { rows: 10, columns: 1000 })).toEqual([{ down: 0, across: 31 }]);
  });

  it("follow columns that stand in another order", () => {
    const sight = { firstRow: 0, lastRow: 9, columns: [900, 1, 17, 901, 5_000] };
    expect(windowsOf(sight, { rows: 10, columns: 1000 }).map(({ across }) => across)).toEqual([
      56, 0, 1,
    ]);
  });

  it("end with the table", () => {
    expect(rangeOf({ down: 1683, across: 1 }, FLIGHTS)).toEqual({
      firstRow: 336_600,
      lastRow: 336_775,
      firstColumn: 16,
      lastColumn: 18,
    });
  });

  it("take in the next rows, and never rows that do not exist", () => {
    const end = { firstRow: 9_999_990, lastRow: 9_999_999, columns: [0, 9] };
    const shape = { rows: 10_000_000, columns: 10 };
    expect(windowsAround(end, shape)).toEqual([{ down: 49_999, across: 0 }]);
    const near = { firstRow: 170, lastRow: 199, columns: [0, 9] };
    expect(windowsAround(near, shape).map(({ down }) => down)).toEqual([0, 1]);
    expect(windowsAround({ ...near, firstRow: 0, lastRow: 9 }, shape)).toHaveLength(1);
  });

  it("are none of an empty table", () => {
    const sight = { firstRow: 0, lastRow: 0, columns: [0] };
    expect(windowsOf(sight, { rows: 0, columns: 3 })).toEqual([]);
    expect(windowsOf(sight, { rows: 3, columns: 0 })).toEqual([]);
  });
});
