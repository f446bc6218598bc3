import { describe, expect, it } from "vitest";
import type { BlockTable } from "../../protocol";
import { type CopiedBlock, copiedFrom, freeName, pasting } from "./clipboard";
import { marked } from "./operations";

const LOAD: CopiedBlock = {
  name: "load",
  kind: "loader",
  language: "python",
  text: "def load(): ...",
  library: null,
  upstream: [],
  settings: { path: "a.csv" },
};
const CLEAN: CopiedBlock = { ...LOAD, name: "clean", kind: "transformer", upstream: ["load", "x"] };

describe("pasting", () => {
  it("keeps names and edges where they are free and there", () => {
    const commands = pasting([LOAD, CLEAN], ["other"], 1);
    expect(commands.map(({ name, index, upstream }) => [name, index, upstream])).toEqual([
      ["load", 1, []],
      ["clean", 2, ["load"]],
    ]);
    expect(commands[0]).toMatchObject({ text: "def load(): ...", settings: { path: "a.csv" } });
  });

  it("lets copies beside their originals read what those read", () => {
    const commands = pasting([LOAD, CLEAN], ["load", "x", "clean"], 3);
    expect(commands.map(({ name, upstream }) => [name, upstream])).toEqual([
      ["load_copy", []],
      ["clean_copy", ["load", "x"]],
    ]);
  });

  it("pastes a shared block as the shared block that it is", () => {
    const block = { ...LOAD, shared: true, file: "/lib/headrace/library/loaders/read_csv.py" };
    const copied = copiedFrom(block as unknown as BlockTable, "text");
    expect(copied).toMatchObject({ text: null, library: "loaders/read_csv" });
    const [command] = pasting([copied], [], 0);
    expect(command).toMatchObject({ library: "loaders/read_csv" });
    expect(command).not.toHaveProperty("text");
  });

  it("finds names that are free", () => {
    expect(freeName("a", new Set(["b"]))).toBe("a");
    expect(freeName("a", new Set(["a", "a_copy", "a_copy2"]))).toBe("a_copy3");
    expect(freeName("a".repeat(64), new Set(["a".repeat(64)])).length).toBeLessThanOrEqual(64);
  });
});

describe("marked", () => {
  it.each([
    [{ selected: "c", anchor: "a" }, ["a", "b", "c"]],
    [{ selected: "a", anchor: "b" }, ["a", "b"]],
    [{ selected: "b", anchor: null }, ["b"]],
    [{ selected: "b", anchor: "gone" }, ["b"]],
    [{ selected: null, anchor: null }, []],
  ])("names the blocks from one end to the other: %j", (state, names) => {
    expect(marked(["a", "b", "c"], state)).toEqual(names);
  });
});
