import { binary, float64, utf8 } from "@uwdata/flechette";
import { describe, expect, it } from "vitest";
import type { PartOfCell } from "../rows/whole-cell";
import { readingOf, readingOfPart } from "./reading";

const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function part(kind: PartOfCell["kind"], bytes: Uint8Array, total = bytes.length): PartOfCell {
  return { kind, bytes, total };
}

describe("a value is read", () => {
  it("as text, or as JSON where it is that", () => {
    expect(readingOf({ value: "words", type: utf8() }).ways).toEqual(["text"]);
    const json = readingOf({ value: '{"a":[1]}', type: utf8() });
    expect(json.ways).toEqual(["json", "text"]);
    expect(json.textIn("json")).toBe('{\n  "a": [\n    1\n  ]\n}');
    expect(json.textIn("text")).toBe('{"a":[1]}');
    expect(readingOf({ value: "", type: utf8() }).textIn("text")).toBe('""');
    expect(readingOf({ value: 0.1, type: float64() }).textIn("text")).toBe("0.1");
  });

  it("as a picture, as bytes, and as text where they are that", () => {
    expect(readingOf({ value: PNG, type: binary() }).ways).toEqual(["picture", "bytes"]);
    expect(readingOf({ value: encode("a b"), type: binary() }).ways).toEqual(["bytes", "text"]);
    expect(readingOf({ value: Uint8Array.of(0, 255), type: binary() }).ways).toEqual(["bytes"]);
  });

  it("never as a picture that is a program", () => {
    const svg = "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
    expect(readingOf({ value: svg, type: utf8() }).ways).toEqual(["text"]);
    expect(readingOf({ value: encode(svg), type: binary() }).ways).toEqual(["bytes", "text"]);
    expect(readingOf({ value: `data:image/svg+xml,${svg}`, type: utf8() }).picture).toBeUndefined();
  });

  it("in part as far as it is here: letters that are cut wait, JSON and pictures do too", () => {
    const bytes = encode("aé");
    expect(readingOfPart(part("text", bytes.subarray(0, 2), 3)).textIn("text")).toBe("a");
    expect(readingOfPart(part("json", encode('{"a":'), 90)).ways).toEqual(["text"]);
    expect(readingOfPart(part("json", encode('{"a":1}'))).ways[0]).toBe("json");
    expect(readingOfPart(part("bytes", PNG, 90)).ways).toEqual(["bytes"]);
    expect(readingOfPart(part("bytes", PNG)).ways).toEqual(["picture", "bytes"]);
  });
});
