import { describe, expect, it } from "vitest";
import { signatureParts } from "./inspection";

describe("signatureParts", () => {
  it.each<[string, number | null, [string, string, string]]>([
    ["f(a, b=(1, 2), c)", 1, ["f(a,", " b=(1, 2)", ", c)"]],
    ["f(a)", 0, ["f(", "a", ")"]],
    ["f(a)", 3, ["f(a)", "", ""]],
    ["f(a)", null, ["f(a)", "", ""]],
    ["no call", 0, ["no call", "", ""]],
  ])("of %s at %s", (signature, argument, parts) => {
    expect(signatureParts(signature, argument)).toEqual(parts);
  });
});
