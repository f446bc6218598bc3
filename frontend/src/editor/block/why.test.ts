import { expect, it } from "vitest";
import type { BlockStatus, Failure } from "../../protocol";
import { NEVER } from "../../session";
import { describeStatus } from "../../ui";
import { whyOf } from "./why";

const NOW = Date.parse("2026-11-21T08:00:00Z");
const AT = "2026-11-21T06:00:00Z";
const GOOD: Partial<BlockStatus> = {
  state: "succeeded",
  staleness: { state: "fresh", reasons: [] },
  finished_at: AT,
  seconds: 0.21,
};
const REASONS = ["code edited", "helper `clean.py` edited", "pandas 3.1.1 → 3.1.2"];
const STALE: Partial<BlockStatus> = { ...GOOD, staleness: { state: "stale", reasons: REASONS } };
const FAILURE = { kind: "exception", type: "E", message: "" } as Failure;

it.each<[Partial<BlockStatus>, string | null, string | null, string[]]>([
  [STALE, null, "Stale, because of", REASONS],
  [
    { ...GOOD, state: "cached", cache: "hit: same code and inputs" },
    null,
    "Taken from the store",
    ["same code and inputs", "finished 2 h ago"],
  ],
  [
    { ...GOOD, state: "cached", cache: "miss: forced" },
    null,
    "Taken from the store",
    ["another run made this result", "finished 2 h ago"],
  ],
  [
    { ...GOOD, cache: "miss: asked for by name" },
    null,
    "Executed",
    ["asked for by name", "finished 2 h ago"],
  ],
  [
    { state: "queued", place: 2 },
    "warehouse",
    "Queued",
    ["2nd of all that wait", "waits for a slot of pool warehouse", "priority 5"],
  ],
  [{ state: "queued" }, null, "Queued", ["waits for clean, load"]],
  [
    { state: "queued", failure: FAILURE, attempt: 1 },
    null,
    "Queued",
    ["attempt 1 failed, the next one is near"],
  ],
  [{ state: "skipped", because: "clean" }, null, "Skipped", ["clean failed"]],
  [{ state: "running" }, null, null, []],
])("%j is explained", (part, pool, title, reasons) => {
  const status = { ...NEVER, ...part };
  const why = whyOf(status, { pool, priority: 5 }, ["clean", "load"], NOW);
  expect(why?.title ?? null).toBe(title);
  expect(why?.reasons ?? []).toEqual(reasons);
});

it.each<[Partial<BlockStatus>, string | null, string]>([
  [STALE, null, "stale: code edited and 2 more"],
  [{ state: "queued" }, "warehouse", "queued"],
  [{ state: "queued", place: 1 }, null, "queued 1st"],
  [{ state: "queued", place: 3 }, "warehouse", "queued 3rd: waits for a slot of pool warehouse"],
])("%j in short", (part, pool, words) => {
  expect(describeStatus({ ...NEVER, ...part }, NOW, pool)).toBe(words);
});

const WAIT: Partial<BlockStatus> = {
  state: "waiting",
  pokes: 4,
  poke_at: "2026-11-21T08:00:30Z",
  give_up_at: "2026-11-21T10:00:00Z",
};

it.each<[Partial<BlockStatus>, RegExp]>([
  [WAIT, /^waiting: poke at \d\d:\d\d:30$/],
  [{ ...WAIT, give_up_at: "2026-11-21T08:00:20Z" }, /^waiting: gives up at \d\d:\d\d:20$/],
  [{ ...WAIT, state: "running", poke_at: null }, /^waiting: asked for the 5th time$/],
])("a sensor that waits says what happens next: %j", (part, words) => {
  const status = { ...NEVER, ...part };
  expect(describeStatus(status, NOW)).toMatch(words);
  const why = whyOf(status, { pool: null, priority: 0 }, [], NOW);
  expect(why?.title).toBe("Waiting");
  expect(why?.reasons[0]).toBe("asked 4 times, not ready");
});
