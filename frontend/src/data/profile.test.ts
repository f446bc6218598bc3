import { expect, it } from "vitest";
import { binWords, formatShare } from "./profile";

it.each([
  [0, 336_776, "0 %"],
  [8_255, 336_776, "2.5 %"],
  [1, 336_776, "< 0.1 %"],
  [336_775, 336_776, "> 99.9 %"],
  [336_776, 336_776, "100 %"],
  [995, 1_000, "99 %"],
  [0, 0, "0 %"],
])("%i of %i is %s", (part, whole, words) => {
  expect(formatShare(part, whole)).toBe(words);
});

it.each([
  [{ counts: [1, 0, 2], low: 1, high: 3, step: 1 }, 2, "3"],
  [{ counts: [4, 2], low: 0, high: 8, step: 5 }, 0, "0 to 4"],
  [{ counts: [4, 2], low: 0, high: 8, step: 5 }, 1, "5 to 8"],
  [{ counts: [1, 1], low: 0, high: 1, step: null }, 1, "0.5 to 1"],
])("bin of %j at %i is %s", (histogram, at, words) => {
  expect(binWords(histogram, at)).toBe(words);
});
