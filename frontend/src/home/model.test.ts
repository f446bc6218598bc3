import { describe, expect, it } from "vitest";
import type { PipelineSummary, RunSummary } from "../protocol";
import { linePoints, newestFailure, storyOf, trendOf } from "./model";

const NOW = Date.parse("2026-11-21T12:00:00Z");

function run(state: RunSummary["state"], seconds: number | null = 1, reason = ""): RunSummary {
  return { id: `${state} ${seconds}`, state, seconds, reason: reason || null } as RunSummary;
}

function pipeline(failingSince: string | null, ...runs: RunSummary[]): PipelineSummary {
  return { problem: null, failing_since: failingSince, runs } as unknown as PipelineSummary;
}

describe("storyOf", () => {
  it("says since when and why a pipeline fails", () => {
    const failing = pipeline("2026-11-10T14:05:00Z", run("failed", 1, "KeyError: 'temp'"));
    expect(storyOf(failing, NOW)).toMatch(/^failing since 10 Nov \d\d:05: KeyError: 'temp'$/);
  });

  it("says so too while the next try runs", () => {
    const next = { ...run("running"), started_at: new Date(NOW - 3000).toISOString() };
    const again = { ...next, blocks_done: 1, blocks_total: 4 };
    const failing = pipeline("2026-11-10T14:05:00Z", again, run("failed", 2));
    expect(storyOf(failing, NOW)).toMatch(/^running 3.0 s, block 2 of 4 · failing since 10 Nov/);
    expect(newestFailure(failing)?.id).toBe("failed 2");
  });

  it("says nothing of what went well again", () => {
    const well = pipeline(null, run("succeeded"), run("failed"));
    expect(storyOf(well, NOW)).toBe("");
    expect(newestFailure(well)).toBeUndefined();
  });
});

describe("trendOf", () => {
  const runs = (...seconds: number[]): RunSummary[] =>
    seconds.toReversed().map((one) => run("succeeded", one));

  it("tells of a change once there are enough runs on both sides", () => {
    expect(trendOf(runs(2, 2, 2, 2, 2, 3, 3, 3, 3, 3))?.change).toBeCloseTo(0.5);
    expect(trendOf(runs(2, 2, 2, 2, 3, 3, 3, 3, 3))?.change).toBeNull();
    expect(trendOf(runs(2, 2, 2, 2, 2, 2.2, 2.2, 2.2, 2.2, 2.2))?.change).toBeNull();
  });

  it("is of what succeeded, oldest first", () => {
    expect(trendOf([run("failed", 9), ...runs(1, 2), run("succeeded", null)])?.seconds).toEqual([
      1, 2,
    ]);
    expect(trendOf([run("failed", 9), run("succeeded", 1)])).toBeNull();
  });
});

it("a line begins at zero and ends at the edges", () => {
  expect(linePoints([1, 2], 10, 8)).toBe("0.0,4.0 10.0,0.0");
  expect(linePoints([0, 0], 10, 8)).toBe("0.0,8.0 10.0,8.0");
});
