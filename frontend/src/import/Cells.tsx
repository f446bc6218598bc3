import type { ReactElement } from "react";
import type { ImportedCell, ImportPlan } from "../protocol";
import { Chip } from "../ui";

const FATES: Readonly<Record<ImportedCell["fate"], string>> = {
  block: "block",
  shared: "shared code",
  text: "text",
  parameters: "parameters",
  scratch: "kept as text",
  dropped: "dropped",
  empty: "empty",
};

/** The notebook as it is: each cell with what becomes of it. */
export function Cells({ plan }: { plan: ImportPlan }): ReactElement {
  return (
    <section aria-label="Cells of the notebook" className="import-side">
      <h2>Notebook</h2>
      <ol className="import-list">
        {plan.cells.map((cell) => (
          <li key={cell.number} className="card import-cell" data-fate={cell.fate}>
            <div className="import-line">
              <span className="muted">
                {cell.kind === "code" ? `[${cell.count ?? " "}]` : cell.kind}
              </span>
              <span>Cell {cell.number}</span>
              <Chip>{FATES[cell.fate]}</Chip>
              {cell.block === null ? null : <code>{cell.block}</code>}
            </div>
            <pre className="import-code">{cell.source}</pre>
            {cell.notes.map((note) => (
              <p key={note} className="import-note">
                {note}
              </p>
            ))}
          </li>
        ))}
      </ol>
    </section>
  );
}
