import { describe, expect, it } from "vitest";
import { rails } from "./rails";

const block = (name: string, ...upstream: string[]) => ({ name, upstream });

describe("rails", () => {
  it("keep a plain chain on the lane of the dots", () => {
    const found = rails([block("a"), block("b", "a"), block("c", "b")]);
    expect(found.map((rail) => rail.lane)).toEqual([0, 0]);
  });

  it("give edges that overlap lanes of their own", () => {
    const found = rails([block("a"), block("b"), block("c", "a"), block("d", "b")]);
    expect(found.map(({ from, to, lane }) => [from, to, lane])).toEqual([
      [0, 2, 1],
      [1, 3, 2],
    ]);
  });

  it("share one lane among all readers of a block", () => {
    const [rail] = rails([block("a"), block("b", "a"), block("c", "a")]);
    expect(rail).toEqual({ from: 0, to: 2, stops: [1, 2], lane: 1 });
  });

  it("use a lane again after its rail has ended", () => {
    const blocks = [block("a"), block("b"), block("c", "a"), block("d"), block("e", "c")];
    expect(rails(blocks).map((rail) => rail.lane)).toEqual([1, 1]);
  });

  it("leave out upstreams that are gone", () => {
    expect(rails([block("a", "gone")])).toEqual([]);
  });
});
