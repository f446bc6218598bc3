import { describe, expect, it } from "vitest";
import type { Failure } from "../protocol";
import { failureLine, failureWords } from "./signs";

describe("a failure in words", () => {
  it.each<[kind: Failure["kind"], type: string, message: string, words: string]>([
    ["exception", "KeyError", "'day'", "KeyError: 'day'"],
    ["exception", "AssertionError", "no rows", "AssertionError: no rows"],
    ["exception", "KeyboardInterrupt", "", "KeyboardInterrupt"],
    ["check", "AssertionError", "few: 3 rows do not pass.", "few: 3 rows do not pass."],
    ["check", "KeyError", "few: 'day'", "KeyError: few: 'day'"],
  ])("%s, %s: %s", (kind, type, message, words) => {
    const failure = { kind, type, message } as Failure;
    expect(failureWords(failure)).toBe(words);
  });

  it("are one line where there is room for one", () => {
    const failure = { kind: "check", type: "AssertionError", message: "few: 3\nof 5" } as Failure;
    expect(failureLine(failure)).toBe("few: 3");
  });
});
