import { describe, expect, it } from "vitest";
import type { Attempt, BlockRun, Failure, RunRecord } from "../protocol";
import { addressOf, filterOf } from "./filter";
import { withPlaces } from "./useRun";
import {
  attemptWords,
  cacheWords,
  originWords,
  resumedWords,
  retryWords,
  startWords,
  waitsFor,
} from "./words";

function block(name: string, state: BlockRun["state"], ...upstream: string[]): BlockRun {
  return { name, state, upstream, place: null } as unknown as BlockRun;
}

const RUN = {
  state: "running",
  blocks: [block("a", "running"), block("b", "succeeded"), block("c", "queued", "a", "b")],
} as RunRecord;

describe("words of a run", () => {
  it.each<[Partial<Attempt>, ReturnType<typeof attemptWords>]>([
    [
      {
        state: "failed",
        started_at: "2026-11-21T06:00:00Z",
        finished_at: "2026-11-21T06:00:02Z",
        failure: { kind: "died", type: "Died", message: "Signal 11.\nMore." } as Failure,
      },
      { sign: "failed", words: "Died: Signal 11.", seconds: 2 },
    ],
    [
      { state: "failed", failure: { kind: "timeout", type: "Timeout", message: "" } as Failure },
      { sign: "timeout", words: "Timeout", seconds: null },
    ],
    [{ state: "succeeded" }, { sign: "ok", words: "succeeded", seconds: null }],
  ])("attempt %j", (part, words) => {
    const attempt: Attempt = {
      number: 1,
      state: "queued",
      started_at: null,
      finished_at: null,
      failure: null,
      timings: null,
      ...part,
    };
    expect(attemptWords(attempt)).toEqual(words);
  });

  it.each([
    ["hit: same code", { found: "hit", reason: "same code" }],
    ["miss", { found: "miss", reason: "" }],
    ["", null],
    [null, null],
  ])("cache %j", (text, words) => expect(cacheWords(text)).toEqual(words));

  it("say what a queued block waits for, while the run goes on", () => {
    const [, , queued] = RUN.blocks;
    if (queued === undefined) throw new Error("the run has three blocks");
    expect(waitsFor(RUN, queued)).toEqual(["a"]);
    expect(waitsFor({ ...RUN, state: "cancelled" }, queued)).toEqual([]);
  });

  it("say that a run was resumed, and what a retry does", () => {
    expect([resumedWords({ attempt: 1 }), resumedWords({ attempt: 2 })]).toEqual([
      null,
      "resumed (attempt 2)",
    ]);
    expect([retryWords([]), retryWords(["a"]), retryWords(["a", "b"])]).toEqual([
      "Run again",
      "Retry from a",
      "Retry 2 failed blocks",
    ]);
  });

  it("say which try of its tick a run is, and when it starts", () => {
    const retry = { of: "r", number: 2, start_at: "2026-11-21T06:01:30Z" };
    const limits = { timeout_s: null, retries: 3, backoff_s: 60 };
    const run = { origin: "retry", trigger: "nightly", retry, limits } as const;
    expect(originWords(run)).toBe("try 2 of 3 of nightly");
    expect(originWords({ ...run, retry: null })).toBe("retry");
    const before = Date.parse("2026-11-21T06:00:00Z");
    expect(startWords({ state: "queued", retry }, before)).toMatch(/^starts at \d\d:\d\d:30$/);
    expect(startWords({ state: "queued", retry }, before + 3_600_000)).toBeNull();
    expect(startWords({ state: "running", retry }, before)).toBeNull();
    expect(startWords({ state: "queued", retry: null }, before)).toBeNull();
  });

  it("give places to blocks, and keep the run when none moved", () => {
    const moved = withPlaces(RUN, { c: 2 });
    expect(moved.blocks.map(({ place }) => place)).toEqual([null, null, 2]);
    expect(withPlaces(moved, { c: 2 })).toBe(moved);
  });
});

describe("the list of runs", () => {
  it.each([
    "/runs",
    "/runs?state=failed",
    "/runs?pipeline=daily&state=failed&origin=cli&time=yesterday",
    "/runs?backfill=b",
  ])("keeps its filter in %s", (address) => {
    expect(addressOf(filterOf(new URL(address, "http://x").searchParams))).toBe(address);
  });
});
