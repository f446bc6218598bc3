import { describe, expect, it } from "vitest";
import type { Output } from "../../protocol";
import type { ColumnProfile } from "../profile";
import { expectationsOf } from "./expectations";

function output(type: string): Output {
  return {
    address: "a",
    digest: "d",
    kind: "table",
    rows: 4,
    column_count: 2,
    columns: [
      { name: "n", type },
      { name: "day", type: "date32[day]" },
    ],
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

function profile(part: Partial<ColumnProfile>): ColumnProfile {
  return {
    name: "n",
    at: 0,
    type: "int64",
    rows: 4,
    nulls: 0,
    nans: null,
    infinities: null,
    min: null,
    max: null,
    mean: null,
    quantiles: null,
    distinct: null,
    exact: true,
    histogram: null,
    top: null,
    ...part,
  };
}

function labels(type: string, part?: Partial<ColumnProfile>): string[] {
  const known = part === undefined ? undefined : profile(part);
  return expectationsOf(output(type), "n", known).map(({ label }) => label);
}

describe("expectationsOf", () => {
  it("offers what needs no statistics before they have come", () => {
    expect(labels("int64")).toEqual(["Not null", "Unique", "These columns and types"]);
  });

  it("offers the range of numbers and moments", () => {
    const range = { min: "1", max: "9.5" };
    expect(labels("double", range)).toContain("In this range");
    expect(labels("timestamp[us]", range)).toContain("In this range");
    expect(labels("large_string", range)).not.toContain("In this range");
    const entries = expectationsOf(output("double"), "n", profile(range));
    expect(entries[2]?.expectation).toEqual({ column: "n", minimum: 1, maximum: 9.5 });
    expect(entries[2]?.detail).toBe("1 to 9.5");
  });

  it("offers no range that a number of JSON cannot say", () => {
    expect(labels("int64", { min: "0", max: "9223372036854775807" })).not.toContain(
      "In this range",
    );
    expect(labels("double", { min: "0", max: "inf" })).not.toContain("In this range");
  });

  it("offers few values that are all of them", () => {
    const top = [
      { value: "b", count: 2 },
      { value: "a", count: 2 },
    ];
    const entries = expectationsOf(output("large_string"), "n", profile({ top, distinct: 2 }));
    expect(entries[2]?.expectation).toEqual({ column: "n", choices: ["a", "b"] });
    expect(labels("large_string", { top, distinct: 3 })).not.toContain("One of these values");
    expect(labels("large_string", { top, distinct: 2, exact: false })).toHaveLength(3);
  });

  it("says what of the data of now would be against it", () => {
    const [notNull, unique] = expectationsOf(
      output("int64"),
      "n",
      profile({ nulls: 1, distinct: 2 }),
    );
    expect(notNull?.detail).toBe("now 1 are null");
    expect(unique?.detail).toBe("now 2 distinct values");
  });

  it("has the schema with all columns", () => {
    const entries = expectationsOf(output("int64"), "n", undefined);
    expect(entries[2]?.expectation).toEqual({ schema: { n: "int64", day: "date32[day]" } });
    const wide = { ...output("int64"), column_count: 5000 };
    expect(expectationsOf(wide, "n", undefined)[2]?.impossible).toMatch("too many");
  });
});
