import { type ReactElement, useCallback, useEffect, useState } from "react";
import type { AnyEvent, RunSummary } from "../../protocol";
import { useApi, useProjectEvents, useSessionHandle } from "../../session";
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

function useRuns(): RunSummary[] {
  const api = useApi();
  const { pipeline } = useSessionHandle();
  const [runs, setRuns] = useState<RunSummary[]>([]);

  useEffect(() => {
    const stop = new AbortController();
    api
      .get<{ runs: RunSummary[] }>("runs", {
        query: { pipeline, limit: SHOWN },
        signal: stop.signal,
      })
      .then((page) => setRuns(page.runs))
      .catch(() => {
        // The list is an extra: the page of runs says what is wrong.
      });
    return () => stop.abort();
  }, [api, pipeline]);

  const follow = useCallback(
    (event: AnyEvent) => {
      if (event.op !== "run-changed" || event.run.pipeline !== pipeline) return;
      const { run } = event;
      setRuns((known) =>
        known.some((one) => one.id === run.id)
          ? known.map((one) => (one.id === run.id ? run : one))
          : [run, ...known].slice(0, SHOWN),
      );
    },
    [pipeline],
  );
  useProjectEvents(follow);
  return runs;
}
