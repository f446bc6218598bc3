import type { ReactElement } from "react";
import { useSession } from "../../session";
import { formatBytes } from "../../ui";
import { SaveState } from "./SaveState";

/** The editor's words in the status bar: worker, what is typed. */
export function EditorStatus(): ReactElement {
  const worker = useSession((state) => state.worker);
  const memory = worker.rssBytes === null ? "" : `, ${formatBytes(worker.rssBytes)}`;
  return (
    <>
      <span data-problem={worker.state === "dead" || undefined}>
        worker {worker.state}
        {memory}
      </span>
      <SaveState />
    </>
  );
}
