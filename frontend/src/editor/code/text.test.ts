import { Text } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import { offsetOf, placeAt } from "./positions";
import { replacement } from "./replacement";

describe("places", () => {
  const doc = Text.of(["x = 1", 's = "🌊🌊" + y']);

  it("count columns in code points", () => {
    expect(placeAt(doc, 6 + 9)).toEqual({ line: 2, column: 7 });
    expect(offsetOf(doc, { line: 2, column: 7 })).toBe(6 + 9);
  });

  it("outside the text become the nearest inside", () => {
    expect(offsetOf(doc, { line: 99, column: 99 })).toBe(doc.length);
    expect(offsetOf(doc, { line: 0, column: -1 })).toBe(0);
  });
});

describe("replacement", () => {
  it.each([
    ["abc", "abc", null],
    ["", "abc", { from: 0, to: 0, insert: "abc" }],
    ["one two three", "one 2 three", { from: 4, to: 7, insert: "2" }],
    ["aaa", "aa", { from: 2, to: 3, insert: "" }],
    ["aa", "aaa", { from: 2, to: 2, insert: "a" }],
  ])("of %j by %j is the smallest", (before, after, expected) => {
    expect(replacement(before, after)).toEqual(expected);
  });
});
