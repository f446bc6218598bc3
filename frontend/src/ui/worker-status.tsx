import type { ReactElement } from "react";
import { useSession } from "../session";
import { formatBytes } from "./format";

const WORDS: Record<string, string> = {
  none: "no worker yet",
  starting: "worker starting",
  ready: "worker ready",
  busy: "worker busy",
  dead: "worker died",
};

/** State and memory of the session's worker, for the status bar. */
export function WorkerStatus(): ReactElement {
  const { state, rssBytes } = useSession((session) => session.worker);
  return (
    <span>
      {WORDS[state] ?? state}
      {rssBytes === null ? "" : `, ${formatBytes(rssBytes)}`}
    </span>
  );
}
