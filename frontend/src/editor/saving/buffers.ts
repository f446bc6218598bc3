/**
 * The buffers of all blocks of a pipeline: what is typed is saved by itself, one save at a time.
 *
 * They live outside of React, so that text survives a block that is not drawn at the moment.
 */
import { createStore, type StoreApi } from "zustand/vanilla";
import { ApiError, messageOf } from "../../client";
import {
  type Buffer,
  changedOnDisk,
  edited,
  isDirty,
  keptMine,
  opened,
  refused,
  restored,
  sent,
  tookTheirs,
  type Version,
  wantsSave,
} from "./buffer";
import type { DraftShelf } from "./drafts";

export const SAVE_AFTER_MS = 400;
/** After a save that failed for a reason that passes: a full disk, a server that is busy. */
export const SAVE_AGAIN_MS = 5000;

export type Save = (block: string, text: string, base: string) => Promise<unknown>;

export interface Buffers {
  readonly store: StoreApi<Record<string, Buffer>>;
  /** What the disk holds now, from the session. */
  follow(versions: ReadonlyMap<string, Version>): void;
  edit(block: string, text: string): void;
  keepMine(block: string): void;
  takeTheirs(block: string): void;
  /** Saves what is typed now; resolves true when nothing of it is left unsaved. */
  flush(blocks?: readonly string[]): Promise<boolean>;
}

export function createBuffers(save: Save, shelf: DraftShelf): Buffers {
  const store = createStore<Record<string, Buffer>>(() => ({}));
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  const saves = new Map<string, Promise<void>>();

  const put = (block: string, next: Buffer): void => {
    const before = store.getState()[block];
    if (before === next) return;
    store.setState({ [block]: next });
    const draft = isDirty(next) ? { text: next.text, base: next.saved.hash } : null;
    if (draft !== null || (before !== undefined && isDirty(before))) shelf.write(block, draft);
  };

  const change = (block: string, step: (buffer: Buffer) => Buffer): void => {
    const buffer = store.getState()[block];
    if (buffer !== undefined) put(block, step(buffer));
  };

  const schedule = (block: string, after: number = SAVE_AFTER_MS): void => {
    clearTimeout(timers.get(block));
    timers.set(
      block,
      setTimeout(() => void saveNow(block), after),
    );
  };

  const saveNow = (block: string): Promise<void> => {
    clearTimeout(timers.get(block));
    timers.delete(block);
    const running = saves.get(block);
    if (running !== undefined) return running;
    const buffer = store.getState()[block];
    if (buffer === undefined || !wantsSave(buffer)) return Promise.resolve();
    put(block, sent(buffer));
    const done = save(block, buffer.text, buffer.saved.hash)
      .then((result) => change(block, (now) => acknowledged(now, buffer.text, result)))
      .catch((thrown: unknown) => {
        change(block, (now) => refused(now, messageOf(thrown), theirsOf(thrown)));
        if (thrown instanceof ApiError && PASSING.has(thrown.code)) schedule(block, SAVE_AGAIN_MS);
      })
      .finally(() => {
        saves.delete(block);
        const now = store.getState()[block];
        if (now !== undefined && wantsSave(now) && now.problem === null) schedule(block);
      });
    saves.set(block, done);
    return done;
  };

  const flushOne = async (block: string): Promise<boolean> => {
    await saves.get(block);
    await saveNow(block);
    const buffer = store.getState()[block];
    return buffer === undefined || !isDirty(buffer);
  };

  return {
    store,
    follow(versions) {
      for (const [block, version] of versions) {
        const buffer = store.getState()[block];
        if (buffer === undefined) put(block, open(shelf, block, version));
        else put(block, changedOnDisk(buffer, version));
        const now = store.getState()[block];
        if (now !== undefined && wantsSave(now) && !timers.has(block)) schedule(block);
      }
    },
    edit(block, text) {
      change(block, (buffer) => edited(buffer, text));
      schedule(block);
    },
    keepMine(block) {
      change(block, keptMine);
      schedule(block);
    },
    takeTheirs: (block) => change(block, tookTheirs),
    async flush(blocks = Object.keys(store.getState())) {
      const results = await Promise.all(blocks.map(flushOne));
      return results.every(Boolean);
    },
  };
}

/** Errors that need nothing but time. */
const PASSING: ReadonlySet<string> = new Set(["disk-full", "unavailable"]);

function open(shelf: DraftShelf, block: string, version: Version): Buffer {
  const draft = shelf.read(block);
  return draft === null ? opened(version) : restored(version, draft);
}

/** The answer came before the event, or there was nothing to change: the disk holds what was sent. */
function acknowledged(buffer: Buffer, text: string, result: unknown): Buffer {
  if (buffer.sending !== text) return buffer;
  const hash = (result as { hash?: unknown } | null)?.hash;
  if (typeof hash === "string") return changedOnDisk(buffer, { text, hash });
  return { ...buffer, sending: null, saved: { text, hash: buffer.saved.hash } };
}

/** The text that stands in the way of a refused save. */
function theirsOf(thrown: unknown): Version | null {
  if (!(thrown instanceof ApiError) || thrown.code !== "conflict") return null;
  const { text, hash } = thrown.details;
  return typeof text === "string" && typeof hash === "string" ? { text, hash } : null;
}
