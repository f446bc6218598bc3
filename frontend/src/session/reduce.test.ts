import { describe, expect, it } from "vitest";
import type { AnyEvent, BlockStatus, BlockTable, Output, PipelineState } from "../protocol";
import { isOld, leavesGap, reduce } from "./reduce";
import { draftDiffers, signOf } from "./selectors";
import { initialState, LOG_TAIL_CHARACTERS, NEVER, type SessionState } from "./state";

function table(name: string, upstream: string[] = []): BlockTable {
  return {
    name,
    kind: "transformer",
    language: "python",
    file: `pipelines/p/${name}.py`,
    shared: false,
    used_in: 1,
    hash: "h",
    upstream,
    inputs: {},
    settings: {},
    form: [],
    description: "",
    retries: 0,
    backoff_s: 1,
    retry_on: [],
    memory_bytes: null,
    timeout_s: null,
    cache: null,
    connection: null,
    writes: false,
    pool: null,
    priority: 0,
    isolation: null,
    poke_s: null,
    soft_fail: false,
    contract: null,
    incremental: null,
  };
}

const NOW = "2026-11-21T06:00:00Z";
const OUTPUT = { address: "a", rows: 3 } as Output;

function taken(status: Record<string, BlockStatus> = {}): SessionState {
  const state: PipelineState = {
    name: "p",
    title: "P",
    parameters: [],
    values: {},
    blocks: [table("a"), table("b", ["a"])],
    sources: { a: "1", b: "2" },
    diagnostics: [],
    status,
    runs: [],
    worker: "ready",
    auto_run: false,
    undo: null,
    redo: null,
    problem: null,
    version: "draft",
    published: null,
  };
  return reduce(initialState("p"), event({ op: "snapshot-taken", epoch: "e", seq: 4, state }));
}

function event(part: Partial<AnyEvent> & { op: AnyEvent["op"] }): AnyEvent {
  return { pipeline: "p", seq: 5, cause: "", ...part } as AnyEvent;
}

function queued(origin: "editor" | "trigger"): AnyEvent {
  return event({
    op: "run-queued",
    run: "r",
    origin,
    blocks: ["a"],
    queued_at: NOW,
    trigger: null,
  });
}

const started = event({ op: "block-started", run: "r", block: "a", attempt: 1, started_at: NOW });
const finished = event({
  op: "block-finished",
  run: "r",
  block: "a",
  state: "succeeded",
  attempt: 1,
  output: OUTPUT,
  seconds: 0.2,
  cache: "miss",
  finished_at: NOW,
  staleness: { state: "fresh", reasons: [] },
  checks: [],
});

function play(state: SessionState, ...events: AnyEvent[]): SessionState {
  return events.reduce(reduce, state);
}

describe("reduce", () => {
  it("takes a snapshot whole, with its epoch and number", () => {
    const state = taken();
    expect(state).toMatchObject({ phase: "live", epoch: "e", seq: 4, title: "P" });
    expect(state.worker).toEqual({ state: "ready", rssBytes: null });
  });

  it("follows a block of an editor run from queued to its output", () => {
    const waiting = play(taken(), queued("editor"));
    expect(waiting.status["a"]?.state).toBe("queued");
    const running = play(waiting, started);
    expect(running.status["a"]).toMatchObject({ state: "running", attempt: 1 });
    expect(running.runs[0]).toMatchObject({ state: "running", blocks: { a: "running" } });
    const done = play(running, finished);
    expect(done.status["a"]).toMatchObject({
      state: "succeeded",
      output: OUTPUT,
      staleness: { state: "fresh" },
    });
  });

  it("shows nothing of a scheduled run at the blocks, only in the list of runs", () => {
    const done = play(taken(), queued("trigger"), started);
    expect(done.status["a"]).toBeUndefined();
    expect(done.runs[0]?.blocks).toEqual({ a: "running" });
  });

  it("waits again after a failed attempt that will be tried again", () => {
    const failure = { kind: "exception", type: "KeyError", message: "x" };
    const failed = (retry_at: string | null): AnyEvent =>
      event({
        op: "block-failed",
        run: "r",
        block: "a",
        attempt: 1,
        failure: failure as never,
        seconds: 1,
        finished_at: NOW,
        retry_at,
        checks: [],
      });
    const running = play(taken(), queued("editor"), started);
    expect(play(running, failed(NOW)).status["a"]?.state).toBe("queued");
    expect(play(running, failed(null)).status["a"]).toMatchObject({ state: "failed", failure });
  });

  it("follows a sensor that waits between its pokes, with one log", () => {
    const wait = { run: "r", block: "a", attempt: 1, pokes: 1, poke_at: NOW, give_up_at: NOW };
    const log = event({ op: "log-appended", run: "r", block: "a", offset: 0, text: "no" });
    const asked = play(taken(), queued("editor"), started, log);
    const waiting = play(asked, event({ op: "block-waiting", ...wait }));
    expect(waiting.status["a"]).toMatchObject({ state: "waiting", pokes: 1, poke_at: NOW });
    expect(waiting.runs[0]).toMatchObject({ state: "running", blocks: { a: "waiting" } });
    const again = play(
      waiting,
      event({ op: "block-started", run: "r", block: "a", attempt: 1, started_at: NOW, pokes: 1 }),
    );
    expect(again.status["a"]).toMatchObject({ state: "running", poke_at: null, log_tail: "no" });
    expect(signOf(again.status["a"] ?? NEVER)).toBe("waiting");
  });

  it("keeps only the end of a long log and ignores the log of another run", () => {
    const running = play(taken(), queued("editor"), started);
    const log = (run: string, text: string): AnyEvent =>
      event({ op: "log-appended", run, block: "a", offset: 0, text });
    expect(play(running, log("other", "x")).status["a"]?.log_tail).toBe("");
    const long = play(running, log("r", "y".repeat(LOG_TAIL_CHARACTERS + 9)));
    expect(long.status["a"]?.log_tail).toHaveLength(LOG_TAIL_CHARACTERS);
    expect(long.status["a"]?.log_bytes).toBe(LOG_TAIL_CHARACTERS + 9);
  });

  it("forgets sources and status of blocks that are gone, and keeps the other sources", () => {
    const state = play(
      taken({ a: NEVER, b: NEVER }),
      event({
        op: "pipeline-changed",
        title: "Q",
        blocks: [table("b")],
        sources: {},
        diagnostics: [],
      }),
    );
    expect(state.sources).toEqual({ b: "2" });
    expect(Object.keys(state.status)).toEqual(["b"]);
  });

  it("leaves the identity of what did not change", () => {
    const state = taken({ a: NEVER, b: NEVER });
    const next = play(
      state,
      event({ op: "staleness-changed", blocks: { a: { state: "stale", reasons: [] } } }),
    );
    expect(next.status["b"]).toBe(state.status["b"]);
    expect(next.blocks).toBe(state.blocks);
    expect(next.seq).toBe(5);
  });

  it("refuses an event it does not know", () => {
    expect(() => play(taken(), event({ op: "unheard-of" as never }))).toThrow("Unknown case");
  });
});

describe("the numbers of events", () => {
  it.each([
    [4, true, false],
    [5, false, false],
    [6, false, true],
  ])("after 4, event %i is old: %s, leaves a gap: %s", (seq, old, gap) => {
    const state = taken();
    expect(isOld(state, { ...started, seq })).toBe(old);
    expect(leavesGap(state, { ...started, seq })).toBe(gap);
  });

  it("tell of what triggers run, and of the draft that may differ from it", () => {
    const version = { pipeline: "p", number: 2, hash: "draft", message: "", published_at: "" };
    const same = reduce(taken(), event({ op: "version-published", version }));
    expect([same.published?.number, draftDiffers(same)]).toEqual([2, false]);
    const block = same.blocks[0] as BlockTable;
    const edited = event({ op: "source-changed", block, text: "", diagnostics: [], version: "x" });
    expect(draftDiffers(reduce(same, edited))).toBe(true);
    expect(draftDiffers(taken())).toBe(false);
  });

  it("never keep a snapshot from being taken", () => {
    const snapshot = event({ op: "snapshot-taken", epoch: "f", seq: 1, state: null });
    expect(isOld(taken(), snapshot) || leavesGap(taken(), snapshot)).toBe(false);
  });

  it("shows places in the line of the run that a block shows, until they are gone", () => {
    const moved = (places: Record<string, Record<string, number>>): AnyEvent =>
      event({ op: "queue-moved", places });
    const waiting = reduce(reduce(taken(), queued("editor")), moved({ r: { a: 2 }, x: { b: 1 } }));
    expect([waiting.status["a"]?.place, waiting.status["b"]?.place ?? null]).toEqual([2, null]);
    const same = reduce(waiting, moved({ r: { a: 2 } }));
    expect(same.status).toBe(waiting.status);
    expect(reduce(waiting, moved({})).status["a"]?.place).toBeNull();
  });
});
