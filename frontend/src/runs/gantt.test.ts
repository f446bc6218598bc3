import { describe, expect, it } from "vitest";
import type { BlockRun, RunRecord } from "../protocol";
import { criticalPath, ganttOf, niceStep } from "./gantt";

const ORIGIN = Date.parse("2026-11-21T06:00:00Z");

function at(seconds: number): string {
  return new Date(ORIGIN + seconds * 1000).toISOString();
}

function block(name: string, upstream: string[], from: number | null, to: number | null): BlockRun {
  const times = {
    started_at: from === null ? null : at(from),
    finished_at: to === null ? null : at(to),
  };
  const timings = to === null ? null : { start: 0.1, load: 0.1, call: 0.5, save: 0.2, wait: 0 };
  const attempts =
    from === null ? [] : [{ number: 1, state: "succeeded", failure: null, ...times, timings }];
  return { name, upstream, state: "succeeded", ...times, attempts } as unknown as BlockRun;
}

function run(...blocks: BlockRun[]): RunRecord {
  return { queued_at: at(0), started_at: at(0.5), finished_at: at(4), blocks } as RunRecord;
}

describe("ganttOf", () => {
  it("waits from the end of the inputs to the start, then shows start-up, run and save", () => {
    const { bars } = ganttOf(run(block("a", [], 0.5, 1), block("b", ["a"], 1.5, 3)), ORIGIN);
    const rounded = bars[1]?.segments.map(({ phase, ...span }) => [
      phase,
      Number(span.from.toFixed(3)),
      Number(span.to.toFixed(3)),
    ]);
    expect(rounded).toEqual([
      ["queue", 1, 1.5],
      ["start", 1.5, 1.7],
      ["run", 1.7, 2.8],
      ["save", 2.8, 3],
    ]);
  });

  it("lets blocks that were skipped one after the other stand where the first would have begun", () => {
    const skipped = (name: string, upstream: string[]): BlockRun => ({
      ...block(name, upstream, null, null),
      state: "skipped",
    });
    const { bars } = ganttOf(
      run(block("a", [], 1, 3), skipped("b", ["a"]), skipped("c", ["b"])),
      ORIGIN,
    );
    expect(bars.map(({ end }) => end)).toEqual([3, 3, 3]);
  });

  it("lets a running block reach to now", () => {
    const { bars } = ganttOf(run(block("a", [], 1, null)), ORIGIN + 9000);
    expect(bars[0]?.end).toBe(9);
  });

  it("tells the wait of a sensor from its last poke", () => {
    const sensor = block("a", [], 0.5, 3);
    const [poked] = sensor.attempts;
    if (poked?.timings != null) poked.timings.wait = 2;
    const phases = ganttOf(run(sensor), ORIGIN).bars[0]?.segments.map(({ phase, to }) => [
      phase,
      Number(to.toFixed(3)),
    ]);
    expect(phases).toEqual([
      ["queue", 2.5],
      ["start", 2.7],
      ["run", 2.8],
      ["save", 3],
    ]);
  });

  it("shows a sensor that waits as waiting, to now", () => {
    const sensor = block("a", [], 1, null);
    const [poked] = sensor.attempts;
    if (poked !== undefined) poked.state = "waiting";
    const { bars } = ganttOf(run(sensor), ORIGIN + 9000);
    expect(bars[0]?.segments.map(({ phase, to }) => [phase, to])).toEqual([
      ["queue", 1],
      ["queue", 9],
    ]);
  });

  it("gives a skipped block no segments", () => {
    expect(ganttOf(run(block("a", [], null, null)), ORIGIN).bars[0]?.segments).toEqual([]);
  });
});

it("the critical path is the chain that ended last", () => {
  const blocks = [block("a", [], 0, 1), block("b", [], 0, 2), block("c", ["a", "b"], 2, 3)];
  expect([...criticalPath(run(...blocks))]).toEqual(["c", "b"]);
});

it.each([
  [0.3, 0.5],
  [0.5, 0.5],
  [1.2, 2],
  [6, 10],
  [45, 60],
  [500, 600],
])("the step above %d is %d", (wanted, step) => expect(niceStep(wanted)).toBeCloseTo(step));
