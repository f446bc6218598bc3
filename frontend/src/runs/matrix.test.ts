import { describe, expect, test } from "vitest";
import type { MatrixCell, RunSummary } from "../protocol";
import { cellWords, daysOf, shareOf, stepOf } from "./matrix";

const run = (queued_at: string): RunSummary => ({
  id: queued_at,
  pipeline: "p",
  state: "succeeded",
  origin: "trigger",
  trigger: null,
  published: null,
  limits: null,
  retry: null,
  logical_time: null,
  queued_at,
  started_at: null,
  finished_at: null,
  seconds: null,
  blocks_done: 0,
  blocks_total: 0,
  reason: null,
});

describe("a cell says", () => {
  const cells: [string, Partial<MatrixCell>, string][] = [
    ["how long it took", { state: "succeeded", seconds: 1.5 }, ": ok in 1.5 s"],
    [
      "how often it was tried and why it failed",
      { state: "failed", seconds: 2, attempts: 3, reason: "KeyError: 'x'" },
      ": failed after 3 attempts in 2.0 s\nKeyError: 'x'",
    ],
    ["what it was skipped for", { state: "skipped", reason: "load" }, ": skipped: load"],
  ];
  test.each(cells)("%s", (_, cell, words) => {
    const whole = { state: "queued", seconds: null, attempts: 0, reason: null, ...cell } as const;
    const said = cellWords("clean", run("2026-11-21T09:00:00Z"), whole);
    expect(said.startsWith("clean in the run of ")).toBe(true);
    expect(said.endsWith(words)).toBe(true);
  });
});

test("the longest run is whole, short ones can be seen, none is none", () => {
  expect([10, 5, 0.001, null].map((seconds) => shareOf(seconds, 10))).toEqual([1, 0.5, 0.08, 0]);
  expect(shareOf(0, 0)).toBe(0);
});

test("a day stands above its first run unless the one before is too close", () => {
  const hours = ["20T09", "20T10", "20T11", "20T12", "21T09", "22T09", "23T09", "24T09"];
  const days = daysOf(
    hours.map((hour) => run(`2026-11-${hour}:00:00`)),
    3,
  );
  expect([...days.keys()]).toEqual([0, 4, 7]);
});

describe("arrow keys stay inside", () => {
  const steps: [string, { row: number; column: number } | null][] = [
    ["ArrowLeft", { row: 1, column: 0 }],
    ["ArrowRight", { row: 1, column: 1 }],
    ["ArrowUp", { row: 0, column: 0 }],
    ["ArrowDown", { row: 2, column: 0 }],
    ["End", { row: 1, column: 4 }],
    ["Home", { row: 1, column: 0 }],
    ["x", null],
  ];
  test.each(steps)("%s", (key, there) => {
    expect(stepOf(key, { row: 1, column: 0 }, 3, 5)).toEqual(there);
  });
  test("at the last row", () => {
    expect(stepOf("ArrowDown", { row: 2, column: 0 }, 3, 5)).toEqual({ row: 2, column: 0 });
  });
});
