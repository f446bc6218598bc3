import { describe, expect, it } from "vitest";
import { mergeLines } from "./merge";

const text = (...lines: string[]): string => `${lines.join("\n")}\n`;
const base = text("import os", "", "def a():", "    return 1", "", "def b():", "    return 2");

describe("mergeLines", () => {
  it("makes both edits of different lines", () => {
    const mine = base.replace("return 1", "return 10");
    const theirs = base.replace("return 2", "return 20");
    const both = mine.replace("return 2", "return 20");
    expect(mergeLines(base, mine, theirs)).toBe(both);
    expect(mergeLines(base, theirs, mine)).toBe(both);
  });

  it("makes lines that were added and removed at different places", () => {
    const mine = base.replace("import os\n", "import os\nimport re\n");
    const theirs = base.replace("\n\ndef b():\n    return 2", "");
    expect(mergeLines(base, mine, theirs)).toBe(
      text("import os", "import re", "", "def a():", "    return 1"),
    );
  });

  it("makes an edit once that both made", () => {
    const mine = base.replace("return 1", "return 10").replace("import os", "import re");
    const theirs = base.replace("return 1", "return 10");
    expect(mergeLines(base, mine, theirs)).toBe(mine);
  });

  it("keeps its hands off what two edits touch", () => {
    const mine = base.replace("return 1", "return 10");
    for (const theirs of [
      base.replace("return 1", "return 100"),
      base.replace("def a", "def c"),
      base.replace("    return 1\n", ""),
      base.replace("    return 1\n", "    return 1\n    # more\n"),
      "",
    ]) {
      expect(mergeLines(base, mine, theirs)).toBeNull();
    }
    expect(mergeLines(base, `${base}mine`, `${base}theirs`)).toBeNull();
  });

  it("gives the other text when only one of them was edited", () => {
    const theirs = base.replace("import os", "import re");
    expect(mergeLines(base, base, theirs)).toBe(theirs);
    expect(mergeLines(base, theirs, base)).toBe(theirs);
  });

  it("makes any edits of lines that are apart", () => {
    const lines = Array.from({ length: 40 }, (_, index) => `line ${index % 7}`);
    for (let mine = 0; mine < 40; mine += 3) {
      for (let theirs = 0; theirs < 40; theirs += 1) {
        if (Math.abs(mine - theirs) < 2) continue;
        const put = (from: readonly string[], at: number, word: string): string[] =>
          from.map((line, index) => (index === at ? word : line));
        const merged = mergeLines(
          lines.join("\n"),
          put(lines, mine, "mine").join("\n"),
          put(lines, theirs, "theirs").join("\n"),
        );
        expect(merged).toBe(put(put(lines, mine, "mine"), theirs, "theirs").join("\n"));
      }
    }
  });
});
