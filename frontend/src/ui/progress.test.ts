import { expect, it } from "vitest";
import { progressWords } from "./progress";

it.each([
  [0, 1000, 5, "0 / 1,000"],
  [420, 1000, 10, "420 / 1,000 · 42/s · 14 s left"],
  [15, 20, 10, "15 / 20 · 1.5/s · 3.3 s left"],
  [2, 3, 60, "2 / 3 · 30 s each · 30 s left"],
  [1000, 1000, 4, "1,000 / 1,000 · 250/s"],
  [7, null, 0.2, "7"],
  [7000, null, 2, "7,000 · 3,500/s"],
])("%s of %s after %s s: %s", (done, total, seconds, words) => {
  expect(progressWords(done, total, seconds)).toBe(words);
});

it("says what is counted, when somebody knows", () => {
  expect(progressWords(16_384, null, 2, "rows")).toBe("16,384 rows · 8,192/s");
});
