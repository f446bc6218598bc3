import { describe, expect, it } from "vitest";
import type { BlockLineage, ColumnLineage, Lineage } from "../../protocol";
import { Traces } from "./trace";

const column = (name: string, from: string[] = [], expression = ""): ColumnLineage => ({
  name,
  type: "BIGINT",
  expression,
  origins: from.map((one) => {
    const [block = "", of = ""] = one.split(".");
    return { block, column: of };
  }),
});

const block = (
  name: string,
  known_by: BlockLineage["known_by"],
  ...columns: ColumnLineage[]
): BlockLineage => ({ block: name, known_by, columns, unknown: "" });

const LINEAGE: Lineage = {
  pipeline: "p",
  blocks: [
    block("load", "name", column("id"), column("n")),
    block("clean", "query", column("id", ["load.id"]), column("m", ["load.n"], "load.n * 2")),
    block("train", "name", column("id", ["clean.id"]), column("score")),
    block("top", "query", column("total", ["clean.m", "clean.id"], "sum(clean.m)")),
  ],
};

describe("the ways of a column", () => {
  const traces = new Traces(LINEAGE);

  it("go up to where it was loaded", () => {
    const found = traces.up("top", "total");
    expect(found.next.map((one) => `${one.block}.${one.column}`)).toEqual(["clean.m", "clean.id"]);
    expect(found.next[0]?.expression).toBe("load.n * 2");
    expect(found.next[0]?.next.map((one) => [one.column, one.isSure])).toEqual([["n", true]]);
    expect(traces.up("train", "id").next.map((one) => one.isSure)).toEqual([false]);
  });

  it("go down to all that is made of it, and say what only looks so", () => {
    const found = traces.down("load", "id");
    expect(found.next.map((one) => one.block)).toEqual(["clean"]);
    expect(found.next[0]?.next.map((one) => [one.block, one.isSure])).toEqual([
      ["train", false],
      ["top", true],
    ]);
  });

  it("are told in a line or two", () => {
    expect(traces.words("clean", "m")).toBe("from load.n = load.n * 2\ngoes into top.total");
    expect(traces.words("train", "id")).toBe("from clean.id, by its name");
    expect(traces.words("train", "score")).toBe("");
    expect(traces.words("nowhere", "id")).toBe("");
    expect(traces.has("load", "n")).toBe(true);
  });
});
