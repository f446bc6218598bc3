import { expect, test } from "vitest";
import { withoutOutputs } from "./notebook-file";

test("outputs stay in the browser", () => {
  const book = { nbformat: 4, cells: [{ source: "x", outputs: [{ data: "<script>" }] }] };
  expect(JSON.parse(withoutOutputs(JSON.stringify(book)))).toEqual({
    nbformat: 4,
    cells: [{ source: "x", outputs: [] }],
  });
});

test("old notebooks have their cells in worksheets", () => {
  const book = { nbformat: 3, worksheets: [{ cells: [{ input: "x", outputs: [1] }] }] };
  expect(withoutOutputs(JSON.stringify(book))).not.toContain("1]");
});

test("what is no notebook is left to the server", () => {
  expect(withoutOutputs("{ no json")).toBe("{ no json");
  expect(withoutOutputs('{"cells": [null, 7]}')).toBe('{"cells":[null,7]}');
});
