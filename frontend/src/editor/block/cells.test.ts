import { expect, test } from "vitest";
import { cellsOf } from "./cells";

test("cells are read with their sources, whichever way these are written", () => {
  const text = JSON.stringify({
    cells: [
      { cell_type: "markdown", source: ["# A\n", "text"] },
      { cell_type: "code", source: "n = 1", metadata: { tags: ["parameters"] } },
      { cell_type: "widget" },
    ],
  });
  expect(cellsOf(text)).toEqual([
    { kind: "markdown", source: "# A\ntext", isParameters: false },
    { kind: "code", source: "n = 1", isParameters: true },
    { kind: "code", source: "", isParameters: false },
  ]);
});

test.each(["", "{", "[]", "{}", '{"cells": 7}', "null"])("%s is no notebook", (text) => {
  expect(cellsOf(text)).toBeNull();
});
