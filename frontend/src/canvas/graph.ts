/** The pipeline as a drawing: nodes, edges, and where the arrow keys lead. */
import type { BlockTable } from "../protocol";
import type { Graph, Places } from "./layout";

/** Text has no data and therefore no place in the graph. */
export function graphOf(blocks: readonly BlockTable[]): Graph {
  const nodes = blocks.filter((block) => block.kind !== "markdown").map((block) => block.name);
  const known = new Set(nodes);
  const edges = blocks.flatMap((block) =>
    block.upstream
      .filter((up) => known.has(up) && known.has(block.name))
      .map((up): [string, string] => [up, block.name]),
  );
  return { nodes, edges };
}

/** Equal for graphs that are drawn alike, whatever else changed. */
export function shapeOf(graph: Graph): string {
  return `${graph.nodes.join(" ")}|${graph.edges.map((edge) => edge.join(">")).join(" ")}`;
}

export type Direction = "left" | "right" | "up" | "down";

/** Along the DAG to the left and right, by place up and down; null when there is nothing there. */
export function neighbour(
  graph: Graph,
  places: Places,
  from: string,
  direction: Direction,
): string | null {
  const here = places[from];
  if (here === undefined) return null;
  const candidates = candidatesOf(graph, places, from, direction);
  const distance = (name: string): number => {
    const there = places[name] ?? here;
    return Math.abs(there.y - here.y) + Math.abs(there.x - here.x) * 2;
  };
  return candidates.sort((a, b) => distance(a) - distance(b))[0] ?? null;
}

function candidatesOf(graph: Graph, places: Places, from: string, direction: Direction): string[] {
  if (direction === "left")
    return graph.edges.filter(([, to]) => to === from).map(([upstream]) => upstream);
  if (direction === "right")
    return graph.edges.filter(([upstream]) => upstream === from).map(([, to]) => to);
  const y = places[from]?.y ?? 0;
  return graph.nodes.filter((name) => {
    const there = places[name]?.y ?? y;
    return direction === "up" ? there < y : there > y;
  });
}

/** Width of an edge in pixels: it grows with the logarithm of its rows. */
export function edgeWidth(rows: number | null): number {
  return rows === null ? 1.25 : Math.min(1.25 + Math.log10(rows + 1) * 0.5, 4.5);
}
