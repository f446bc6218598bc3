import type { ReactElement } from "react";
import type { Output } from "../../protocol";
import { formatCount } from "../../ui";

/** Names and types of the columns, and what was changed on the way into the store. */
export function SchemaView({ output }: { output: Output }): ReactElement {
  const more = (output.column_count ?? 0) - output.columns.length;
  return (
    <div className="schema">
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
