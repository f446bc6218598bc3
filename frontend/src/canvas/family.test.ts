import { describe, expect, it } from "vitest";
import type { BlockTable } from "../protocol";
import { type Focus, familyOf } from "./family";

const EDGES: Record<string, string[]> = { a: [], b: ["a"], c: ["a"], d: ["b", "c"], e: [] };
const BLOCKS = Object.entries(EDGES).map(([name, upstream]) => ({ name, upstream }) as BlockTable);

function shown(focus: Focus | null): Record<string, readonly string[]> {
  return Object.fromEntries(familyOf(BLOCKS, focus).map(({ name, upstream }) => [name, upstream]));
}

describe("familyOf", () => {
  it("shows all without a focus, and when its block is gone", () => {
    expect(shown(null)).toEqual(EDGES);
    expect(shown({ block: "gone", side: "ancestors" })).toEqual(EDGES);
  });

  it("shows a block with what it needs", () => {
    expect(shown({ block: "b", side: "ancestors" })).toEqual({ a: [], b: ["a"] });
  });

  it("shows a block with what needs it, and no edge that leads out", () => {
    expect(shown({ block: "b", side: "descendants" })).toEqual({ b: [], d: ["b"] });
  });
});
