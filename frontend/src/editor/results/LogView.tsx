import type { ReactElement } from "react";
import { apiUrl } from "../../client";
import type { BlockStatus } from "../../protocol";
import { LogText } from "../../ui";

interface Props {
  status: BlockStatus;
  block: string;
  /** Shows only the last lines, while the block runs. */
  tail?: boolean;
}

const TAIL_LINES = 8;

/** The end of a block's log, with a way to the whole of it. */
export function LogView({ status, block, tail = false }: Props): ReactElement {
  const text = status.log_tail;
  const shown = tail ? text.trimEnd().split("\n").slice(-TAIL_LINES).join("\n") : text;
  const isCut = status.log_bytes > new TextEncoder().encode(text).length;
  return (
    <div className="log">
      {!tail && isCut && status.run !== null && (
        <a
          className="log-whole"
          href={apiUrl(`runs/${status.run}/blocks/${block}/log`)}
          target="_blank"
          rel="noreferrer"
        >
          Only the end is shown: open the whole log
        </a>
      )}
      <LogText text={shown} label={`Log of ${block}`} />
    </div>
  );
}
