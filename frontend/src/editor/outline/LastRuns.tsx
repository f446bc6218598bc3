import type { ReactElement } from "react";
import type { RunSummary } from "../../protocol";
import { useFollowing, useResource, useSessionHandle } from "../../session";
import { RunHistory } from "../../ui";

const SHOWN = 24;

/** The newest runs of this pipeline as a row of ticks, oldest first. */
export function LastRuns(): ReactElement | null {
  const runs = useRuns();
  if (runs.length === 0) return null;
  return (
    <section>
      <h2 className="outline-title">Last runs</h2>
      <RunHistory runs={runs} length={SHOWN} label={`The last ${runs.length} runs`} />
    </section>
  );
}

/** The list is an extra: the page of runs says what is wrong with it. */
function useRuns(): RunSummary[] {
  const { pipeline } = useSessionHandle();
  const following = useFollowing();
  const { data } = useResource(
    `last runs of ${pipeline}`,
    // One request of the few that open the editor: not before it can be the last.
    (api, signal) =>
      following === 0
        ? undefined
        : api
            .get<{ runs: RunSummary[] }>("runs", {
              query: { pipeline, limit: SHOWN },
              signal,
            })
            .then(({ runs }) => runs),
    undefined,
    (runs, event) =>
      event.op === "run-changed" && event.run.pipeline === pipeline
        ? withRun(runs, event.run)
        : runs,
  );
  return data ?? [];
}

function withRun(runs: RunSummary[], run: RunSummary): RunSummary[] {
  return runs.some(({ id }) => id === run.id)
    ? runs.map((one) => (one.id === run.id ? run : one))
    : [run, ...runs].slice(0, SHOWN);
}
