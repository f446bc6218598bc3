import type { ReactElement } from "react";
import type { Output } from "../protocol";

/** What is shown here as something else than it is, in words. */
export function Notes({ output }: { output: Output }): ReactElement | null {
  if (output.notes.length === 0) return null;
  return (
    <ul className="output-notes" aria-label="Notes on what is shown">
      {output.notes.map((note) => (
        <li key={note} title={note}>
          {note}
        </li>
      ))}
    </ul>
  );
}
