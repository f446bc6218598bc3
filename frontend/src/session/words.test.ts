import { describe, expect, it } from "vitest";
import type { BlockStatus } from "../protocol";
import { NEVER } from "./state";
import { agoWords, secondsWords, stateWords } from "./words";

const NOW = Date.parse("2026-03-28T12:00:00Z");
const fresh: BlockStatus["staleness"] = { state: "fresh", reasons: [] };

describe("secondsWords", () => {
  it.each([
    [0.041, "41 ms"],
    [0.9996, "1.0 s"],
    [3.12, "3.1 s"],
    [59.96, "1 min 0 s"],
    [250, "4 min 10 s"],
    [4800, "1 h 20 min"],
  ])("of %d", (seconds, words) => {
    expect(secondsWords(seconds)).toBe(words);
  });
});

describe("agoWords", () => {
  it.each([
    [2, "now"],
    [59, "59 s ago"],
    [7200, "2 h ago"],
    [200_000, "2 d ago"],
    [-5, "now"],
  ])("of %d seconds", (seconds, words) => {
    expect(agoWords(NOW - seconds * 1000, NOW)).toBe(words);
  });
});

describe("stateWords", () => {
  it.each<[Partial<BlockStatus>, string]>([
    [{}, "not run"],
    [{ state: "succeeded", staleness: fresh, seconds: 0.21 }, "ok 210 ms"],
    [
      { state: "cached", staleness: fresh, finished_at: "2026-03-28T10:00:00Z" },
      "cached 2 h ago",
    ],
    [
      { state: "succeeded", staleness: { state: "stale", reasons: ["code edited"] } },
      "stale: code edited",
    ],
    [{ state: "running", started_at: "2026-03-28T11:59:56.9Z" }, "running 3.1 s"],
    [{ state: "skipped", because: "clean" }, "skipped: clean failed"],
    [{ state: "cancelled" }, "cancelled"],
  ])("of %j", (status, words) => {
    expect(stateWords({ ...NEVER, ...status }, NOW)).toBe(words);
  });
});
