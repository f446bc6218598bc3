import { lazy, type ReactElement, Suspense } from "react";
import type { CompareOutputsProps } from "../../ui";
import "../data.css";
import "./compare.css";

// As the data panel takes it: both find it in the same file.
const Compared = lazy(async () => ({ default: (await import("./CompareView")).Compared }));

/** Two tables that somebody else has chosen, such as the results of a block in two runs. */
export function CompareOutputs({ output, before, words }: CompareOutputsProps): ReactElement {
  const side = { address: before.address, group: "Earlier results", label: words, words } as const;
  return (
    <div className="compare">
      <Suspense fallback={null}>
        <Compared output={output} side={side} />
      </Suspense>
    </div>
  );
}
