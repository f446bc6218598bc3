/** Layered places of the nodes, left to right, and what a drawing of the pipeline is made of. */
import { layout as dagre, graphlib } from "@dagrejs/dagre";

export const NODE_WIDTH = 204;
export const NODE_HEIGHT = 74;

export interface Graph {
  nodes: string[];
  /** Pairs of upstream and downstream. */
  edges: [string, string][];
}

export type Places = Record<string, { x: number; y: number }>;

/** Top left corners. The order of `nodes` breaks ties, so the same graph always gives the same places. */
export function place(graph: Graph): Places {
  const drawing = new graphlib.Graph();
  drawing.setGraph({ rankdir: "LR", nodesep: 32, ranksep: 80, marginx: 0, marginy: 0 });
  drawing.setDefaultEdgeLabel(() => ({}));
  for (const name of graph.nodes) drawing.setNode(name, { width: NODE_WIDTH, height: NODE_HEIGHT });
  for (const [from, to] of graph.edges) drawing.setEdge(from, to);
  dagre(drawing);
  const places: Places = {};
  for (const name of graph.nodes) {
    const { x, y } = drawing.node(name);
    places[name] = { x: Math.round(x - NODE_WIDTH / 2), y: Math.round(y - NODE_HEIGHT / 2) };
  }
  return places;
}
