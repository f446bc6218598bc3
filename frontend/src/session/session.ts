import { createStore, type StoreApi } from "zustand/vanilla";
import type { Client } from "../client";
import type { AnyCommand, AnyEvent, PipelineCommand } from "../protocol";
import { isOld, leavesGap, reduce } from "./reduce";
import { initialState, type SessionState } from "./state";

/** The open session of one pipeline: its state as a store, and a way to give commands. */
export interface Session {
  readonly pipeline: string;
  readonly store: StoreApi<SessionState>;
  /** Gives a command of this pipeline; throws `ApiError` when it is refused. */
  send<T = unknown>(command: PipelineCommand): Promise<T>;
  /** As `send`, and tells the number that events caused by it carry. */
  start<T = unknown>(command: PipelineCommand): { req: string; result: Promise<T> };
  /** Is called with every event after it was applied. */
  subscribe(listener: (event: AnyEvent) => void): () => void;
  close(): void;
}

/** Opens a pipeline; "" opens the project itself, whose events carry no state. */
export function openSession(client: Client, pipeline: string): Session {
  const store = createStore<SessionState>(() => initialState(pipeline));
  const listeners = new Set<(event: AnyEvent) => void>();
  let recovering = false;

  const received = (events: AnyEvent[]): void => {
    let state = store.getState();
    const applied: AnyEvent[] = [];
    for (const event of events) {
      if (event.op === "snapshot-taken") recovering = false;
      if (recovering || isOld(state, event)) continue;
      if (leavesGap(state, event)) {
        recovering = true;
        client.reopen(pipeline);
        continue;
      }
      state = reduce(state, event);
      applied.push(event);
    }
    if (applied.length === 0) return;
    store.setState(state, true);
    for (const event of applied) for (const listener of listeners) listener(event);
  };

  const stop = client.listen(pipeline, {
    received,
    position: () => {
      const { phase, seq, epoch } = store.getState();
      return phase === "opening" ? { after: null, epoch: "" } : { after: seq, epoch };
    },
    refused: (error) => store.setState({ phase: "ended", endedBecause: error.message }),
  });

  // What ended because the server stopped is open again when it is back, and what did not says so.
  const stopFollowing = client.connection.subscribe(({ phase }) => {
    const state = store.getState();
    if (phase !== "offline" || state.phase !== "ended") return;
    store.setState({ phase: state.epoch === "" ? "opening" : "live", endedBecause: null });
  });

  const start = <T>(command: PipelineCommand): { req: string; result: Promise<T> } =>
    client.send<T>({ ...command, pipeline } as AnyCommand);

  return {
    pipeline,
    store,
    start,
    send: (command) => start<never>(command).result,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      stopFollowing();
      stop();
    },
  };
}
