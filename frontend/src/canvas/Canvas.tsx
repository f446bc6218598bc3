import {
  Background,
  type Connection,
  type Edge,
  Panel,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStore,
} from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import "./canvas.css";
import { Maximize, Minus, Plus } from "lucide-react";
import { type KeyboardEvent, type ReactElement, useMemo, useState } from "react";
import { useShallow } from "zustand/react/shallow";
import { useSession } from "../session";
import { whyNot } from "../session/connecting";
import { Button, type CanvasProps, EmptyState, IconButton, Kbd, useCommands } from "../ui";
import { BlockNode, NodeActions } from "./BlockNode";
import { edgesOf, edgesTyped, nodesOf } from "./elements";
import { type Focus, familyOf } from "./family";
import { type Direction, graphOf, neighbour } from "./graph";
import { useGraph } from "./useGraph";
import { useLayout } from "./useLayout";

const FIT = { maxZoom: 1, padding: 0.06 };
const NODE_TYPES = { block: BlockNode };
/** Zoom below which a node shows only its name. */
const FAR = 0.45;
const ARROWS: Record<string, Direction> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
};

/** The pipeline as a graph: the same blocks, states and actions as in the list. */
export default function Canvas(props: CanvasProps): ReactElement {
  return (
    <ReactFlowProvider>
      <Flow {...props} />
    </ReactFlowProvider>
  );
}

function Flow(props: CanvasProps): ReactElement {
  const { selected, typed, onSelect, onOpen, onAdd, onRun, onConnect, onDisconnect, onRefuse } =
    props;
  const all = useSession((state) => state.blocks);
  const [focus, setFocus] = useState<Focus | null>(null);
  const blocks = useMemo(() => familyOf(all, focus), [all, focus]);
  const rows = useSession(
    useShallow((state) =>
      Object.fromEntries(
        Object.entries(state.status).map(([name, status]) => [name, status.output?.rows ?? null]),
      ),
    ),
  );
  const graph = useGraph(graphOf(blocks));
  const places = useLayout(graph);
  const [dragging, setDragging] = useState<string | null>(null);
  const [edge, setEdge] = useState<string | null>(null);
  const nodes = useMemo(
    () => nodesOf(graph, places ?? {}, edge === null ? selected : null, blocks, dragging),
    [graph, places, selected, edge, blocks, dragging],
  );
  const edges = useMemo(
    () => [...edgesOf(graph, rows, edge), ...edgesTyped(graph, blocks, typed)],
    [graph, rows, edge, blocks, typed],
  );
  const actions = useMemo(() => ({ run: onRun }), [onRun]);
  const isFar = useStore((flow) => flow.transform[2] < FAR);
  useCanvasCommands(props, (side) =>
    setFocus((now) => (now?.side === side || selected === null ? null : { block: selected, side })),
  );

  const handleConnect = ({ source, target }: Connection): void => {
    const reason = whyNot(blocks, source, target);
    if (reason === null) onConnect(source, target);
    else onRefuse(reason);
  };
  const handleKey = (event: KeyboardEvent): void => {
    const direction = ARROWS[event.key];
    if ((event.key === "Delete" || event.key === "Backspace") && edge !== null) {
      const [upstream = "", downstream = ""] = edge.split(">");
      setEdge(null);
      onDisconnect(upstream, downstream);
    } else if (event.key === "Enter" && selected !== null && !event.ctrlKey && !event.shiftKey) {
      onOpen(selected);
    } else if (direction !== undefined && !event.altKey && selected !== null) {
      const next = neighbour(graph, places ?? {}, selected, direction);
      if (next !== null) onSelect(next);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  if (graph.nodes.length === 0) return <NoNodes onAdd={onAdd} />;
  return (
    <NodeActions value={actions}>
      <div
        className="canvas"
        data-testid="canvas"
        data-far={isFar || undefined}
        role="application"
        aria-label="Canvas: arrow keys follow the edges, Enter opens a block"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes keys
        tabIndex={0}
        onKeyDownCapture={handleKey}
      >
        {places !== null && (
          <ReactFlow
            nodes={nodes}
            edges={edges}
            nodeTypes={NODE_TYPES}
            fitView
            fitViewOptions={FIT}
            minZoom={0.1}
            maxZoom={1.6}
            nodesDraggable={false}
            nodesFocusable={false}
            edgesFocusable={false}
            deleteKeyCode={null}
            selectionKeyCode={null}
            onlyRenderVisibleElements={graph.nodes.length > 150}
            onConnectStart={(_, { nodeId, handleType }) =>
              setDragging(handleType === "source" ? nodeId : null)
            }
            onConnectEnd={(_, state) => {
              setDragging(null);
              if (state.isValid !== true && state.fromNode !== null && state.toNode !== null) {
                const reason = whyNot(blocks, state.fromNode.id, state.toNode.id);
                if (reason !== null) onRefuse(reason);
              }
            }}
            isValidConnection={(connection: Connection | Edge) =>
              whyNot(blocks, connection.source, connection.target) === null
            }
            onConnect={handleConnect}
            onNodeClick={(_, node) => {
              setEdge(null);
              onSelect(node.id);
            }}
            onNodeDoubleClick={(_, node) => onOpen(node.id)}
            onEdgeClick={(_, clicked) => setEdge(clicked.id)}
            onPaneClick={() => setEdge(null)}
          >
            <Background gap={20} size={1} color="var(--border-strong)" />
            <Controls onAdd={onAdd} />
            {focus !== null && blocks !== all && (
              <Panel position="top-center" className="canvas-hint">
                {focus.block} and its {focus.side} · press {focus.side === "ancestors" ? "[" : "]"}{" "}
                for all
              </Panel>
            )}
            {edge !== null && (
              <Panel position="bottom-center" className="canvas-hint">
                {edge.replace(">", " → ")} · press Delete to remove
              </Panel>
            )}
          </ReactFlow>
        )}
      </div>
    </NodeActions>
  );
}

/** Keys of the canvas are its own only while the keyboard is in it. */
function useCanvasCommands(
  { selected, onChooseTarget }: CanvasProps,
  onFocus: (side: Focus["side"]) => void,
): void {
  const flow = useReactFlow();
  const enabled = (): boolean => document.activeElement?.closest(".canvas") != null;
  useCommands({
    "canvas-connect": {
      run: () => selected !== null && onChooseTarget(selected),
      enabled: () => enabled() && selected !== null,
    },
    "focus-ancestors": { run: () => onFocus("ancestors"), enabled },
    "focus-descendants": { run: () => onFocus("descendants"), enabled },
    "canvas-fit": { run: () => void flow.fitView(FIT), enabled },
    "zoom-in": { run: () => void flow.zoomIn(), enabled },
    "zoom-out": { run: () => void flow.zoomOut(), enabled },
  });
}

function Controls({ onAdd }: { onAdd(): void }): ReactElement {
  const flow = useReactFlow();
  return (
    <Panel position="bottom-left" className="canvas-controls">
      <IconButton label="Zoom out" icon={Minus} onClick={() => void flow.zoomOut()} />
      <IconButton label="Zoom in" icon={Plus} onClick={() => void flow.zoomIn()} />
      <IconButton label="Fit all blocks" icon={Maximize} onClick={() => void flow.fitView(FIT)} />
      <Button size="small" look="quiet" onClick={onAdd}>
        Add block
      </Button>
    </Panel>
  );
}

function NoNodes({ onAdd }: { onAdd(): void }): ReactElement {
  return (
    <div className="canvas" data-testid="canvas">
      <EmptyState
        title="No blocks yet"
        actions={
          <Button look="primary" onClick={onAdd}>
            Add a block
          </Button>
        }
      >
        Press <Kbd keys="b" /> to add a block.
      </EmptyState>
    </div>
  );
}
