/** Nodes and edges as the canvas draws them. */
import type { Edge } from "@xyflow/react";
import type { BlockTable } from "../protocol";
import { whyNot } from "../session/connecting";
import { formatCount } from "../ui";
import type { BlockNodeType } from "./BlockNode";
import { edgeWidth } from "./graph";
import { type Graph, NODE_HEIGHT, NODE_WIDTH, type Places } from "./layout";

/** `dragging` is the block that an edge is being drawn from. */
export function nodesOf(
  graph: Graph,
  places: Places,
  selected: string | null,
  blocks: readonly BlockTable[],
  dragging: string | null,
): BlockNodeType[] {
  return graph.nodes.flatMap((name) => {
    const position = places[name];
    if (position === undefined) return [];
    const refusal = dragging === null || dragging === name ? null : whyNot(blocks, dragging, name);
    return {
      id: name,
      type: "block" as const,
      position,
      width: NODE_WIDTH,
      height: NODE_HEIGHT,
      // Else the handles are unknown after each change, and an edge that is being drawn is lost.
      measured: { width: NODE_WIDTH, height: NODE_HEIGHT },
      selected: name === selected,
      data: { refusal },
      ariaLabel: name,
    };
  });
}

export function edgesOf(
  graph: Graph,
  rows: Readonly<Record<string, number | null>>,
  selectedEdge: string | null,
): Edge[] {
  return graph.edges.map(([source, target]) => {
    const count = rows[source] ?? null;
    const id = `${source}>${target}`;
    return {
      id,
      source,
      target,
      selected: id === selectedEdge,
      label: count === null ? "" : formatCount(count),
      style: { strokeWidth: edgeWidth(count) },
      interactionWidth: 16,
      ariaLabel: `${source} feeds ${target}`,
    };
  });
}

/** Edges that are about to come, as the code that is being typed names their blocks. */
export function edgesTyped(
  graph: Graph,
  blocks: readonly BlockTable[],
  typed: Readonly<Record<string, readonly string[]>>,
): Edge[] {
  const shown = new Set(graph.nodes);
  return Object.entries(typed).flatMap(([target, sources]) =>
    sources
      .filter((source) => shown.has(source) && whyNot(blocks, source, target) === null)
      .map((source) => ({
        id: `typed ${source}>${target}`,
        source,
        target,
        className: "edge-typed",
        selectable: false,
        focusable: false,
        ariaLabel: `${source} is about to feed ${target}`,
      })),
  );
}
