import { describe, expect, it } from "vitest";
import type { BlockTable } from "../../protocol";
import { amountWords, type BlockKey, changesOf, problemOf, spanWords, textsOf } from "./blockKeys";

const BLOCK = {
  retries: 2,
  backoff_s: 1,
  retry_on: [] as string[],
  memory_bytes: 2e9,
  timeout_s: 600,
  cache: null,
  connection: null,
  writes: false,
  pool: "warehouse",
  priority: 0,
  isolation: null,
} as BlockTable;

describe("keys of a block", () => {
  it("change only where their text does", () => {
    const texts = textsOf(BLOCK);
    expect(changesOf(BLOCK, texts)).toEqual({});
    expect(
      changesOf(BLOCK, { ...texts, retries: "3", pool: " ", priority: "-5", timeout: "10m " }),
    ).toEqual({ retries: 3, pool: "", priority: -5 });
    expect(
      changesOf(BLOCK, { ...texts, memory: "", backoff: "5s", retry_on: "OSError,  timeout" }),
    ).toEqual({ memory: "", backoff: "5s", retry_on: ["OSError", "timeout"] });
  });

  it.each([
    [3600, "1h"],
    [90, "90s"],
    [600, "10m"],
    [0.5, "0.5s"],
    [0, "0s"],
  ])("write %d seconds as %s", (seconds, words) => expect(spanWords(seconds)).toBe(words));

  it.each([
    [2e9, "2GB"],
    [500e6, "500MB"],
    [2 ** 31, "2GiB"],
    [1_234_567, "1234567"],
  ])("write %d bytes as %s", (bytes, words) => expect(amountWords(bytes)).toBe(words));

  it.each<[BlockKey, string, boolean]>([
    ["retries", "100", true],
    ["retries", "101", false],
    ["retries", "", false],
    ["priority", "-1000", true],
    ["priority", "1.5", false],
    ["timeout", "", true],
    ["timeout", "1h30m", true],
    ["timeout", "soon", false],
    ["backoff", "never", false],
    ["memory", "1.5 GiB", true],
    ["memory", "much", false],
    ["retry_on", "", true],
    ["retry_on", "requests.ConnectionError, died", true],
    ["retry_on", "OSError timeout", false],
    ["cache", "forever", true],
    ["cache", "never", false],
    ["pool", "anything", true],
  ])("%s may be %j: %s", (key, text, good) => {
    expect(problemOf(key, text) === undefined).toBe(good);
  });
});
