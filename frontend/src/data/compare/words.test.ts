import { describe, expect, it } from "vitest";
import type { ColumnChange, ColumnFacts, Comparison } from "../../protocol";
import { differs, driftWords, factLines, rowCounts, schemaLines, signed } from "./words";

const FACTS: ColumnFacts = {
  nulls: 0,
  distinct: 3,
  min: "1",
  max: "9",
  mean: 4,
  quartiles: [2, 4, 6],
  shares: [],
};

function column(part: Partial<ColumnChange> = {}): ColumnChange {
  return {
    name: "n",
    change: "same",
    type: "int64",
    type_before: "int64",
    now: FACTS,
    before: FACTS,
    bins: [],
    drift: 0,
    changed: null,
    ...part,
  };
}

describe("rowCounts", () => {
  it("tells of the kinds that there are", () => {
    const changes = {
      key: ["id"],
      added: 2,
      removed: 0,
      changed: 1,
      same: 9,
      repeated: 0,
      repeated_before: 4,
      problem: "",
    };
    expect(rowCounts(changes).map(({ kind, count }) => [kind, count])).toEqual([
      ["changed", 1],
      ["added", 2],
      ["repeated-before", 4],
    ]);
  });
});

describe("schemaLines", () => {
  it("tells of each column once", () => {
    const comparison = {
      columns: [
        column({ name: "delay", change: "added", type_before: null }),
        column({ name: "tz", change: "added", type: "string", type_before: null }),
        column({ name: "day", change: "retyped", type: "double" }),
        column({ name: "late", change: "removed", type: null }),
        column({ name: "old", change: "removed", type: null }),
        column({ name: "same" }),
      ],
      renamed: [{ name_before: "late", name: "delay", sure: true }],
      reordered: true,
    } as unknown as Comparison;
    expect(schemaLines(comparison)).toEqual([
      { sign: "→", text: "late is now delay" },
      { sign: "+", text: "tz string" },
      { sign: "~", text: "day was int64, is double" },
      { sign: "−", text: "old int64" },
      { sign: "⇅", text: "the columns stand in another order" },
    ]);
  });
});

describe("differs", () => {
  it.each([
    [column(), false],
    [column({ changed: 0 }), false],
    [column({ changed: 1 }), true],
    [column({ drift: 0.2 }), true],
    [column({ change: "retyped" }), true],
    [column({ now: { ...FACTS, max: "10" } }), true],
    [column({ now: { ...FACTS, nulls: 1 } }), true],
  ])("of %j is %s", (one, answer) => {
    expect(differs(one)).toBe(answer);
  });
});

describe("factLines", () => {
  it("has the facts of both sides", () => {
    const lines = factLines(column({ before: { ...FACTS, nulls: 5 } }), 100, 50);
    expect(lines.slice(0, 3)).toEqual([
      { word: "null", before: "10 %", now: "0 %" },
      { word: "distinct", before: "3", now: "3" },
      { word: "mean", before: "4", now: "4" },
    ]);
  });

  it("has one side of a column that was added", () => {
    const lines = factLines(column({ before: null, change: "added" }), 1, 1);
    expect(lines.every(({ before }) => before === "")).toBe(true);
  });
});

describe("driftWords", () => {
  it.each([
    [null, ""],
    [0, "same distribution"],
    [0.0001, "< 0.1 % moved"],
    [0.034, "3.4 % moved"],
    [1, "100 % moved"],
  ])("of %s is %s", (drift, words) => {
    expect(driftWords(column({ drift }))).toBe(words);
  });
});

describe("signed", () => {
  it.each([
    [0, ""],
    [1200, "+1,200"],
    [-3, "−3"],
  ])("of %i is %s", (by, words) => {
    expect(signed(by)).toBe(words);
  });
});
