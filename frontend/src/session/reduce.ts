import {
  type AnyEvent,
  assertNever,
  type BlockState,
  type BlockStatus,
  type LiveRun,
  type LogAppended,
  type PipelineChanged,
  type QueueMoved,
  type RunQueued,
  type SnapshotTaken,
} from "../protocol";
import { initialState, LOG_TAIL_CHARACTERS, NEVER, type SessionState } from "./state";

/** What the session is after an event: mirrors the server's machine; what did not change keeps its identity. */
export function reduce(state: SessionState, event: AnyEvent): SessionState {
  const next = apply(state, event);
  return next.seq === event.seq ? next : { ...next, seq: event.seq };
}

/** Does this event not follow on the last one, so that a new snapshot is needed. */
export function leavesGap(state: SessionState, event: AnyEvent): boolean {
  if (event.op === "snapshot-taken") return false;
  return state.phase === "opening" || event.seq > state.seq + 1;
}

/** Was this event already applied, as happens when a line is resumed. */
export function isOld(state: SessionState, event: AnyEvent): boolean {
  return event.op !== "snapshot-taken" && event.seq <= state.seq;
}

function apply(state: SessionState, event: AnyEvent): SessionState {
  switch (event.op) {
    case "snapshot-taken":
      return fromSnapshot(state, event);
    case "pipeline-changed":
      return withPipeline(state, event);
    case "source-changed":
      return {
        ...state,
        blocks: state.blocks.map((block) =>
          block.name === event.block.name ? event.block : block,
        ),
        sources: { ...state.sources, [event.block.name]: event.text },
        diagnostics: event.diagnostics,
        version: event.version,
      };
    case "disk-space-changed":
      return { ...state, diskLow: event.low };
    case "version-published":
      return { ...state, published: event.version };
    case "parameters-set":
      return { ...state, values: event.values };
    case "auto-run-switched":
      return { ...state, auto_run: event.on };
    case "staleness-changed":
      return withEach(state, Object.keys(event.blocks), (status, name) => ({
        ...status,
        staleness: event.blocks[name] ?? status.staleness,
      }));
    case "status-replaced":
      return { ...state, status: { ...state.status, ...event.blocks } };
    case "run-queued":
      return withQueuedRun(state, event);
    case "queue-moved":
      return withPlaces(state, event);
    case "block-started":
      return inRun(state, event.run, [event.block], "running", (status) => ({
        ...status,
        run: event.run,
        attempt: event.attempt,
        started_at: event.started_at,
        finished_at: null,
        seconds: null,
        cache: null,
        failure: null,
        because: null,
        progress: null,
        checks: [],
        displays: [],
        pokes: event.pokes,
        poke_at: null,
        ...(event.attempt === 1 && event.pokes === 0 ? { log_tail: "", log_bytes: 0 } : {}),
      }));
    case "block-waiting":
      return inRun(state, event.run, [event.block], "waiting", (status) => ({
        ...status,
        run: event.run,
        attempt: event.attempt,
        pokes: event.pokes,
        poke_at: event.poke_at,
        give_up_at: event.give_up_at,
        progress: null,
      }));
    case "block-finished":
      return inRun(state, event.run, [event.block], event.state, (status) => ({
        ...status,
        attempt: event.attempt,
        output: event.output,
        seconds: event.seconds,
        cache: event.cache,
        finished_at: event.finished_at,
        staleness: event.staleness ?? status.staleness,
        checks: event.checks,
        failure: null,
        because: null,
        progress: null,
      }));
    case "block-failed": {
      const reached = event.retry_at === null ? "failed" : "queued";
      return inRun(state, event.run, [event.block], reached, (status) => ({
        ...status,
        attempt: event.attempt,
        failure: event.failure,
        seconds: event.seconds,
        finished_at: event.finished_at,
        checks: event.checks,
        progress: null,
      }));
    }
    case "blocks-skipped":
      return inRun(state, event.run, event.blocks, "skipped", (status) => ({
        ...status,
        because: event.because,
      }));
    case "blocks-cancelled":
      return inRun(state, event.run, event.blocks, "cancelled", (status) => ({
        ...status,
        finished_at: event.finished_at,
        progress: null,
      }));
    case "stop-advanced":
      return { ...state, stopping: { ...state.stopping, [event.block]: event.stage } };
    case "run-finished":
      return { ...state, runs: state.runs.filter((run) => run.id !== event.run) };
    case "log-appended":
      return shown(state, event.run, event.block, (status) => withLog(status, event));
    case "displayed":
      return shown(state, event.run, event.block, (status) => ({
        ...status,
        displays: [...status.displays, event.display],
      }));
    case "progress-made":
      return shown(state, event.run, event.block, (status) => ({
        ...status,
        progress: [event.done, event.total],
      }));
    case "worker-changed":
      return {
        ...state,
        worker: { state: event.state, rssBytes: event.rss_bytes ?? state.worker.rssBytes },
      };
    case "session-ended":
      return { ...state, phase: "ended", endedBecause: event.reason };
    case "run-changed":
    case "block-run-changed":
    case "pipelines-changed":
    case "triggers-changed":
    case "backfill-changed":
    case "notifications-changed":
    case "settings-changed":
      return state;
    default:
      return assertNever(event);
  }
}

function fromSnapshot(state: SessionState, event: SnapshotTaken): SessionState {
  const { epoch, seq, state: taken } = event;
  const snapshots = state.snapshots + 1;
  const begun = initialState(state.name);
  const fresh: SessionState = { ...begun, phase: "live", epoch, seq, snapshots };
  if (taken === null) return { ...fresh, diskLow: event.disk_low };
  return { ...fresh, ...taken, worker: { state: taken.worker, rssBytes: state.worker.rssBytes } };
}

function withPipeline(state: SessionState, event: PipelineChanged): SessionState {
  const { title, parameters, values, blocks, diagnostics, undo, redo, problem, version } = event;
  const names = new Set(blocks.map((block) => block.name));
  return {
    ...state,
    title,
    parameters,
    values,
    blocks,
    diagnostics,
    undo,
    redo,
    problem,
    version,
    sources: only({ ...state.sources, ...event.sources }, names),
    status: only(state.status, names),
  };
}

/** Blocks that the event does not name have no place, or none any more. */
function withPlaces(state: SessionState, { places }: QueueMoved): SessionState {
  const placeOf = (name: string): number | null => {
    const run = state.status[name]?.run ?? null;
    return run === null ? null : (places[run]?.[name] ?? null);
  };
  const moved = Object.keys(state.status).filter(
    (name) => state.status[name]?.place !== placeOf(name),
  );
  if (moved.length === 0) return state;
  return withEach(state, moved, (status, name) => ({ ...status, place: placeOf(name) }));
}

function withQueuedRun(state: SessionState, event: RunQueued): SessionState {
  const run: LiveRun = {
    id: event.run,
    origin: event.origin,
    state: "queued",
    trigger: event.trigger,
    queued_at: event.queued_at,
    started_at: null,
    blocks: {},
  };
  const known = { ...state, runs: [...state.runs.filter(({ id }) => id !== run.id), run] };
  return inRun(known, event.run, event.blocks, "queued", (status) => ({
    ...status,
    run: event.run,
    because: null,
    progress: null,
  }));
}

type Change = (status: BlockStatus, block: string) => BlockStatus;

/** Moves blocks of a run to a state; only runs of the editor are shown at the blocks themselves. */
function inRun(
  state: SessionState,
  id: string,
  blocks: string[],
  reached: BlockState,
  change: Change,
): SessionState {
  const run = state.runs.find((candidate) => candidate.id === id);
  const runs = state.runs.map((candidate) =>
    candidate.id === id ? advanced(candidate, blocks, reached) : candidate,
  );
  const next = { ...state, runs, stopping: without(state.stopping, blocks, reached) };
  if (run === undefined || run.origin !== "editor") return next;
  return withEach(next, blocks, (status, name) => ({ ...change(status, name), state: reached }));
}

function advanced(run: LiveRun, blocks: string[], reached: BlockState): LiveRun {
  const states = { ...run.blocks };
  for (const block of blocks) states[block] = reached;
  return { ...run, blocks: states, state: reached === "queued" ? run.state : "running" };
}

/** Changes what a block shows while the run that it shows is the one that speaks. */
function shown(state: SessionState, run: string, block: string, change: Change): SessionState {
  if (state.status[block]?.run !== run) return state;
  return withEach(state, [block], change);
}

function withEach(state: SessionState, blocks: string[], change: Change): SessionState {
  const status = { ...state.status };
  for (const block of blocks) status[block] = change(status[block] ?? NEVER, block);
  return { ...state, status };
}

function withLog(status: BlockStatus, { text, offset }: LogAppended): BlockStatus {
  const gap = offset > status.log_bytes && status.log_bytes > 0 ? "\n… (in the whole log)\n" : "";
  const tail = status.log_tail + gap + text;
  return {
    ...status,
    log_tail: tail.length > LOG_TAIL_CHARACTERS ? tail.slice(-LOG_TAIL_CHARACTERS) : tail,
    log_bytes: offset + new TextEncoder().encode(text).length,
  };
}

function without(
  stopping: Record<string, string>,
  blocks: string[],
  reached: BlockState,
): Record<string, string> {
  if (reached === "running" || !blocks.some((block) => block in stopping)) return stopping;
  return Object.fromEntries(Object.entries(stopping).filter(([name]) => !blocks.includes(name)));
}

function only<T>(record: Record<string, T>, names: ReadonlySet<string>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => names.has(name)));
}
