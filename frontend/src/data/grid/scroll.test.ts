import { describe, expect, it } from "vitest";
import {
  extentOf,
  follow,
  isStuck,
  MAX_CANVAS,
  maxTop,
  ROW_HEIGHT,
  revealRow,
  rowsInView,
  scrollOf,
  topOf,
} from "./scroll";

const SHORT = extentOf(1_000, 720);
const LONG = extentOf(10_000_000, 720);

describe("a scroll bar of limited length", () => {
  it("is as long as the rows while browsers allow it", () => {
    expect(SHORT.canvas).toBe(1_000 * ROW_HEIGHT);
    expect(follow(SHORT, { top: 0, scrollTop: 0 }, 5_000.5).top).toBe(5_000.5);
    expect(scrollOf(SHORT, 240)).toBe(240);
  });

  it("shows exactly the last row at its end, and the first at its start", () => {
    expect(LONG.canvas).toBe(MAX_CANVAS);
    const end = topOf(LONG, MAX_CANVAS - LONG.view);
    expect(rowsInView(10_000_000, end, LONG.view)).toEqual({
      firstRow: 9_999_970,
      lastRow: 9_999_999,
    });
    expect(rowsInView(10_000_000, topOf(LONG, 0), LONG.view)).toEqual({ firstRow: 0, lastRow: 29 });
    expect(scrollOf(LONG, maxTop(LONG))).toBe(MAX_CANVAS - LONG.view);
    expect(scrollOf(LONG, 0)).toBe(0);
  });

  it.each([2_000, 123_456, 5_000_000, 9_990_000])("finds row %i again", (row) => {
    const top = row * ROW_HEIGHT;
    expect(topOf(LONG, scrollOf(LONG, top))).toBe(top);
  });

  it("goes by pixels with a wheel, and by proportion with a pull", () => {
    const before = { top: 120_000_000, scrollTop: scrollOf(LONG, 120_000_000) };
    expect(follow(LONG, before, before.scrollTop + 100).top).toBe(120_000_100);
    expect(follow(LONG, before, before.scrollTop - 120).top).toBe(119_999_880);
    expect(follow(LONG, before, MAX_CANVAS).top).toBe(maxTop(LONG));
    expect(follow(LONG, before, 0).top).toBe(0);
  });

  it("lets a wheel reach both ends, row by row", () => {
    for (const [start, by, end] of [
      [9_000, -100, 0],
      [maxTop(LONG) - 9_000, 100, maxTop(LONG)],
    ] as const) {
      let position = { top: start as number, scrollTop: scrollOf(LONG, start) };
      for (let step = 0; step < 90; step++) {
        const most = MAX_CANVAS - LONG.view;
        const scrollTop = Math.max(0, Math.min(most, position.scrollTop + by));
        position = follow(LONG, position, scrollTop);
        if (isStuck(LONG, position)) position.scrollTop = scrollOf(LONG, position.top);
      }
      expect(position.top).toBe(end);
    }
  });
});

describe("rows in sight", () => {
  it.each([
    [1_000, 0, 720, 0, 29],
    [1_000, 12, 720, 0, 30],
    [1_000, 23_280, 720, 970, 999],
    [3, 0, 720, 0, 2],
    [0, 0, 720, 0, 0],
  ])("of %i at %i px in %i px are %i to %i", (rows, top, view, firstRow, lastRow) => {
    expect(rowsInView(rows, top, view)).toEqual({ firstRow, lastRow });
  });

  it("move as little as possible to show another", () => {
    expect(revealRow(SHORT, 240, 9)).toBe(216);
    expect(revealRow(SHORT, 240, 10)).toBe(240);
    expect(revealRow(SHORT, 240, 39)).toBe(240);
    expect(revealRow(SHORT, 240, 40)).toBe(264);
    expect(revealRow(LONG, 0, 9_999_999)).toBe(maxTop(LONG));
  });
});
