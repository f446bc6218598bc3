import { describe, expect, it } from "vitest";
import type { BlockTable } from "../protocol";
import { connectTargets, pathBetween, whyNot } from "./connecting";

function block(name: string, kind: BlockTable["kind"], upstream: string[] = []): BlockTable {
  return {
    name,
    kind,
    upstream,
    language: "python",
    file: `${name}.py`,
    shared: false,
    used_in: 1,
    hash: "",
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

const blocks = [
  block("flights", "loader"),
  block("clean", "transformer", ["flights"]),
  block("daily", "transformer", ["clean"]),
  block("report", "exporter", ["daily"]),
  block("notes", "markdown"),
];

describe("whyNot", () => {
  it.each([
    ["flights", "daily", null],
    ["clean", "clean", "A block cannot read its own output."],
    ["flights", "clean", "Already connected."],
    ["daily", "flights", "A loader takes no input."],
    ["report", "daily", "An exporter has no output to read."],
    ["notes", "daily", "Text has no data."],
    ["daily", "clean", "It would close a cycle: clean → daily → clean"],
    ["gone", "clean", "There is no such block."],
  ])("%s to %s: %s", (upstream, downstream, reason) => {
    expect(whyNot(blocks, upstream, downstream)).toBe(reason);
  });
});

describe("connectTargets", () => {
  it("lists the possible ones first, each other one with its reason", () => {
    const targets = connectTargets(blocks, "flights");
    expect(targets.map((target) => target.name)).toEqual(["daily", "report", "clean", "notes"]);
    expect(targets.filter((target) => target.reason === null)).toHaveLength(2);
  });
});

describe("pathBetween", () => {
  it("follows the edges down, and never up", () => {
    expect(pathBetween(blocks, "flights", "report")).toEqual([
      "flights",
      "clean",
      "daily",
      "report",
    ]);
    expect(pathBetween(blocks, "report", "flights")).toBeNull();
  });

  it("walks a chain of 10,000 blocks", () => {
    const chain = Array.from({ length: 10_000 }, (_, index) =>
      block(`b${index}`, "transformer", index === 0 ? [] : [`b${index - 1}`]),
    );
    expect(pathBetween(chain, "b0", "b9999")).toHaveLength(10_000);
  });
});
