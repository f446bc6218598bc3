import { describe, expect, it } from "vitest";
import { chartAt, chooseChart, guess, kindOf, withKind } from "./choice";

const COLUMNS = [
  { name: "day", type: "timestamp[us, tz=UTC]" },
  { name: "carrier", type: "large_string" },
  { name: "delay", type: "double" },
  { name: "distance", type: "int64" },
  { name: "tags", type: "list<item: string>" },
];

describe("a column", () => {
  it.each([
    ["int64", "number"],
    ["decimal128(10, 2)", "number"],
    ["date32[day]", "time"],
    ["bool", "name"],
    ["dictionary<values=string, indices=int8, ordered=0>", "name"],
    ["dictionary<values=int64, indices=int8, ordered=0>", "name"],
    ["list<item: string>", "other"],
    ["binary", "other"],
  ] as const)("of type %s is drawn as %s", (type, kind) => {
    expect(kindOf(type)).toBe(kind);
  });
});

describe("a chart", () => {
  it("is guessed until somebody chooses one", () => {
    expect(guess(COLUMNS)).toEqual({ kind: "bar", x: "carrier" });
    expect(guess(COLUMNS.slice(2))).toEqual({ kind: "histogram", x: "delay" });
    expect(guess(COLUMNS.slice(4))).toBeNull();
    chooseChart("p/b", { kind: "histogram", x: "delay" });
    expect(chartAt("p/b", COLUMNS)).toEqual({ kind: "histogram", x: "delay" });
    expect(chartAt("p/b", COLUMNS.slice(0, 2))).toEqual({ kind: "bar", x: "carrier" });
  });

  it("of another kind gets the columns that it needs", () => {
    const bars = { kind: "bar", x: "carrier" } as const;
    expect(withKind(bars, "histogram", COLUMNS)).toMatchObject({ x: "delay", y: null });
    expect(withKind(bars, "scatter", COLUMNS)).toMatchObject({ x: "delay", y: "distance" });
    expect(withKind(bars, "line", COLUMNS)).toMatchObject({ x: "day" });
    const spread = { kind: "histogram", x: "distance", bins: 20 } as const;
    expect(withKind(spread, "bar", COLUMNS)).toMatchObject({ x: "distance", bins: null });
  });
});
