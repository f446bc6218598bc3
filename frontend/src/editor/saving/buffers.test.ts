import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../../client";
import { type Buffers, createBuffers, SAVE_AFTER_MS, SAVE_AGAIN_MS } from "./buffers";
import type { Draft } from "./drafts";

const disk = (text: string, hash: string): Map<string, { text: string; hash: string }> =>
  new Map([["clean", { text, hash }]]);

describe("buffers", () => {
  let saves: [string, string, string][];
  let answer: () => Promise<unknown>;
  let drafts: Map<string, Draft>;
  let buffers: Buffers;

  const create = (): Buffers =>
    createBuffers(
      (block, text, base) => {
        saves.push([block, text, base]);
        return answer();
      },
      {
        read: (block) => drafts.get(block) ?? null,
        write: (block, draft) => {
          if (draft === null) drafts.delete(block);
          else drafts.set(block, draft);
        },
      },
    );

  beforeEach(() => {
    vi.useFakeTimers();
    saves = [];
    drafts = new Map();
    answer = () => Promise.resolve({ hash: "h2" });
    buffers = create();
    buffers.follow(disk("a", "h1"));
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("save once after the last key", async () => {
    buffers.edit("clean", "ab");
    await vi.advanceTimersByTimeAsync(SAVE_AFTER_MS / 2);
    buffers.edit("clean", "abc");
    await vi.advanceTimersByTimeAsync(SAVE_AFTER_MS);
    expect(saves).toEqual([["clean", "abc", "h1"]]);
    expect(drafts.size).toBe(0);
  });

  it("keep a draft until the save is acknowledged", async () => {
    answer = () => new Promise(() => {});
    buffers.edit("clean", "ab");
    await vi.advanceTimersByTimeAsync(SAVE_AFTER_MS);
    expect(drafts.get("clean")).toEqual({ text: "ab", base: "h1" });
  });

  it("bring a draft back and save it", async () => {
    drafts.set("clean", { text: "typed before the reload", base: "h1" });
    buffers = create();
    buffers.follow(disk("a", "h1"));
    await vi.advanceTimersByTimeAsync(SAVE_AFTER_MS);
    expect(saves).toEqual([["clean", "typed before the reload", "h1"]]);
  });

  it("hold both texts when the server reports a conflict, and save nothing more", async () => {
    const details = { text: "theirs", hash: "h9" };
    answer = () => Promise.reject(new ApiError({ code: "conflict", message: "changed", details }));
    buffers.edit("clean", "mine");
    expect(await buffers.flush()).toBe(false);
    await vi.advanceTimersByTimeAsync(SAVE_AFTER_MS * 4);
    expect(saves).toHaveLength(1);
    expect(buffers.store.getState()["clean"]).toMatchObject({ text: "mine", theirs: details });
  });

  it("try again by themselves when the disk was full, with what was typed since", async () => {
    answer = () =>
      Promise.reject(new ApiError({ code: "disk-full", message: "No space left.", details: {} }));
    buffers.edit("clean", "ab");
    expect(await buffers.flush()).toBe(false);
    expect(buffers.store.getState()["clean"]?.problem).toBe("No space left.");
    answer = () => Promise.resolve({ hash: "h2" });
    await vi.advanceTimersByTimeAsync(SAVE_AGAIN_MS);
    expect(saves.at(-1)).toEqual(["clean", "ab", "h1"]);
    expect(drafts.size).toBe(0);
  });

  it("save at once when flushed", async () => {
    buffers.edit("clean", "ab");
    expect(await buffers.flush(["clean"])).toBe(true);
    expect(saves).toHaveLength(1);
  });

  it("save what was typed during a save on top of it", async () => {
    let finish: (result: unknown) => void = () => {};
    answer = () => new Promise((resolve) => (finish = resolve));
    buffers.edit("clean", "ab");
    await vi.advanceTimersByTimeAsync(SAVE_AFTER_MS);
    buffers.edit("clean", "abc");
    await vi.advanceTimersByTimeAsync(SAVE_AFTER_MS);
    expect(saves).toHaveLength(1);
    finish({ hash: "h2" });
    await vi.advanceTimersByTimeAsync(SAVE_AFTER_MS);
    expect(saves[1]).toEqual(["clean", "abc", "h2"]);
  });
});
