import { describe, expect, it } from "vitest";
import type { ChartData } from "../../protocol";
import { drawingOf, isStacked } from "./marks";

const AXIS = { title: "", scale: "number", step: null, unit: null, categories: [] } as const;

function chart(part: Partial<ChartData>): ChartData {
  return {
    kind: "bar",
    x: { ...AXIS, title: "carrier", scale: "category", categories: ["UA", "B6", null] },
    y: { ...AXIS, title: "rows", categories: [] },
    series: [
      { name: null, is_others: false, x: ["UA", "B6", null], y: [30, 20, 5], count: [30, 20, 5] },
    ],
    color: null,
    rows: 60,
    left_out: 5,
    is_density: false,
    others: 7,
    ...part,
  };
}

describe("bars", () => {
  it("stand on zero, in the order of their names, as high as their numbers", () => {
    const { marks, plot, x } = drawingOf(chart({}), 400, 300);
    expect(marks).toHaveLength(3);
    for (const mark of marks) expect(mark.top + mark.height).toBeCloseTo(plot.bottom, 6);
    const [first, second, others] = marks.map(({ height }) => height);
    expect((first ?? 0) / (second ?? 1)).toBeCloseTo(1.5, 6);
    expect((first ?? 0) / (others ?? 1)).toBeCloseTo(6, 6);
    expect(x.map(({ label }) => label)).toEqual(["UA", "B6", "7 others"]);
    expect(marks[2]?.words).toEqual([
      ["carrier", "7 others"],
      ["rows", "5"],
    ]);
  });

  it("of several colours stand on one another when they add up, else side by side", () => {
    const series = ["EWR", "JFK"].map((name) => ({
      name,
      is_others: false,
      x: ["UA"],
      y: [10],
      count: [10],
    }));
    const stacked = drawingOf(chart({ series, color: "origin" }), 400, 300).marks;
    expect(stacked[0]?.left).toBe(stacked[1]?.left);
    expect((stacked[1]?.top ?? 0) + (stacked[1]?.height ?? 0)).toBeCloseTo(stacked[0]?.top ?? 0, 6);
    const means = chart({
      series,
      color: "origin",
      y: { ...AXIS, title: "mean of delay", categories: [] },
    });
    expect(isStacked(means)).toBe(false);
    const beside = drawingOf(means, 400, 300).marks;
    expect((beside[0]?.left ?? 0) + (beside[0]?.width ?? 0)).toBeCloseTo(beside[1]?.left ?? 0, 6);
  });

  it("below zero hang from it", () => {
    const series = [{ name: null, is_others: false, x: ["UA", "B6"], y: [4, -2], count: [1, 1] }];
    const [up, down] = drawingOf(chart({ series }), 400, 300).marks;
    expect((up?.top ?? 0) + (up?.height ?? 0)).toBeCloseTo(down?.top ?? -1, 6);
  });

  it("of a histogram are as wide as their bins", () => {
    const bins = chart({
      kind: "histogram",
      x: { ...AXIS, title: "delay", step: 10, categories: [] },
      series: [{ name: null, is_others: false, x: [-10, 0, 20], y: [1, 2, 3], count: [1, 2, 3] }],
      others: 0,
    });
    const { marks } = drawingOf(bins, 400, 300);
    const [first, second, third] = marks.map(({ left }) => left);
    expect((third ?? 0) - (second ?? 0)).toBeCloseTo(2 * ((second ?? 0) - (first ?? 0)), 6);
    expect(marks[0]?.words[0]).toEqual(["delay", "-10 to 0"]);
  });
});

describe("other charts", () => {
  it("draw a line through the points of each colour", () => {
    const line = chart({
      kind: "line",
      x: { ...AXIS, title: "day", scale: "time", unit: "day", categories: [] },
      series: [
        { name: "a", is_others: false, x: [0, 86_400_000], y: [1, 2], count: [1, 1] },
        { name: null, is_others: true, x: [0], y: [3], count: [1] },
      ],
      color: "kind",
    });
    const { lines, marks } = drawingOf(line, 400, 300);
    expect(lines.map(({ color }) => color)).toEqual([0, null]);
    expect(lines[0]?.path).toMatch(/^M[\d.]+ [\d.]+L[\d.]+ [\d.]+$/);
    expect(marks[0]?.words).toEqual([
      ["day", "1 Jan 1970"],
      ["kind", "a"],
      ["rows", "1"],
    ]);
  });

  it("show how many rows are in a cell", () => {
    const cells = chart({
      kind: "scatter",
      is_density: true,
      x: { ...AXIS, title: "x", step: 1, categories: [] },
      y: { ...AXIS, title: "y", step: 2, categories: [] },
      series: [{ name: null, is_others: false, x: [0, 1], y: [0, 2], count: [1, 100] }],
    });
    const [few, many] = drawingOf(cells, 400, 300).marks;
    expect(many?.weight).toBe(1);
    expect(few?.weight ?? 1).toBeLessThan(0.4);
    expect(many?.words.at(-1)).toEqual(["rows", "100"]);
  });

  it("fit when there is nothing to draw", () => {
    const nothing = chart({ series: [], x: { ...AXIS, categories: [] } });
    expect(drawingOf(nothing, 400, 300).marks).toEqual([]);
  });
});
