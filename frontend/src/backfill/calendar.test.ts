import { describe, expect, it } from "vitest";
import {
  addDays,
  addMonths,
  countsInWords,
  dayInWords,
  lastDayOf,
  spanOf,
  stateOfDay,
  todayIn,
  weeksOf,
} from "./calendar";

describe("days", () => {
  it("follow one another over months, leap years and changes of clocks", () => {
    expect(addDays("2026-12-31", 1)).toBe("2027-01-01");
    expect(addDays("2028-03-01", -1)).toBe("2028-02-29");
    expect(addDays("2026-10-25", 1)).toBe("2026-10-26");
    expect([addMonths("2026-11", 2), addMonths("2026-01", -1)]).toEqual(["2027-01", "2025-12"]);
    expect(lastDayOf("2026-02")).toBe("2026-02-28");
  });

  it("lie in weeks from Monday on, with room for the months beside", () => {
    const weeks = weeksOf("2026-11");
    expect(weeks).toHaveLength(6);
    expect(weeks[0]).toEqual([null, null, null, null, null, null, "2026-11-01"]);
    expect(weeks[5]).toEqual(["2026-11-30", null, null, null, null, null, null]);
    expect(weeksOf("2027-02")).toHaveLength(4);
    expect(weeksOf("2026-11").flat().filter(Boolean)).toHaveLength(30);
  });

  it("make the same span in either order", () => {
    const span = { from: "2026-11-03", to: "2026-11-20" };
    expect(spanOf("2026-11-03", "2026-11-20")).toEqual(span);
    expect(spanOf("2026-11-20", "2026-11-03")).toEqual(span);
  });

  it("are those of the zone's clocks", () => {
    const now = Date.parse("2026-11-21T23:30Z");
    expect(todayIn("Europe/Berlin", now)).toBe("2026-11-22");
    expect(todayIn("America/New_York", now)).toBe("2026-11-21");
    expect(todayIn("Mars/Phobos", now)).toMatch(/^2026-11-2[12]$/);
  });
});

describe("a day says", () => {
  it("the worst that became of its ticks", () => {
    expect(stateOfDay({ succeeded: 23, failed: 1 })).toBe("failed");
    expect(stateOfDay({ succeeded: 23, missing: 1 })).toBe("missing");
    expect(stateOfDay({ succeeded: 24 })).toBe("succeeded");
    expect(stateOfDay({})).toBeNull();
    expect(stateOfDay(undefined)).toBeNull();
  });

  it("how many there are of each state, in words", () => {
    expect(countsInWords({ succeeded: 20, missing: 3 })).toBe("3 missing, 20 ok");
    expect(countsInWords({})).toBe("no ticks");
    expect(dayInWords("2026-11-20")).toBe("Fri 20 November 2026");
  });
});
