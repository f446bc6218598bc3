import { describe, expect, it } from "vitest";
import type { Backfill } from "../protocol";
import { endedOf, estimateInWords, isActive, progressInWords, spanInWords } from "./progress";

const NONE = { waiting: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0, passed: 0 };
const RUNNING: Backfill = {
  id: "b",
  pipeline: "p",
  trigger: "daily",
  state: "running",
  first: "2026-10-31T23:00:00Z",
  last: "2026-11-30T22:59:59Z",
  timezone: "Europe/Berlin",
  which: "missing",
  skipped: false,
  parallel: 3,
  order: "oldest",
  created_at: "2026-11-30T00:00:00Z",
  finished_at: null,
  problem: null,
  total: 31,
  counts: { ...NONE, succeeded: 11, failed: 1, running: 3, waiting: 16 },
  run_seconds: 240,
  seconds_left: 480,
};

describe("a backfill", () => {
  it("says how far it is", () => {
    expect(endedOf(RUNNING)).toBe(12);
    expect(progressInWords(RUNNING)).toBe("12 of 31 · 1 failed · 3 running · about 8 m left");
    expect(progressInWords({ ...RUNNING, state: "paused" })).toBe(
      "12 of 31 · 1 failed · 3 running",
    );
    const over = { ...RUNNING, state: "cancelled", counts: { ...NONE, cancelled: 2, passed: 1 } };
    expect(progressInWords(over as Backfill)).toBe(
      "3 of 31 · 2 cancelled · 1 had their run already",
    );
  });

  it("names its days as the trigger's zone has them", () => {
    expect(spanInWords(RUNNING)).toBe("1 Nov to 30 Nov");
    expect(spanInWords({ ...RUNNING, last: "2026-11-01T12:00:00Z" })).toBe("1 Nov");
  });

  it("is over when it is finished or cancelled", () => {
    const states = ["running", "paused", "finished", "cancelled"] as const;
    expect(states.map((state) => isActive({ ...RUNNING, state }))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it("is estimated from the runs before it", () => {
    expect(estimateInWords(31, 252, 3, 2604)).toBe(
      "31 runs × 4 m 12 s, 3 at once → about 43 m 24 s",
    );
    expect(estimateInWords(1, 2, 8, 2)).toBe("1 run × 2.0 s → about 2.0 s");
    expect(estimateInWords(5, null, 1, null)).toBe("5 runs");
    expect(estimateInWords(0, 252, 1, 0)).toBe("0 runs × 4 m 12 s");
  });
});
