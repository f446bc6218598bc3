import { type ReactElement, useRef } from "react";
import type { BlockTable } from "../../protocol";
import { CodeEditor } from "../code/CodeEditor";
import { useBuffer, useEditorState } from "../page/context";
import { ConflictBar } from "./ConflictBar";

interface Props {
  block: BlockTable;
  /** Close enough to the screen for an editor of its own. */
  near: boolean;
  writable: boolean;
}

/** The source of a block: a full editor near the screen, plain text far from it. */
export function CodeArea({ block, near, writable }: Props): ReactElement {
  const isEditing = useEditorState(
    (state) => state.selected === block.name && state.mode === "edit",
  );
  // An editor that was worked in stays, and with it its undo history.
  const visited = useRef(false);
  if (isEditing) visited.current = true;
  const live = near || visited.current;
  const problem = useBuffer(block.name, (buffer) => buffer?.problem ?? null);
  const conflict = useBuffer(block.name, (buffer) => buffer?.theirs != null);
  return (
    <div className="block-code">
      {conflict && <ConflictBar block={block} />}
      {problem !== null && (
        <p className="bar bar-failed" role="alert">
          Not saved: {problem}
        </p>
      )}
      {live ? <CodeEditor block={block} writable={writable} /> : <PlainText name={block.name} />}
    </div>
  );
}

function PlainText({ name }: { name: string }): ReactElement {
  const text = useBuffer(name, (buffer) => buffer?.text ?? "");
  return <pre className="block-code-plain">{`${text}\n`}</pre>;
}
