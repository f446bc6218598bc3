import { describe, expect, it } from "vitest";
import { toldHeight } from "./display";

describe("the height that a frame tells", () => {
  it.each([
    [{ headraceHeight: 120.4 }, 120],
    [{ headraceHeight: 3 }, 24],
    [{ headraceHeight: 1e9 }, 640],
  ])("%j is %s pixels", (data, height) => {
    expect(toldHeight(data)).toBe(height);
  });

  it.each([
    null,
    undefined,
    120,
    "120",
    {},
    { headraceHeight: "1" },
    { headraceHeight: Number.NaN },
  ])("%j is none", (data) => {
    expect(toldHeight(data)).toBeUndefined();
  });
});
