import type { ReactElement } from "react";
import type { BlockTable, Output } from "../../protocol";
import { type SessionState, statusOf, useSession } from "../../session";
import { deltaWords, shapeWords } from "./shape";

function inputOf(state: SessionState, block: BlockTable, name: string): Output | null {
  return block.upstream.includes(name) ? statusOf(state, name).output : null;
}

/** `flights 336,776 × 19 → 16 × 5 · −336,760 rows`: what went in, what came out. */
export function ResultStrip(props: { block: BlockTable; output: Output }): ReactElement {
  const { block, output } = props;
  const shapes = useSession((state) =>
    block.upstream
      .map((name) => {
        const input = inputOf(state, block, name);
        return input === null ? name : `${name} ${shapeWords(input)}`;
      })
      .join(", "),
  );
  const delta = useSession((state) => {
    const [only, ...others] = block.upstream;
    if (only === undefined || others.length > 0) return "";
    return deltaWords(inputOf(state, block, only), output);
  });
  return (
    <div className="result-strip ellipsis" title={`${shapes} → ${shapeWords(output)}`}>
      {shapes !== "" && <span className="result-inputs">{shapes}</span>}
      {shapes !== "" && <span aria-hidden="true"> → </span>}
      <span className="result-output">{shapeWords(output)}</span>
      {delta !== "" && <span className="result-delta">{delta}</span>}
    </div>
  );
}
