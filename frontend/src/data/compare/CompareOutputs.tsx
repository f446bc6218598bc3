import type { ReactElement } from "react";
import type { CompareOutputsProps } from "../../ui";
import { Compared } from "./CompareView";
import "../data.css";
import "./compare.css";

/** Two tables that somebody else has chosen, such as the results of a block in two runs. */
export function CompareOutputs({ output, before, words }: CompareOutputsProps): ReactElement {
  const side = { address: before.address, group: "Earlier results", label: words, words } as const;
  return (
    <div className="compare">
      <Compared output={output} side={side} />
    </div>
  );
}
