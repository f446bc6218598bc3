import type { AnyEvent, BlockRun, RunRecord, RunSummary } from "../protocol";
import { type Resource, useResource } from "../session";

/** A run that follows its own events while it is not over. */
export function useRun(id: string): Resource<RunRecord> {
  return useResource(
    `run ${id}`,
    (api, signal) => api.get<RunRecord>(`runs/${id}`, { signal }),
    (event) => event.op === "run-changed" && event.run.id === id && event.run.finished_at !== null,
    withEvent,
  );
}

/** The run as it is after an event, the same object when that is not of it. */
export function withEvent(run: RunRecord, event: AnyEvent): RunRecord {
  if (event.op === "block-run-changed" && event.run === run.id) return withBlock(run, event.block);
  if (event.op === "queue-moved") return withPlaces(run, event.places[run.id] ?? {});
  if (event.op === "run-changed" && event.run.id === run.id) return withSummary(run, event.run);
  return run;
}

function withBlock(run: RunRecord, block: BlockRun): RunRecord {
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
