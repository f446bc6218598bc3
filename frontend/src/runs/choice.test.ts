import { describe, expect, it } from "vitest";
import type { RunSummary } from "../protocol";
import { pairOf } from "./choice";
import { forAll } from "./retry";

function run(id: string, minute: number, pipeline = "p"): RunSummary {
  return { id, pipeline, queued_at: `2026-11-21T06:0${minute}:00Z` } as RunSummary;
}

describe("pairOf", () => {
  it("puts the older one first", () => {
    const pair = pairOf([run("new", 2), run("old", 1)]);
    expect(pair?.map(({ id }) => id)).toEqual(["old", "new"]);
  });

  it.each([
    ["one", [run("a", 1)]],
    ["three", [run("a", 1), run("b", 2), run("c", 3)]],
    ["two pipelines", [run("a", 1), run("b", 2, "q")]],
  ])("there is none of %s", (_, runs) => expect(pairOf(runs)).toBeNull());
});

it("one that is refused keeps no other, and few are asked for at once", async () => {
  let now = 0;
  let most = 0;
  const asked: number[] = [];
  const { done, refused } = await forAll(
    Array.from({ length: 20 }, (_, number) => number),
    async (number) => {
      most = Math.max(most, ++now);
      asked.push(number);
      await Promise.resolve();
      now -= 1;
      if (number === 3) throw new Error("no");
    },
  );
  expect([done, refused.length, asked.length]).toEqual([19, 1, 20]);
  expect(most).toBeLessThanOrEqual(6);
});
