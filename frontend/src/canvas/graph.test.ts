import { describe, expect, it } from "vitest";
import { type Direction, edgeWidth, neighbour } from "./graph";
import type { Graph, Places } from "./layout";

const graph: Graph = {
  nodes: ["flights", "weather", "late", "joined"],
  edges: [
    ["flights", "late"],
    ["flights", "joined"],
    ["weather", "joined"],
  ],
};
const places: Places = {
  flights: { x: 0, y: 0 },
  weather: { x: 0, y: 100 },
  late: { x: 300, y: 0 },
  joined: { x: 300, y: 100 },
};

describe("neighbour", () => {
  it.each<[string, Direction, string | null]>([
    ["flights", "right", "late"],
    ["weather", "right", "joined"],
    ["joined", "left", "weather"],
    ["late", "left", "flights"],
    ["late", "down", "joined"],
    ["late", "up", null],
    ["late", "right", null],
    ["gone", "left", null],
  ])("of %s to the %s is %s", (from, direction, expected) => {
    expect(neighbour(graph, places, from, direction)).toBe(expected);
  });
});

describe("edgeWidth", () => {
  it("grows with the rows and has an end", () => {
    expect(edgeWidth(null)).toBeLessThan(edgeWidth(1000));
    expect(edgeWidth(1e9)).toBeLessThanOrEqual(edgeWidth(1e12));
    expect(edgeWidth(1e12)).toBeLessThanOrEqual(4.5);
  });
});
