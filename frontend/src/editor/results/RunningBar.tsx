import type { ReactElement } from "react";
import type { BlockStatus } from "../../protocol";
import { useSession } from "../../session";
import { LogText, ProgressBar } from "../../ui";

interface Props {
  block: string;
  status: BlockStatus;
  /** What its progress counts. */
  unit: string | undefined;
}

const TAIL_LINES = 8;
const STOPPING: Record<string, string> = {
  interrupt: "stopping…",
  terminate: "did not stop: terminating…",
  kill: "did not end: killing…",
};

/** Progress as the block reports it, and the last lines that it wrote. */
export function RunningBar({ block, status, unit }: Props): ReactElement {
  const stage = useSession((state) => state.stopping[block]);
  const attempt = status.attempt > 1 ? `attempt ${status.attempt}` : undefined;
  const idle = status.progress === null ? attempt : undefined;
  return (
    <div className="running">
      <ProgressBar
        block={block}
        progress={status.progress}
        since={status.started_at}
        unit={unit}
        instead={stage === undefined ? idle : (STOPPING[stage] ?? stage)}
      />
      {status.log_tail !== "" && (
        <LogText text={tailOf(status.log_tail)} label={`Log of ${block}`} />
      )}
    </div>
  );
}

function tailOf(text: string): string {
  return text.trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
}
