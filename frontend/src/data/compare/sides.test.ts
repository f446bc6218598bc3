import { describe, expect, it } from "vitest";
import type { Output, PastResult, PastResults } from "../../protocol";
import { firstSide, sidesOf } from "./sides";

const NOW = Date.parse("2026-03-01T12:00:00Z");

function table(address: string, inputs: Output["inputs"] = {}): Output {
  return {
    address,
    digest: address,
    kind: "table",
    rows: 1200,
    column_count: 3,
    columns: [],
    size_bytes: 0,
    type_name: "pandas.DataFrame",
    text: "",
    notes: [],
    within: "",
    holds: false,
    inputs,
    made_at: null,
    checks: [],
    reached: null,
  };
}

function result(address: string, part: Partial<PastResult> = {}): PastResult {
  return {
    output: table(address),
    run: "r",
    origin: "editor",
    trigger: null,
    finished_at: "2026-03-01T10:00:00Z",
    times: 1,
    stored: true,
    ...part,
  };
}

function sides(output: Output, past?: PastResults, others: Record<string, Output | null> = {}) {
  const neighbours = Object.entries(others).map(([name, other]) => ({ name, output: other }));
  return sidesOf({ output, past, neighbours, now: NOW });
}

describe("sidesOf", () => {
  it("gives earlier results, the last tick, the inputs and the other blocks", () => {
    const shape = { address: "in", rows: 9, column_count: 2, type_name: "pandas.DataFrame" };
    const past = {
      results: [result("now"), result("old"), result("older")],
      scheduled: result("tick", { origin: "trigger", trigger: "nightly" }),
    };
    const found = sides(table("now", { flights: shape }), past, {
      flights: table("in"),
      w: table("w"),
    });
    expect(found.map(({ address, label }) => [address, label])).toEqual([
      ["old", "previous result, 2 h ago · 1,200 × 3"],
      ["older", "result, 2 h ago · 1,200 × 3"],
      ["tick", "last run of nightly, 2 h ago · 1,200 × 3"],
      ["in", "flights · 9 × 2"],
      ["w", "w · 1,200 × 3"],
    ]);
  });

  it("leaves out what is no table, what was removed, and itself", () => {
    const value = { ...table("v"), kind: "json" as const };
    const past = {
      results: [result("now"), result("gone", { stored: false }), result("v", { output: value })],
      scheduled: result("gone", { stored: false }),
    };
    const json = { address: "v", rows: 3, column_count: null, type_name: "list" };
    expect(
      sides(table("now", { v: json }), past, { v: value, n: null, self: table("now") }),
    ).toEqual([]);
  });
});

describe("firstSide", () => {
  const shape = { address: "in", rows: 9, column_count: 2, type_name: "pandas.DataFrame" };
  const now = table("now", { flights: shape });
  const none = { results: [], scheduled: null };

  it.each([
    [{ ...none, results: [result("old")] }, "old"],
    [{ ...none, scheduled: result("tick") }, "tick"],
    [{ ...none, scheduled: result("now") }, "in"],
    [none, "in"],
    [undefined, "in"],
  ])("of %j is %s", (past, address) => {
    expect(firstSide(sides(now, past), now)?.address).toBe(address);
  });

  it("is nothing of a first result without inputs", () => {
    expect(
      firstSide(sides(table("now"), none, { other: table("w") }), table("now")),
    ).toBeUndefined();
  });
});
