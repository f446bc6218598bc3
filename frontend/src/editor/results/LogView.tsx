import type { ReactElement } from "react";
import { LogPanel, useLog } from "../../log";
import type { BlockStatus } from "../../protocol";
import { useSession } from "../../session";

interface Props {
  status: BlockStatus;
  block: string;
}

/** The log of a block's last attempt. */
export function LogView({ status, block }: Props): ReactElement {
  const pipeline = useSession((state) => state.name);
  const place = { pipeline, run: status.run ?? "", block, attempt: status.attempt };
  const log = useLog(place, status.state === "running");
  return <LogPanel place={place} log={log} />;
}
