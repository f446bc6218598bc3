import { describe, expect, it } from "vitest";
import type { Output } from "../../protocol";
import { changeWords, deltaWords, inputWords, shapeWords, stripSentence } from "./shape";

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
    within: "",
    holds: false,
    inputs: {},
    made_at: null,
    checks: [],
    reached: null,
  };
}

describe("shapeWords", () => {
  it.each([
    [output(336776, 19), "336,776 × 19"],
    [output(3, null, "json"), "3 rows"],
    [output(null, null, "pickle"), "pandas.DataFrame"],
    [output(null, null, "nothing"), "nothing"],
    [{ ...output(null, null, "nothing"), within: "totals" }, "computed within totals"],
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

const flights = { address: "f", rows: 336776, column_count: 19, type_name: "pandas.DataFrame" };
const number = { address: "n", rows: null, column_count: null, type_name: "int" };

describe("what an output was made of", () => {
  it("is told with its recorded size", () => {
    const made = { ...output(16, 5), inputs: { flights, limit: number } };
    expect(inputWords(made)).toEqual(["flights 336,776 × 19", "limit int"]);
    expect(changeWords(made)).toBe("");
    expect(changeWords({ ...made, inputs: { flights } })).toBe("−336,760 rows, −14 columns");
    expect(changeWords({ ...made, inputs: { limit: number } })).toBe("");
    expect(changeWords(output(16, 5))).toBe("");
  });
});

describe("stripSentence", () => {
  const facts = { seconds: "0.21 s", isCached: false, size: "1.3 MB", age: "2 h ago" };

  it.each([
    [
      { ...facts, output: { ...output(16, 1), inputs: { flights } } },
      "Made of flights with 336,776 rows and 19 columns.\nIt has 16 rows and 1 column" +
        " (−336,760 rows, −18 columns), 1.3 MB.\nMade 2 h ago in 0.21 s.",
    ],
    [
      { ...facts, seconds: null, isCached: true, output: output(1, 2) },
      "It has 1 row and 2 columns, 1.3 MB.\nTaken from the store.\nMade 2 h ago.",
    ],
    [
      { ...facts, age: "", output: { ...output(null, null, "pickle"), inputs: { limit: number } } },
      "Made of limit with int.\nIt has pandas.DataFrame, 1.3 MB.",
    ],
  ])("of %j", (strip, words) => {
    expect(stripSentence(strip)).toBe(words);
  });
});
