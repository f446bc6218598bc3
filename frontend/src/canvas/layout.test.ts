import { describe, expect, it } from "vitest";
import { type Graph, NODE_HEIGHT, NODE_WIDTH, place } from "./layout";

const graph: Graph = {
  nodes: ["flights", "weather", "late", "joined", "report"],
  edges: [
    ["flights", "late"],
    ["flights", "joined"],
    ["weather", "joined"],
    ["late", "report"],
    ["joined", "report"],
  ],
};

describe("layout", () => {
  it("puts every block to the right of all that it reads", () => {
    const places = place(graph);
    for (const [from, to] of graph.edges) {
      expect(places[to]?.x).toBeGreaterThan((places[from]?.x ?? 0) + NODE_WIDTH);
    }
  });

  it("never lays one node over another", () => {
    const places = Object.values(place(graph));
    for (const [index, a] of places.entries()) {
      for (const b of places.slice(index + 1)) {
        const apart = Math.abs(a.x - b.x) >= NODE_WIDTH || Math.abs(a.y - b.y) >= NODE_HEIGHT;
        expect(apart).toBe(true);
      }
    }
  });

  it("is the same every time", () => {
    expect(place(graph)).toEqual(place(graph));
  });

  it("draws blocks without edges", () => {
    expect(Object.keys(place({ nodes: ["a", "b"], edges: [] }))).toEqual(["a", "b"]);
  });
});
