import type { ReactElement } from "react";
import type { BlockTable, Output } from "../../protocol";
import { Button, formatCount, plural } from "../../ui";
import { useEditor } from "../page/context";
import { openDialog } from "../page/operations";

interface Props {
  block: BlockTable;
  output: Output;
}

/** Names and types of the columns, and what was changed on the way into the store. */
export function SchemaView({ block, output }: Props): ReactElement {
  const editor = useEditor();
  const declared = Object.keys(block.contract?.columns ?? {}).length;
  const more = (output.column_count ?? 0) - output.columns.length;
  return (
    <div className="schema">
      <div className="schema-contract">
        <span className="muted">
          {block.contract === null
            ? "No contract: any columns will do."
            : `Contract of ${plural(declared, "column")}${block.contract.extra_columns ? ", others allowed" : ""}.`}
        </span>
        <Button
          size="small"
          onClick={() => openDialog(editor, { kind: "contract", block: block.name })}
        >
          {block.contract === null ? "Freeze schema…" : "Contract…"}
        </Button>
      </div>
      <ul className="schema-columns">
        {output.columns.map((column) => (
          <li key={column.name}>
            <code className="ellipsis" title={column.name}>
              {column.name}
            </code>
            <span className="muted ellipsis" title={column.type}>
              {column.type}
            </span>
          </li>
        ))}
      </ul>
      {more > 0 && <p className="muted">and {formatCount(more)} more columns</p>}
      {output.notes.map((note) => (
        <p key={note} className="schema-note">
          {note}
        </p>
      ))}
    </div>
  );
}
