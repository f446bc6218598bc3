import { describe, expect, it } from "vitest";
import type { Output } from "../../protocol";
import { deltaWords, shapeWords } from "./shape";

function output(
  rows: number | null,
  columns: number | null,
  kind: Output["kind"] = "table",
): Output {
  return {
    address: "a",
    digest: "d",
    kind,
    rows,
    column_count: columns,
    columns: [],
    size_bytes: 0,
    type_name: "pandas.DataFrame",
    text: "",
    notes: [],
    holds: false,
    inputs: {},
  };
}

describe("shapeWords", () => {
  it.each([
    [output(336776, 19), "336,776 × 19"],
    [output(3, null, "json"), "3 rows"],
    [output(null, null, "pickle"), "pandas.DataFrame"],
    [output(null, null, "nothing"), "nothing"],
  ])("of %j", (value, words) => {
    expect(shapeWords(value)).toBe(words);
  });
});

describe("deltaWords", () => {
  it.each([
    [output(336776, 19), output(16, 5), "−336,760 rows, −14 columns"],
    [output(10, 2), output(11, 2), "+1 row"],
    [output(10, 2), output(10, 2), ""],
    [null, output(10, 2), ""],
  ])("from %j to %j", (before, after, words) => {
    expect(deltaWords(before, after)).toBe(words);
  });
});
