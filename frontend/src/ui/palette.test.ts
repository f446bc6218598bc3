import { describe, expect, it } from "vitest";
import { type Finding, search } from "./palette";

const all: Finding[] = [
  ["Blocks", "delay"],
  ["Columns", "dep_delay"],
  ["Columns", "dest"],
  ["Blocks", "model"],
  ["Columns", "model"],
  ["Edit", "Delete block"],
].map(([group = "", title = ""]) => ({ id: `${group} ${title}`, group, title, run: () => {} }));

describe("the palette", () => {
  it("shows every group once, with what is closest first", () => {
    expect(search(all, "de").map(({ id }) => id)).toEqual([
      "Blocks delay",
      "Blocks model",
      "Columns dep_delay",
      "Columns dest",
      "Columns model",
      "Edit Delete block",
    ]);
    expect(search(all, "dest").map(({ id }) => id)[0]).toBe("Columns dest");
  });

  it("finds nothing that lacks a letter", () => {
    expect(search(all, "dxq")).toEqual([]);
  });
});
