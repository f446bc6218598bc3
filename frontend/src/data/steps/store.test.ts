import { describe, expect, it } from "vitest";
import type { Step } from "../../protocol";
import {
  addStep,
  clearSteps,
  nameAfter,
  pendingOf,
  pendingWords,
  removeStep,
  stepsFor,
  stepsOf,
  stepWords,
} from "./store";

const RENAME: Step = { do: "rename", column: "carrier", name: "airline" };
const CAST: Step = { do: "cast", column: "airline", type: "text" };
const DROP: Step = { do: "drop", column: "year" };

describe("the steps of a view", () => {
  it("wait until a block is made, in their order, each table its own", () => {
    addStep("p/a", RENAME);
    addStep("p/a", DROP);
    expect(stepsOf("p/a")).toEqual([RENAME, DROP]);
    expect(stepsOf("p/b")).toEqual([]);
    clearSteps("p/a");
    expect(stepsOf("p/a")).toEqual([]);
  });

  it("are taken back one by one; those after a rename find the column again", () => {
    for (const step of [RENAME, CAST, DROP]) addStep("p/c", step);
    removeStep("p/c", 0);
    expect(stepsOf("p/c")).toEqual([{ ...CAST, column: "carrier" }, DROP]);
    removeStep("p/c", 1);
    expect(stepsOf("p/c")).toEqual([{ ...CAST, column: "carrier" }]);
  });

  it("say what a column is called after them", () => {
    expect(nameAfter([RENAME, CAST], "carrier")).toBe("airline");
    expect(nameAfter([DROP], "year")).toBeNull();
    expect(nameAfter([DROP], "month")).toBe("month");
  });

  it("lose what names a column that is no more", () => {
    const columns = [{ name: "carrier" }, { name: "year" }];
    const all = [RENAME, CAST, DROP];
    expect(stepsFor(all, columns)).toBe(all);
    expect(stepsFor(all, columns.slice(1))).toEqual([DROP]);
  });

  it("say what becomes of each column of the table", () => {
    const columns = [{ name: "carrier" }, { name: "year" }, { name: "day" }];
    const swapped: Step = { do: "rename", column: "day", name: "carrier" };
    const pending = pendingOf([RENAME, CAST, DROP, swapped], columns);
    expect([...pending]).toEqual([
      ["carrier", { name: "airline", type: "text", last: 1 }],
      ["year", { name: null, type: null, last: 2 }],
      ["day", { name: "carrier", type: null, last: 3 }],
    ]);
    expect([...pending].map(([name, one]) => pendingWords(one, name))).toEqual([
      "the block calls it airline, the block turns it into text",
      "the block drops it",
      "the block calls it carrier",
    ]);
    expect(pendingOf([], columns).size).toBe(0);
  });

  it("are read as words", () => {
    expect([RENAME, CAST, DROP].map(stepWords)).toEqual([
      "carrier → airline",
      "airline as text",
      "drop year",
    ]);
  });
});
