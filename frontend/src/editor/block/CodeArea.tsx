import { type ReactElement, useRef } from "react";
import type { BlockTable } from "../../protocol";
import { CodeEditor } from "../code/CodeEditor";
import { useBuffer, useEditorState } from "../page/context";
import { ConflictBar } from "./ConflictBar";
import { useNear } from "./useNear";

interface Props {
  block: BlockTable;
  writable: boolean;
}

/** The source of a block: a full editor near the screen, plain text far from it. */
export function CodeArea({ block, writable }: Props): ReactElement {
  const area = useRef<HTMLDivElement>(null);
  const near = useNear(area);
  const selected = useEditorState((state) => state.selected === block.name);
  const isEditing = useEditorState(
    (state) => state.selected === block.name && state.mode === "edit",
  );
  // An editor that was worked in stays, and with it its undo history.
  const visited = useRef(false);
  if (isEditing) visited.current = true;
  const live = near || selected || visited.current;
  const problem = useBuffer(block.name, (buffer) => buffer?.problem ?? null);
  const conflict = useBuffer(block.name, (buffer) => buffer?.theirs != null);
  return (
    <div className="block-code" ref={area}>
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
