import { describe, expect, it } from "vitest";
import type { TriggerTable } from "../protocol";
import { startsInWords } from "../ui";
import { bodyOf, isTimed, kindOf, startingOf, startingProblem } from "./starting";

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
