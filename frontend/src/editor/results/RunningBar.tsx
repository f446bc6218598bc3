import type { ReactElement } from "react";
import type { BlockStatus } from "../../protocol";
import { useSession } from "../../session";
import { formatCount } from "../../ui";
import { LogView } from "./LogView";

interface Props {
  block: string;
  status: BlockStatus;
}

const STOPPING: Record<string, string> = {
  interrupt: "stopping…",
  terminate: "did not stop: terminating…",
  kill: "did not end: killing…",
};

/** Progress as the block reports it, and the last lines that it wrote. */
export function RunningBar({ block, status }: Props): ReactElement {
  const stage = useSession((state) => state.stopping[block]);
  const [done, total] = status.progress ?? [null, null];
  return (
    <div className="running">
      <div className="running-row">
        {total === null ? (
          <progress aria-label={`${block} is running`} />
        ) : (
          <progress aria-label={`Progress of ${block}`} value={done ?? 0} max={total} />
        )}
        <span className="running-words">
          {stage !== undefined
            ? (STOPPING[stage] ?? stage)
            : done === null
              ? status.attempt > 1
                ? `attempt ${status.attempt}`
                : ""
              : total === null
                ? formatCount(done)
                : `${formatCount(done)} / ${formatCount(total)}`}
        </span>
      </div>
      {status.log_tail !== "" && <LogView status={status} block={block} tail />}
    </div>
  );
}
