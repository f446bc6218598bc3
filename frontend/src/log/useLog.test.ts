import { expect, it } from "vitest";
import { plainText } from "../ui";
import { LogTextBuilder } from "./useLog";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const lines = (log: LogTextBuilder): string => plainText(log.shown().chunks);

it("goes on where the fetched text ends, whatever events tell twice", () => {
  const log = new LogTextBuilder();
  log.begin(0, bytes("one\ntwo\n"));
  expect(log.add(0, "one\n")).toBe(true);
  expect(log.add(4, "two\nthree ä")).toBe(true);
  expect(log.add(16, "!\n")).toBe(true);
  expect(lines(log)).toBe("one\ntwo\nthree ä!");
});

it("begins with a whole line when only the end was fetched", () => {
  const log = new LogTextBuilder();
  log.begin(100, bytes("rest of a line\nwhole\n"));
  expect(log.shown()).toMatchObject({ before: 115, bytes: 121 });
  expect(lines(log)).toBe("whole");
});

it("notes how many bytes events left out", () => {
  const log = new LogTextBuilder();
  log.begin(0, bytes("a\n"));
  log.add(1000, "b\n");
  const gaps = log.shown().chunks.flatMap((chunk) => chunk.lines.map((line) => line.gap));
  expect(gaps).toEqual([0, 998, 0]);
});

it("says so when the log has begun anew", () => {
  const log = new LogTextBuilder();
  log.begin(0, bytes(""));
  expect(log.add(0, "first attempt\n")).toBe(true);
  expect(log.add(0, "second attempt\n")).toBe(false);
});
