import { describe, expect, it } from "vitest";
import type { BlockCode, BlockRun, Output, RunRecord } from "../protocol";
import {
  changeOf,
  codeDifference,
  durationWords,
  factsThatDiffer,
  type Pair,
  pairsOf,
  partsThatDiffer,
  resultWords,
  tablesThatDiffer,
} from "./compare";

function table(digest: string, rows: number): Output {
  return { digest, kind: "table", rows, column_count: 3, text: "" } as Output;
}

function block(name: string, output: Output | null, parts: Record<string, string> = {}): BlockRun {
  return { name, output, parts } as BlockRun;
}

function run(fields: Partial<RunRecord>): RunRecord {
  const plain = { state: "succeeded", origin: "cli", trigger: null, logical_time: null };
  return {
    ...plain,
    version: "1",
    published: 1,
    parameters: {},
    blocks: [],
    ...fields,
  } as RunRecord;
}

function code(name: string, text: string): BlockCode {
  return { name, text } as BlockCode;
}

it("only facts that differ are told", () => {
  const before = run({ parameters: { day: 1, gone: true, same: "x" } });
  const now = run({ state: "failed", published: 2, parameters: { day: 2, same: "x" } });
  expect(factsThatDiffer(before, now)).toEqual([
    { name: "state", before: "succeeded", now: "failed" },
    { name: "code", before: "version 1", now: "version 2" },
    { name: "parameter day", before: "1", now: "2" },
    { name: "parameter gone", before: "true", now: "–" },
  ]);
  expect(factsThatDiffer(now, now)).toEqual([]);
});

describe("pairsOf", () => {
  const before = run({ blocks: [block("old", null), block("a", table("x", 1), { code: "1" })] });
  const now = run({ blocks: [block("a", table("y", 2), { code: "2" }), block("new", null)] });
  const pairs = pairsOf(before, now, [[code("a", "one")], [code("a", "two"), code("new", "n")]]);

  it("has all blocks of both, the newer ones in front", () => {
    expect(pairs.map(({ name }) => name)).toEqual(["a", "new", "old"]);
    expect(pairs.map((pair) => [pair.before !== null, pair.now !== null])).toEqual([
      [true, true],
      [false, true],
      [true, false],
    ]);
  });

  it("knows what is different of each", () => {
    const [both, only] = pairs as [Pair, Pair];
    expect(both.differs).toEqual(["code"]);
    expect(codeDifference(both)).toEqual(["one", "two"]);
    expect(tablesThatDiffer(both)?.map(({ digest }) => digest)).toEqual(["x", "y"]);
    expect([codeDifference(only), tablesThatDiffer(only)]).toEqual([null, null]);
  });
});

it("parts that one side has alone differ, and of nothing known nothing is said", () => {
  expect(partsThatDiffer({ code: "1", "input a": "2" }, { code: "1", "input b": "2" })).toEqual([
    "input b",
    "input a",
  ]);
  expect(partsThatDiffer({}, { code: "1" })).toEqual([]);
});

it.each([
  [table("x", 5), table("x", 5), "5 × 3, the same"],
  [table("x", 5), table("y", 5), "5 × 3, other values"],
  [table("x", 5), table("y", 6), "5 × 3 → 6 × 3"],
  [null, table("y", 6), "nothing → 6 × 3"],
  [null, null, ""],
])("results %#", (before, now, words) => {
  expect(resultWords({ before: block("a", before), now: block("a", now) } as Pair)).toBe(words);
});

function timed(seconds: number | null, state = "succeeded"): BlockRun {
  return { seconds, state } as BlockRun;
}

it("only durations of two successes have a change, unless they are chance", () => {
  expect(changeOf(timed(1), timed(1.37))).toBeCloseTo(0.37);
  expect(changeOf(timed(0.001), timed(0.004))).toBeNull();
  expect(changeOf(timed(1, "failed"), timed(2))).toBeNull();
  expect(changeOf(null, timed(1))).toBeNull();
});

it.each([
  [timed(1), timed(1), "1.0 s"],
  [null, timed(2), "– → 2.0 s"],
  [timed(0, "cached"), timed(2), "cached → 2.0 s"],
])("durations %#", (before, now, words) => expect(durationWords(before, now)).toBe(words));
