import { describe, expect, it } from "vitest";
import {
  endOfUnit,
  linear,
  momentWords,
  niceDomain,
  niceStep,
  numberTicks,
  numberWords,
  timeTicks,
} from "./scale";

const at = (text: string): number => Date.parse(`${text}Z`);

describe("a scale", () => {
  it("puts numbers between two ends, also when all are one number", () => {
    expect(linear(0, 10, 100, 0).at(2.5)).toBe(75);
    expect(linear(3, 3, 0, 100).at(3)).toBe(0);
  });

  it.each([
    [100, 5, 20],
    [7, 5, 2],
    [0.03, 6, 0.005],
    [0, 5, 1],
    [58_665, 5, 20_000],
  ])("of a span of %d has %d marks or so, %d apart", (span, count, step) => {
    expect(niceStep(span, count)).toBeCloseTo(step, 12);
  });

  it("ends at marks", () => {
    expect(niceDomain(0, 58_665, 5)).toEqual([0, 60_000]);
    expect(niceDomain(-3, 7, 5)).toEqual([-4, 8]);
    expect(niceDomain(4, 4, 5)).toEqual([3, 5]);
  });
});

describe("marks", () => {
  it("are round and say no more digits than they need", () => {
    expect(numberTicks(0, 1, 5).map(({ label }) => label)).toEqual([
      "0.0",
      "0.2",
      "0.4",
      "0.6",
      "0.8",
      "1.0",
    ]);
    expect(numberTicks(-100, 1300, 4).map(({ label }) => label)).toEqual(["0", "500", "1,000"]);
    expect(numberTicks(0, 2_000_000, 2).map(({ label }) => label)).toEqual(["0", "1M", "2M"]);
  });

  it("of time stand at the beginning of units", () => {
    const year = timeTicks(at("2013-01-01T00:00"), at("2013-12-31T00:00"), 4);
    expect(year.map(({ label }) => label)).toEqual([
      "Jan 2013",
      "Apr 2013",
      "Jul 2013",
      "Oct 2013",
    ]);
    const day = timeTicks(at("2013-01-01T05:00"), at("2013-01-02T05:00"), 4);
    expect(day.map(({ label }) => label)).toEqual(["06:00", "12:00", "18:00", "2 Jan"]);
    expect(timeTicks(at("1900-01-01T00:00"), at("2100-01-01T00:00"), 4)).toHaveLength(5);
  });
});

describe("words", () => {
  it("of moments are as exact as their unit", () => {
    const moment = at("2013-03-14T06:05");
    expect(momentWords(moment, "year")).toBe("2013");
    expect(momentWords(moment, "quarter")).toBe("Q1 2013");
    expect(momentWords(moment, "day", false)).toBe("14 Mar 2013");
    expect(momentWords(moment, null, false)).toBe("14 Mar 2013 06:05");
  });

  it("of numbers keep six digits", () => {
    expect(numberWords(58_665)).toBe("58,665");
    expect(numberWords(6.895_376_51)).toBe("6.89538");
    expect(numberWords(0.000_01)).toBe("0.0000100000");
  });

  it("of units of time know how long months are", () => {
    expect(endOfUnit(at("2013-02-01T00:00"), "month")).toBe(at("2013-03-01T00:00"));
    expect(endOfUnit(at("2013-10-01T00:00"), "quarter")).toBe(at("2014-01-01T00:00"));
    expect(endOfUnit(at("2013-12-30T00:00"), "week")).toBe(at("2014-01-06T00:00"));
  });
});
