import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { Play } from "lucide-react";
import { createContext, memo, type ReactElement, use } from "react";
import { blockNamed, signOf, statusOf, useSession } from "../session";
import { describeStatus, formatShape, NameText, SIGNS, StateIcon, useNow } from "../ui";

export interface BlockNodeContent extends Record<string, unknown> {
  /** Why no edge from the block that is being dragged from may end here. */
  refusal: string | null;
}

export type BlockNodeType = Node<BlockNodeContent, "block">;

/** What the nodes may do, kept out of their content so that they are drawn again only for news. */
export const NodeActions: React.Context<{ run(name: string): void }> = createContext({
  run: (_name: string): void => {},
});

/** A block on the canvas: what it is, what it is called, how it is. */
export const BlockNode: React.NamedExoticComponent<NodeProps<BlockNodeType>> = memo(
  function BlockNode({ id, selected, data }: NodeProps<BlockNodeType>): ReactElement | null {
    const { run } = use(NodeActions);
    const block = useSession((state) => blockNamed(state, id));
    const status = useSession((state) => statusOf(state, id));
    const sign = signOf(status);
    const now = useNow(sign === "running" ? "fast" : "still");
    if (block === undefined) return null;
    const words =
      sign === "cached"
        ? SIGNS.cached.word
        : describeStatus(status, now === 0 ? Date.now() : now, block.pool);
    const why = sign === "stale" ? `stale: ${status.staleness.reasons.join("\n")}` : words;
    const { output } = status;
    return (
      <div
        className="node"
        data-kind={block.kind}
        data-state={sign}
        data-tone={SIGNS[sign].tone}
        data-selected={selected || undefined}
        data-refused={data.refusal !== null || undefined}
        title={data.refusal ?? undefined}
      >
        <Handle type="target" position={Position.Left} isConnectable={block.kind !== "loader"} />
        <div className="node-top">
          <span className="node-kind">{block.kind}</span>
          {block.language === "sql" && <span className="node-language">SQL</span>}
          <button
            type="button"
            className="node-run nodrag"
            aria-label={`Run ${id}`}
            data-tip={`Run ${id}`}
            tabIndex={-1}
            onClick={(event) => {
              event.stopPropagation();
              run(id);
            }}
          >
            <Play size={12} aria-hidden="true" />
          </button>
          <StateIcon sign={sign} size={13} />
        </div>
        <NameText className="node-name" name={id} />
        <div className="node-words ellipsis" title={why}>
          <span className="state-words">{data.refusal ?? words}</span>
          {output?.rows != null && sign !== "running" && data.refusal === null && (
            <span className="muted"> · {formatShape(output.rows, output.column_count)}</span>
          )}
        </div>
        <Handle type="source" position={Position.Right} isConnectable={block.kind !== "exporter"} />
      </div>
    );
  },
);
