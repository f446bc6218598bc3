import { useCallback, useEffect, useRef, useState } from "react";
import type { AnyEvent, BlockRun, RunRecord, RunSummary } from "../protocol";
import { type Resource, useApi, useProjectEvents, useResource, useServer } from "../session";

/** A run that follows its own events while it is not over. */
export function useRun(id: string): Resource<RunRecord> {
  const resource = useResource(`run ${id}`, (api, signal) =>
    api.get<RunRecord>(`runs/${id}`, { signal }),
  );
  const latest = useRef(resource);
  latest.current = resource;
  useProjectEvents(
    useCallback(
      (event: AnyEvent) => {
        const { data, replace, reload } = latest.current;
        if (data === undefined) return;
        if (event.op === "block-run-changed" && event.run === id) {
          const next = withBlock(data, event.block);
          latest.current = { ...latest.current, data: next };
          replace(next);
        }
        if (event.op === "run-changed" && event.run.id === id) {
          const next = withSummary(data, event.run);
          latest.current = { ...latest.current, data: next };
          replace(next);
          if (event.run.finished_at !== null) reload();
        }
      },
      [id],
    ),
  );
  return resource;
}

export function withBlock(run: RunRecord, block: BlockRun): RunRecord {
  const known = run.blocks.some(({ name }) => name === block.name);
  const blocks = known
    ? run.blocks.map((one) => (one.name === block.name ? block : one))
    : [...run.blocks, block];
  return { ...run, blocks };
}

function withSummary(run: RunRecord, summary: RunSummary): RunRecord {
  const { state, started_at, finished_at, seconds, reason } = summary;
  return { ...run, state, started_at, finished_at, seconds, reason };
}

export interface Log {
  text: string;
  bytes: number;
}

const NO_LOG: Log = { text: "", bytes: 0 };

/** The log of a block of a run: fetched, then continued by the pipeline's events while it is live. */
export function useLog(pipeline: string, run: string, block: string, live: boolean): Log {
  const api = useApi();
  const { client } = useServer();
  const [log, setLog] = useState<Log>(NO_LOG);

  useEffect(() => {
    const abort = new AbortController();
    let known = -1;
    const read = (): void => {
      api
        .text(`runs/${run}/blocks/${block}/log`, { signal: abort.signal })
        .then((text) => {
          known = new TextEncoder().encode(text).length;
          setLog({ text, bytes: known });
        })
        // A block that has not started has no log yet.
        .catch(() => abort.signal.aborted || setLog(NO_LOG));
    };
    const follow = (event: AnyEvent): void => {
      if (event.op !== "log-appended" || event.run !== run || event.block !== block) return;
      const bytes = new TextEncoder().encode(event.text).length;
      if (known >= 0 && event.offset + bytes <= known) return;
      if (event.offset !== known) {
        read();
        return;
      }
      known += bytes;
      setLog((before) => ({ text: before.text + event.text, bytes: before.bytes + bytes }));
    };
    setLog(NO_LOG);
    read();
    const stop = live
      ? client.listen(pipeline, {
          received: (events) => events.forEach(follow),
          position: () => ({ after: null, epoch: "" }),
        })
      : () => {};
    return () => {
      abort.abort();
      stop();
    };
  }, [api, client, pipeline, run, block, live]);
  return log;
}
