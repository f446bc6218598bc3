import type { ReactElement } from "react";
import type { Output } from "../protocol";
import { formatBytes } from "../ui";

/** Anything that is no table, as its text. */
export function ValueView({ output }: { output: Output }): ReactElement {
  if (output.kind === "nothing") return <p className="frame-words muted">It returned nothing.</p>;
  return (
    <div className="frame">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls is reached by keys */}
      <pre className="value-text" tabIndex={0}>
        {output.text || output.type_name}
      </pre>
      <div className="frame-footer">
        <span className="frame-shape">{output.type_name || output.kind}</span>
        <span className="data-space" />
        <span>{formatBytes(output.size_bytes)}</span>
      </div>
    </div>
  );
}
