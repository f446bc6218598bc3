import { describe, expect, it } from "vitest";
import type { Output } from "../../protocol";
import { deltaWords, shapeWords } from "./shape";

function table(
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
  };
}

describe("shapeWords", () => {
  it.each([
    [table(336776, 19), "336,776 × 19"],
    [table(3, null, "json"), "3 items"],
    [table(null, null, "pickle"), "pandas.DataFrame"],
    [table(null, null, "nothing"), "nothing"],
  ])("of %j", (output, words) => {
    expect(shapeWords(output)).toBe(words);
  });
});

describe("deltaWords", () => {
  it.each([
    [table(336776, 19), table(16, 5), "−336,760 rows, −14 columns"],
    [table(10, 2), table(11, 2), "+1 row"],
    [table(10, 2), table(10, 2), ""],
    [null, table(10, 2), ""],
  ])("from %j to %j", (input, output, words) => {
    expect(deltaWords(input, output)).toBe(words);
  });
});
