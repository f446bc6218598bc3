import { describe, expect, it } from "vitest";
import { placeAt, pull } from "./autoscroll";
import { layOut } from "./columns";

describe("a drag beyond an edge", () => {
  it("pulls the sheet along, the more the farther it is", () => {
    expect(pull(50, 0, 100)).toBe(0);
    expect(pull(8, 0, 100)).toBe(0);
    expect(pull(3, 0, 100)).toBe(-3);
    expect(pull(98, 0, 100)).toBe(3);
    expect(pull(190, 0, 100)).toBe(34);
    expect(pull(-5_000, 0, 100)).toBe(-120);
  });

  const layout = layOut([0, 1, 2, 3], [50, 50, 50, 50], 1);
  const sheet = { layout, rows: 100, header: 40, gutter: 30, top: 240, left: 50 };
  const size = { clientWidth: 180, clientHeight: 140 };

  it.each([
    [
      { x: 35, y: 45 },
      { row: 10, column: 0 },
    ],
    [
      { x: 85, y: 70 },
      { row: 11, column: 2 },
    ],
    [
      { x: 999, y: 999 },
      { row: 14, column: 3 },
    ],
    [
      { x: -20, y: -20 },
      { row: 10, column: 0 },
    ],
  ])("reaches the cell in sight that is nearest to %j", (point, place) => {
    expect(placeAt(sheet, size, point)).toEqual(place);
  });

  it("does not reach beyond the last row", () => {
    expect(placeAt({ ...sheet, rows: 12 }, size, { x: 90, y: 999 }).row).toBe(11);
  });
});
