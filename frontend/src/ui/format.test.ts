import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatChange,
  formatDuration,
  formatRelative,
  formatShape,
  plural,
} from "./format";
import { clashes, SHORTCUTS } from "./shortcuts";
import { startsInWords } from "./starts";

describe("formatDuration", () => {
  it.each([
    [0, "0 ms"],
    [0.041, "41 ms"],
    [0.21, "0.21 s"],
    [3.14, "3.1 s"],
    [38.2, "38 s"],
    [59.7, "1 m"],
    [370, "6 m 10 s"],
    [7500, "2 h 5 m"],
  ])("%d s is %s", (seconds, words) => expect(formatDuration(seconds)).toBe(words));
});

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1300, "1.3 kB"],
    [212_000_000, "212 MB"],
    [1_300_000_000, "1.3 GB"],
  ])("%d is %s", (bytes, words) => expect(formatBytes(bytes)).toBe(words));
});

describe("formatRelative", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  it.each([
    ["2026-11-21T12:00:01Z", "now"],
    ["2026-11-21T10:00:00Z", "2 h ago"],
    ["2026-11-21T12:06:00Z", "in 6 min"],
    ["2026-11-24T12:00:00Z", "in 3 d"],
  ])("%s is %s", (moment, words) => expect(formatRelative(moment, now)).toBe(words));
});

it("counts and shapes read as people write them", () => {
  expect([plural(1, "row"), plural(3716, "row"), formatShape(3716, 4)]).toEqual([
    "1 row",
    "3,716 rows",
    "3,716 × 4",
  ]);
});

describe("startsInWords", () => {
  const NO_EVENT = { at: null, webhook: false, files: null, after: null, changed: null };
  const trigger = (cron: string | null, every: string | null = null, timezone = "Europe/Berlin") =>
    startsInWords({ cron, every, timezone, ...NO_EVENT });
  it.each([
    [trigger("0 6 * * *"), "daily 06:00 Berlin"],
    [trigger("*/15 * * * *"), "every 15 min"],
    [trigger("* * * * *"), "every minute"],
    [trigger("30 7 * * 1", null, "America/New_York"), "Mondays 07:30 New York"],
    [trigger("0 9 * * 1-5"), "weekdays 09:00 Berlin"],
    [trigger("5 0 2 * *"), "monthly on the 2nd 00:05 Berlin"],
    [trigger("0 0 1 1 *"), "0 0 1 1 * Berlin"],
    [trigger(null, "90m"), "every 90 min"],
  ])("%s", (words, expected) => expect(words).toBe(expected));
});

describe("shortcuts", () => {
  it("never clash where both are live", () => expect(clashes()).toEqual([]));

  it("that clash are found, also when one cuts another short", () => {
    const at = { title: "", section: "App", where: "page" } as const;
    expect(clashes({ one: { ...at, keys: ["g"] }, two: { ...at, keys: ["g b"] } })).toHaveLength(1);
    expect(
      clashes({ one: { ...at, keys: ["a"] }, two: { ...at, where: "grid", keys: ["a"] } }),
    ).toEqual([]);
  });

  it("have a title that the palette can show", () => {
    expect(Object.values(SHORTCUTS).every(({ title }) => title.length > 3)).toBe(true);
  });
});

it.each([
  [0.372, "+37 %"],
  [-0.5, "−50 %"],
  [11, "+1,100 %"],
  [-0.001, "±0 %"],
])("a change of %d is %s", (change, words) => expect(formatChange(change)).toBe(words));
