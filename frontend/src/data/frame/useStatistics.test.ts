import { describe, expect, it } from "vitest";
import { inAddresses } from "./useStatistics";

describe("the columns of a selection", () => {
  it("are named in one request when they are few", () => {
    expect(inAddresses(["day", "delay"])).toEqual(['["day","delay"]']);
    expect(inAddresses([])).toEqual(["[]"]);
  });

  it("are named in several when there are many, each once and in their order", () => {
    const names = Array.from({ length: 10_000 }, (_, at) => `sensor_${at}`);
    const lists = inAddresses(names);
    expect(lists.flatMap((list) => JSON.parse(list) as string[])).toEqual(names);
    expect(Math.max(...lists.map((list) => encodeURIComponent(list).length))).toBeLessThan(17_000);
  });

  it("have a request of their own when their name alone is long", () => {
    const long = "é".repeat(4_000);
    expect(inAddresses(["a", long, "b"])).toEqual(['["a"]', JSON.stringify([long]), '["b"]']);
  });
});
