import type { ReactElement } from "react";
import type { BlockStatus, Output } from "../../protocol";
import { formatBytes, formatDuration, formatRelative, useNow } from "../../ui";
import { changeWords, inputWords, shapeWords, stripSentence } from "./shape";

interface Props {
  output: Output;
  status: BlockStatus;
}

/** `flights 336,776 × 19 → 16 × 5 · −336,760 rows · 0.21 s · 1.3 MB · 2 h ago`, as recorded. */
export function ResultStrip({ output, status }: Props): ReactElement {
  const tick = useNow("slow");
  const inputs = inputWords(output);
  const delta = changeWords(output);
  // After a failure the times are those of the failure, and the output is the last good one.
  const isGood = status.state === "succeeded";
  const seconds = isGood && status.seconds !== null ? formatDuration(status.seconds) : null;
  const size = formatBytes(output.size_bytes);
  const made = output.made_at === null ? null : new Date(output.made_at).getTime();
  const now = Math.max(tick === 0 ? Date.now() : tick, made ?? 0);
  const age = made === null ? "" : formatRelative(new Date(made), now);
  const facts = [
    delta,
    status.state === "cached" ? "cached" : seconds,
    output.kind === "nothing" ? null : size,
    age,
  ];
  return (
    <div
      className="result-strip"
      data-tip={stripSentence({ output, seconds, size, age, isCached: status.state === "cached" })}
    >
      {inputs.length > 0 && (
        <>
          <span className="result-inputs ellipsis">{inputs.join(", ")}</span>
          <span className="result-arrow" aria-hidden="true">
            →
          </span>
        </>
      )}
      <span className="result-output">{shapeWords(output)}</span>
      <span className="result-more">
        {facts.map((fact) => fact !== null && fact !== "" && <span key={fact}>{fact}</span>)}
      </span>
    </div>
  );
}
