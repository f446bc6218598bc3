import { describe, expect, it } from "vitest";
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
  wantsSave,
} from "./buffer";

const first = { text: "a = 1", hash: "h1" };
const typed: Buffer = edited(opened(first), "a = 2");

describe("buffer", () => {
  it("wants no save while it is clean", () => {
    expect(wantsSave(opened(first))).toBe(false);
  });

  it("sends one save at a time", () => {
    expect(wantsSave(typed)).toBe(true);
    expect(wantsSave(edited(sent(typed), "a = 3"))).toBe(false);
  });

  it("is clean when the disk holds what was sent", () => {
    const saved = changedOnDisk(sent(typed), { text: "a = 2", hash: "h2" });
    expect(isDirty(saved)).toBe(false);
    expect(saved.saved.hash).toBe("h2");
  });

  it("keeps what was typed during a save and wants to save it on the new base", () => {
    const buffer = changedOnDisk(edited(sent(typed), "a = 3"), { text: "a = 2", hash: "h2" });
    expect(buffer.text).toBe("a = 3");
    expect(buffer.theirs).toBeNull();
    expect(wantsSave(buffer)).toBe(true);
  });

  it("takes an outside edit while it is clean", () => {
    expect(changedOnDisk(opened(first), { text: "b", hash: "h9" }).text).toBe("b");
  });

  it("keeps both texts of an outside edit while it is dirty, and saves neither", () => {
    const buffer = changedOnDisk(typed, { text: "b", hash: "h9" });
    expect(buffer.text).toBe("a = 2");
    expect(buffer.theirs).toEqual({ text: "b", hash: "h9" });
    expect(wantsSave(buffer)).toBe(false);
  });

  it("merges an outside edit of other lines while it is dirty, and wants to save both", () => {
    const base = { text: "a = 1\n\nb = 1", hash: "h1" };
    const mine = edited(opened(base), "a = 2\n\nb = 1");
    const theirs = { text: "a = 1\n\nb = 3", hash: "h9" };
    for (const buffer of [changedOnDisk(mine, theirs), refused(sent(mine), "conflict", theirs)]) {
      expect(buffer.text).toBe("a = 2\n\nb = 3");
      expect(buffer.theirs).toBeNull();
      expect(buffer.saved).toEqual(theirs);
      expect(wantsSave(buffer)).toBe(true);
    }
  });

  it("is no conflict any more when the disk goes back to what was edited", () => {
    const buffer = changedOnDisk(changedOnDisk(typed, { text: "b", hash: "h9" }), first);
    expect(buffer.theirs).toBeNull();
    expect(wantsSave(buffer)).toBe(true);
  });

  it("saves mine on top of theirs when mine is kept", () => {
    const buffer = keptMine(changedOnDisk(typed, { text: "b", hash: "h9" }));
    expect(buffer.saved.hash).toBe("h9");
    expect(wantsSave(buffer)).toBe(true);
  });

  it("is clean with theirs when theirs is taken", () => {
    const buffer = tookTheirs(changedOnDisk(typed, { text: "b", hash: "h9" }));
    expect(buffer.text).toBe("b");
    expect(isDirty(buffer)).toBe(false);
  });

  it("becomes a conflict when refused with another text, but not with its own", () => {
    expect(refused(sent(typed), "conflict", { text: "b", hash: "h9" }).theirs?.hash).toBe("h9");
    expect(isDirty(refused(sent(typed), "conflict", { text: "a = 2", hash: "h2" }))).toBe(false);
  });

  it("shows any other refusal until the next edit", () => {
    const buffer = refused(sent(typed), "The disk is full.", null);
    expect(buffer.problem).toBe("The disk is full.");
    expect(edited(buffer, "a = 4").problem).toBeNull();
  });

  it("brings back a draft of the same base as unsaved, of another base as a conflict", () => {
    expect(wantsSave(restored(first, { text: "x", base: "h1" }))).toBe(true);
    expect(restored(first, { text: "x", base: "h0" }).theirs).toEqual(first);
  });
});
