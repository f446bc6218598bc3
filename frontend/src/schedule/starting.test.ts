import { describe, expect, it } from "vitest";
import type { TriggerTable } from "../protocol";
import { startsInWords } from "../ui";
import {
  bodyOf,
  isTimed,
  kindOf,
  limitProblem,
  limitsAreSound,
  startingOf,
  startingProblem,
} from "./starting";

const NONE = { cron: null, every: null, at: null, webhook: false, files: null, after: null };
const TABLE = {
  ...NONE,
  changed: null,
  timezone: "Europe/Berlin",
  start: null,
  end: null,
  jitter: null,
  catchup_window: null,
  catchup_limit: null,
  timeout: null,
  retries: null,
  backoff: null,
} as unknown as TriggerTable;

describe("what starts runs", () => {
  it.each([
    [{ cron: "0 6 * * *" }, "clock", "daily 06:00 Berlin"],
    [{ at: "2027-03-28 02:30" }, "once", "once, 2027-03-28 02:30 Berlin"],
    [{ at: "2027-03-28T02:30:00Z" }, "once", "once, 2027-03-28T02:30:00Z"],
    [{ files: "in/*.csv" }, "files", "new file in/*.csv"],
    [{ after: "prices" }, "after", "after prices"],
    [{ changed: "prices/load" }, "changed", "new output of prices/load"],
    [{ webhook: true }, "webhook", "web request"],
  ] as const)("of %o is read, said in words, and sent again", (part, kind, words) => {
    const trigger = { ...TABLE, ...part };
    expect([kindOf(trigger), startsInWords(trigger)]).toEqual([kind, words]);
    expect(isTimed(kind)).toBe(kind === "clock" || kind === "once");
    const starting = startingOf(trigger);
    expect(startingProblem(starting)).toBeUndefined();
    expect({ ...TABLE, ...bodyOf(starting, trigger) }).toEqual(trigger);
  });

  it("forgets what belongs to another kind", () => {
    const starting = {
      ...startingOf(TABLE),
      kind: "files" as const,
      files: "x",
      at: "y",
      end: "z",
    };
    const body = bodyOf({ ...starting, catchup_limit: "7" }, { cron: "* * * * *", every: null });
    expect(body).toMatchObject({
      cron: null,
      at: null,
      files: "x",
      end: null,
      catchup_limit: null,
    });
  });

  it("sends the limits of runs, and a backoff where a tick is tried again", () => {
    const limited = { ...TABLE, webhook: true, timeout: "2h", retries: 3, backoff: "5m" };
    const starting = startingOf(limited);
    const when = { cron: null, every: null };
    expect({ ...TABLE, ...bodyOf(starting, when) }).toEqual(limited);
    expect(bodyOf({ ...starting, retries: "1" }, when)).toMatchObject({
      retries: 1,
      backoff: null,
    });
    expect(bodyOf({ ...starting, retries: " ", timeout: "" }, when)).toMatchObject({
      timeout: null,
      retries: null,
      backoff: null,
    });
  });

  it.each([
    ["timeout", "soon", "Write a span, e.g. 90s or 2h."],
    ["timeout", "1h 30m", undefined],
    ["retries", "many", "A whole number from 0 to 100."],
    ["retries", "101", "A whole number from 0 to 100."],
    ["retries", "", undefined],
    ["backoff", "-1s", "Write a span, e.g. 90s or 2h."],
  ] as const)("%s of %j is looked at before the server is asked", (key, text, problem) => {
    expect(limitProblem(key, text)).toBe(problem);
    const starting = { ...startingOf(null), retries: "3", [key]: text };
    expect(limitsAreSound(starting)).toBe(problem === undefined);
  });

  it("says what is missing", () => {
    const empty = startingOf(null);
    expect(startingProblem(empty)).toBeUndefined();
    expect(startingProblem({ ...empty, kind: "files" })).toBe("Fill this in.");
    expect(startingProblem({ ...empty, kind: "changed", changed: "load" })).toContain("pipeline/");
  });

  it("keeps limits that are numbers", () => {
    const starting = { ...startingOf(TABLE), catchup_limit: "7", catchup_window: " 2h " };
    const body = bodyOf(starting, { cron: "* * * * *", every: null });
    expect(body).toMatchObject({ catchup_limit: 7, catchup_window: "2h" });
  });
});
