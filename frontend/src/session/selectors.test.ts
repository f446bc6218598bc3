import { describe, expect, it } from "vitest";
import type { BlockStatus, BlockTable } from "../protocol";
import { checksOf, planOf, planWords, signOf, staleBlocks } from "./selectors";
import { initialState, NEVER, type SessionState } from "./state";

const FRESH: BlockStatus = {
  ...NEVER,
  state: "succeeded",
  staleness: { state: "fresh", reasons: [] },
};
const STALE: BlockStatus = {
  ...NEVER,
  state: "succeeded",
  staleness: { state: "stale", reasons: ["code edited"] },
};

function pipeline(
  edges: Record<string, string[]>,
  status: Record<string, BlockStatus>,
): SessionState {
  const blocks = Object.entries(edges).map(
    ([name, upstream]) => ({ name, upstream, kind: "transformer" }) as BlockTable,
  );
  return { ...initialState("p"), blocks, status };
}

describe("planOf", () => {
  it("runs the block with exactly its ancestors that are not fresh, in order", () => {
    const state = pipeline(
      { daily: ["enrich"], load: [], clean: ["load"], enrich: ["clean"], other: [] },
      { load: FRESH, clean: STALE, enrich: STALE },
    );
    expect(planOf(state, ["daily"])).toEqual(["clean", "enrich", "daily"]);
  });

  it("runs a fresh block that is asked for by name", () => {
    expect(planOf(pipeline({ a: [] }, { a: FRESH }), ["a"])).toEqual(["a"]);
  });

  it("finds the stale ancestor behind a fresh one", () => {
    const state = pipeline({ a: [], b: ["a"], c: ["b"] }, { a: STALE, b: FRESH, c: STALE });
    expect(planOf(state, ["c"])).toEqual(["a", "c"]);
  });

  it("ends on a cycle and on an unknown upstream", () => {
    const state = pipeline({ a: ["b", "gone"], b: ["a"] }, {});
    expect(planOf(state, ["a"]).sort()).toEqual(["a", "b"]);
  });

  it("takes a chain of 10,000 blocks", () => {
    const edges = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [
        `b${index}`,
        index === 0 ? [] : [`b${index - 1}`],
      ]),
    );
    expect(staleBlocks(pipeline(edges, {}))).toHaveLength(10_000);
  });
});

describe("planWords", () => {
  it.each([
    [[], "Everything is fresh"],
    [["a"], "Run a"],
    [["clean", "enrich", "daily"], "Run 3: clean → enrich → daily"],
    [["a", "b", "c", "d", "e", "f"], "Run 6: a → b → … → e → f"],
    [[`${"long".repeat(10)}_01`, "b"], "Run 2: longlonglonglon…nglong_01 → b"],
  ])("%j is %s", (plan, words) => expect(planWords(plan)).toBe(words));
});

describe("signOf", () => {
  it.each<[Partial<BlockStatus>, string]>([
    [{}, "draft"],
    [FRESH, "ok"],
    [{ ...FRESH, state: "cached" }, "cached"],
    [STALE, "stale"],
    [{ ...STALE, state: "running" }, "running"],
    [{ ...STALE, state: "cancelled" }, "cancelled"],
    [{ state: "failed", staleness: { state: "never", reasons: [] } }, "failed"],
    [{ state: "failed", staleness: { state: "stale", reasons: ["code edited"] } }, "stale"],
  ])("of %j is %s", (part, sign) => expect(signOf({ ...NEVER, ...part })).toBe(sign));
});

describe("checksOf", () => {
  const check = (name: string): BlockStatus["checks"][number] => ({
    name,
    state: "passed",
    message: "",
    line: null,
    count: null,
    rows: null,
    refused: null,
  });
  const output = { checks: [check("made")] } as BlockStatus["output"];

  it.each([
    ["succeeded", [check("run")], output, ["run"]],
    ["cached", [], output, ["made"]],
    ["cached", [], null, []],
    ["failed", [], output, []],
  ] as const)("of %s", (state, checks, made, names) => {
    const status = { ...NEVER, state, checks: [...checks], output: made };
    expect(checksOf(status).map(({ name }) => name)).toEqual(names);
  });
});
