import { describe, expect, it } from "vitest";
import type { BlockStatus, BlockTable, Output } from "../../protocol";
import { initialState, NEVER, type SessionState } from "../../session";
import { waysOfBlock, waysOfPipeline } from "./ways";

const OUTPUT = { address: "a" } as Output;
const FRESH: BlockStatus = {
  ...NEVER,
  state: "succeeded",
  staleness: { state: "fresh", reasons: [] },
  output: OUTPUT,
};
const STALE: BlockStatus = { ...FRESH, staleness: { state: "stale", reasons: ["code edited"] } };

/** load → clean → daily → report, with a text beside them. */
function chain(status: Record<string, BlockStatus>): SessionState {
  const table = (name: string, kind: string, ...upstream: string[]) =>
    ({ name, kind, upstream }) as unknown as BlockTable;
  const blocks = [
    table("note", "markdown"),
    table("load", "loader"),
    table("clean", "transformer", "load"),
    table("daily", "transformer", "clean"),
    table("report", "exporter", "daily"),
  ];
  return { ...initialState("p"), blocks, status };
}

describe("ways to run a block", () => {
  const ways = waysOfBlock(
    chain({ load: FRESH, clean: STALE, daily: STALE, report: STALE }),
    "daily",
  );
  it.each([
    ["run-block", "Run 2: clean → daily", ["daily"], { scope: "until" }],
    ["run-only", "With its inputs as they are", ["daily"], { scope: "only" }],
    [
      "run-until",
      "Run 3: load → clean → daily, what is fresh too",
      ["load", "clean", "daily"],
      { scope: "only" },
    ],
    ["run-from", "Run 2: daily → report", ["daily"], { scope: "from" }],
    ["run-forced", "Takes nothing from the store", ["daily"], { scope: "until", force: true }],
  ])("%s says %s", (command, detail, blocks, choice) => {
    const way = ways.find((one) => one.command === command);
    expect(way).toMatchObject({ detail, blocks, choice });
    expect(way?.impossible).toBeUndefined();
  });

  it("leave out what needs a result that there is not", () => {
    const refused = waysOfBlock(chain({ load: FRESH }), "daily").filter((way) => way.impossible);
    expect(refused.map(({ command, impossible }) => [command, impossible])).toEqual([
      ["run-only", "clean has no result yet."],
      ["run-from", "clean has no result yet."],
    ]);
  });
});

describe("ways to run the pipeline", () => {
  it("retry what failed with what was skipped for it, in order", () => {
    const failed: BlockStatus = { ...NEVER, state: "failed" };
    const skipped: BlockStatus = { ...NEVER, state: "skipped", because: "daily" };
    const state = chain({ load: FRESH, clean: FRESH, daily: failed, report: skipped });
    expect(waysOfPipeline(state)[1]).toMatchObject({
      detail: "Run 2: daily → report",
      blocks: ["daily", "report"],
      impossible: undefined,
    });
  });

  it("say why there is nothing to do", () => {
    const fresh = chain({ load: FRESH, clean: FRESH, daily: FRESH, report: FRESH });
    expect(waysOfPipeline(fresh).map(({ impossible }) => impossible)).toEqual([
      "Everything is fresh.",
      "Nothing has failed.",
      undefined,
    ]);
    expect(waysOfPipeline(fresh)[2]?.blocks).toEqual(["load", "clean", "daily", "report"]);
  });
});
