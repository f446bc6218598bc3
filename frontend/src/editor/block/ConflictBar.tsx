import { lazy, type ReactElement, Suspense, useState } from "react";
import type { BlockTable } from "../../protocol";
import { Button } from "../../ui";
import { useBuffer, useEditor } from "../page/context";

const Difference = lazy(() => import("../code/Difference"));

/** Two texts want to be the source: both are kept until one is chosen. */
export function ConflictBar({ block }: { block: BlockTable }): ReactElement {
  const { buffers } = useEditor();
  const [isOpen, setOpen] = useState(false);
  const mine = useBuffer(block.name, (buffer) => buffer?.text ?? "");
  const theirs = useBuffer(block.name, (buffer) => buffer?.theirs?.text ?? "");
  return (
    <div className="bar bar-stale" role="alert">
      <div className="bar-row">
        <span className="bar-words">
          <strong>{block.file}</strong> was changed elsewhere while you typed. Your text is kept and
          not saved yet.
        </span>
        <Button size="small" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? "Hide difference" : "Show difference"}
        </Button>
        <Button size="small" onClick={() => buffers.takeTheirs(block.name)}>
          Take theirs
        </Button>
        <Button size="small" look="primary" onClick={() => buffers.keepMine(block.name)}>
          Keep mine
        </Button>
      </div>
      {isOpen && (
        <Suspense fallback={<p className="muted">Loading the difference…</p>}>
          <Difference mine={mine} theirs={theirs} language={block.language} />
        </Suspense>
      )}
    </div>
  );
}
