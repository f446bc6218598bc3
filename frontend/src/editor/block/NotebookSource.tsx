import { type ReactElement, useState } from "react";
import type { BlockTable } from "../../protocol";
import { plural } from "../../ui";
import { useBuffer } from "../page/context";
import { cellsOf, type NotebookCell } from "./cells";

/** The cells of a notebook block, to be read: Jupyter is where they are edited. */
export function NotebookSource({ block }: { block: BlockTable }): ReactElement {
  const text = useBuffer(block.name, (buffer) => buffer?.text ?? "");
  const [isOpen, setOpen] = useState(false);
  const cells = cellsOf(text);
  return (
    <div className="shared-code">
      <button
        type="button"
        className="shared-code-toggle"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <span aria-hidden="true">{isOpen ? "▾" : "▸"}</span>{" "}
        {cells === null ? "No notebook" : plural(cells.length, "cell")}
        <span className="muted"> {block.file}</span>
      </button>
      {isOpen && (
        <>
          <p className="bar muted">Edit this file in Jupyter; what you save there counts here.</p>
          <div className="notebook-cells">
            {cells?.map((cell, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: cells have no names, and no state
              <Cell key={at} cell={cell} />
            ))}
          </div>
        </>
      )}
    </div>
  );
}

function Cell({ cell }: { cell: NotebookCell }): ReactElement {
  return (
    <div className="notebook-cell" data-kind={cell.kind}>
      {cell.isParameters && <span className="muted">parameters</span>}
      <pre>{cell.source}</pre>
    </div>
  );
}
