import { describe, expect, it } from "vitest";
import type { Parameter } from "../protocol";
import { readParameter } from "./parameters";

function parameter(part: Partial<Parameter>): Parameter {
  return {
    name: "x",
    type: "string",
    default: null,
    required: false,
    minimum: null,
    maximum: null,
    choices: null,
    description: "",
    multiple: false,
    ...part,
  };
}

describe("readParameter", () => {
  it.each<[Partial<Parameter>, string, unknown]>([
    [{ type: "integer" }, " 12 ", 12],
    [{ type: "number" }, "0.5", 0.5],
    [{ type: "string" }, " kept ", " kept "],
    [{ type: "date" }, "2026-11-21", "2026-11-21"],
    [{ type: "json" }, '{"a": [1]}', { a: [1] }],
    [{ type: "integer", multiple: true }, "1\n2, 3", [1, 2, 3]],
    [{ type: "integer" }, "", null],
  ])("of %j reads %j as %j", (part, text, value) => {
    expect(readParameter(parameter(part), text)).toEqual({ value });
  });

  it.each<[Partial<Parameter>, string, string]>([
    [{ type: "integer" }, "1.5", "whole number"],
    [{ type: "integer", minimum: 1 }, "0", "At least 1"],
    [{ type: "integer", maximum: 12 }, "13", "At most 12"],
    [{ type: "date" }, "2026-13-45", "date"],
    [{ type: "json" }, "{", "JSON"],
    [{ choices: ["a", "b"] }, "c", "Choose one of a, b"],
    [{ required: true }, " ", "needed"],
    [{ type: "integer", multiple: true }, "1, x", "x: "],
  ])("of %j refuses %j, saying %j", (part, text, words) => {
    expect(readParameter(parameter(part), text)).toEqual({ error: expect.stringContaining(words) });
  });
});
