import { useCallback, useRef } from "react";
import type { AnyEvent, BlockRun, RunRecord, RunSummary } from "../protocol";
import { type Resource, useProjectEvents, useResource } from "../session";

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
        if (event.op === "queue-moved") {
          const next = withPlaces(data, event.places[id] ?? {});
          if (next === data) return;
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

/** Blocks that are not named have no place in the line, or none any more. */
export function withPlaces(run: RunRecord, places: Record<string, number>): RunRecord {
  const placeOf = ({ name }: BlockRun): number | null => places[name] ?? null;
  if (run.blocks.every((block) => block.place === placeOf(block))) return run;
  const blocks = run.blocks.map((block) => ({ ...block, place: placeOf(block) }));
  return { ...run, blocks };
}

function withSummary(run: RunRecord, summary: RunSummary): RunRecord {
  const { state, started_at, finished_at, seconds, reason } = summary;
  return { ...run, state, started_at, finished_at, seconds, reason };
}
