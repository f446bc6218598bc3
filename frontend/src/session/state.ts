import type { BlockStatus, PipelineState } from "../protocol";

/** The session of one pipeline as this browser knows it, at one `seq` of one `epoch`. */
export interface SessionState extends Omit<PipelineState, "worker"> {
  phase: "opening" | "live" | "ended";
  epoch: string;
  seq: number;
  /** How often all of it was told anew; what is fetched beside it is then fetched again. */
  snapshots: number;
  worker: { state: string; rssBytes: number | null };
  /** Stage that stopping a block has reached, by block: `interrupt`, `terminate` or `kill`. */
  stopping: Record<string, string>;
  /** Of the project: its disk is so full that triggers start no runs. */
  diskLow: boolean;
  /** Why no event follows any more. */
  endedBecause: string | null;
}

export function initialState(pipeline: string): SessionState {
  return {
    phase: "opening",
    epoch: "",
    seq: 0,
    snapshots: 0,
    name: pipeline,
    title: pipeline,
    parameters: [],
    values: {},
    blocks: [],
    sources: {},
    diagnostics: [],
    status: {},
    runs: [],
    worker: { state: "none", rssBytes: null },
    auto_run: false,
    stopping: {},
    undo: null,
    redo: null,
    problem: null,
    version: "",
    published: null,
    diskLow: false,
    endedBecause: null,
  };
}

/** Status of a block that was never run. */
export const NEVER: BlockStatus = {
  state: "never",
  staleness: { state: "never", reasons: [] },
  run: null,
  attempt: 0,
  started_at: null,
  finished_at: null,
  seconds: null,
  cache: null,
  output: null,
  failure: null,
  because: null,
  progress: null,
  checks: [],
  displays: [],
  log_tail: "",
  log_bytes: 0,
  pokes: 0,
  poke_at: null,
  give_up_at: null,
  place: null,
};

/** Characters of a block's log that are kept in memory; the whole is on the server. */
export const LOG_TAIL_CHARACTERS: number = 64 * 1024;
