import { useRef } from "react";
import { shapeOf } from "./graph";
import type { Graph } from "./layout";

/** The same object while the drawing stays the same, so that only changes of shape are laid out. */
export function useGraph(graph: Graph): Graph {
  const kept = useRef(graph);
  if (shapeOf(kept.current) !== shapeOf(graph)) kept.current = graph;
  return kept.current;
}
