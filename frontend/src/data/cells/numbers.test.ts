import { describe, expect, it } from "vitest";
import { decimalsOf, formatDecimal, formatFloat, wholeFloat } from "./numbers";

describe("floats of a column", () => {
  it.each<[values: number[], shown: string[]]>([
    [
      [517, 533, 4],
      ["517", "533", "4"],
    ],
    [
      [107, 21.83, -4.4],
      ["107.00", "21.83", "-4.40"],
    ],
    [
      [12.3456789, 3.4567891, 0],
      ["12.3457", "3.4568", "0.0000"],
    ],
    [
      [1e20, 1.5],
      ["100000000000000000000", "1.5"],
    ],
    [[1 / 3], ["0.333333"]],
  ])("%j stand under one another as %j", (values, shown) => {
    const decimals = decimalsOf(values);
    expect(values.map((value) => formatFloat(value, decimals))).toEqual(shown);
  });

  it("keep the digits of a number that is much smaller than the others", () => {
    expect(formatFloat(0.00001234, 2)).toBe("0.00001234");
    expect(formatFloat(0.123456789, 0)).toBe("0.123457");
  });

  it("tell minus zero from zero", () => {
    expect([formatFloat(-0, 2), formatFloat(0, 2), formatFloat(-0, 0)]).toEqual([
      "-0.00",
      "0.00",
      "-0",
    ]);
  });

  it("keep the digits of a number that is much larger than the others", () => {
    expect(formatFloat(4_999_999.5, 1)).toBe("4999999.5");
  });
});

describe("whole numbers", () => {
  it("of 32 bit are as short as they can be", () => {
    expect(wholeFloat(Math.fround(0.1), 1)).toBe("0.1");
    expect(wholeFloat(Math.fround(16777216), 1)).toBe("16777216");
    expect(wholeFloat(0.1 + 0.2, 2)).toBe("0.30000000000000004");
  });

  it.each([
    [12340n, 2, "123.40"],
    [-5n, 3, "-0.005"],
    [7, 0, "7"],
    [7n, -2, "700"],
  ])("%s with scale %s is %s", (value, scale, text) => {
    expect(formatDecimal(value, scale)).toBe(text);
  });
});
