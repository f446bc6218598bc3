import { describe, expect, it } from "vitest";
import { pieces, settled } from "./ansi";

describe("pieces", () => {
  it("colour what stands between the codes", () => {
    expect(pieces("a \u001b[31;1merror\u001b[0m b")).toEqual([
      { text: "a ", colour: null, bold: false },
      { text: "error", colour: "red", bold: true },
      { text: " b", colour: null, bold: false },
    ]);
  });

  it("drop codes that move the cursor", () => {
    expect(pieces("a\u001b[2Kb").map((piece) => piece.text)).toEqual(["a", "b"]);
  });
});

describe("settled", () => {
  it("keeps what a progress bar wrote last", () => {
    expect(settled("10 %\r50 %\r100 %\ndone\r\n")).toBe("100 %\ndone\n");
  });
});
