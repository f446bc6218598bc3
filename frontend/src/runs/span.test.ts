import { describe, expect, it } from "vitest";
import { boundsOf, daysOfSpan, spanOfDays } from "./span";

const NOW = new Date(2026, 10, 21, 15, 30).getTime();
const local = (...parts: [number, number, number, number?]): string =>
  new Date(...parts).toISOString();

describe("boundsOf", () => {
  it.each([
    ["", {}],
    ["nonsense", {}],
    ["_", {}],
    ["hour", { since: local(2026, 10, 21, 14).replace(":00:00.", ":30:00.") }],
    ["today", { since: local(2026, 10, 21) }],
    ["yesterday", { since: local(2026, 10, 20), until: local(2026, 10, 21) }],
    ["2026-11-01_2026-11-03", { since: local(2026, 10, 1), until: local(2026, 10, 4) }],
    ["2026-11-30_", { since: local(2026, 10, 30) }],
    ["_2026-11-30", { until: local(2026, 11, 1) }],
    ["2026-99-99_", {}],
  ])("of %j", (span, bounds) => expect(boundsOf(span, NOW)).toEqual(bounds));

  it("counts days back by the clock", () => {
    const { since } = boundsOf("week", NOW);
    expect(NOW - Date.parse(since ?? "")).toBe(7 * 24 * 3.6e6);
  });
});

it("days are read back as they were written", () => {
  const days = { first: "2026-11-01", last: "" };
  expect(daysOfSpan(spanOfDays(days))).toEqual(days);
  expect(daysOfSpan("today")).toBeNull();
});
