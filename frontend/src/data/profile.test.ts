import { expect, it } from "vitest";
import { formatShare } from "./profile";

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
