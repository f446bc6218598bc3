import { describe, expect, it } from "vitest";
import { definitionOf } from "./definition";

describe("definitionOf", () => {
  it.each([
    ["flights", "flights"],
    ["FLIGHTS", "flights"],
    ["df", "weather"],
    ["carrier", null],
  ])("%s is the block %s", (word, block) => {
    expect(definitionOf(word, { df: "weather" }, ["flights", "weather"])).toBe(block);
  });
});
