import { describe, expect, it } from "vitest";
import { hexLines, pictureType, textPicture } from "./bytes";
import { readableJson } from "./json";

const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

describe("bytes", () => {
  it("that begin like a picture are one", () => {
    expect(pictureType(PNG)).toBe("image/png");
    expect(pictureType(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0))).toBe("image/jpeg");
    expect(textPicture("data:image/gif;base64,R0lGODlh")).toBe("data:image/gif;base64,R0lGODlh");
  });

  it.each([
    "<svg onload=alert(1)>",
    "data:image/svg+xml;base64,PHN2Zz4=",
    "data:text/html;base64,PHN2Zz4=",
    "javascript:alert(1)",
    "<svg xmlns='http://www.w3.org/2000/svg'/>",
  ])("and text that could be a program are none: %s", (value) => {
    expect(textPicture(value)).toBeUndefined();
    expect(pictureType(new TextEncoder().encode(value))).toBeUndefined();
  });

  it("stand with their places and letters", () => {
    const text = hexLines(Uint8Array.from({ length: 18 }, (_, at) => 0x41 + at));
    expect(text.split("\n")).toEqual([
      "00000000  41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f 50  ABCDEFGHIJKLMNOP",
      `00000010  51 52 ${" ".repeat(43)}QR`,
    ]);
  });
});

describe("JSON in a text", () => {
  it("is shown over several lines with every digit", () => {
    expect(readableJson('{"a":[1,9007199254740993,"x, {y}"],"b":{},"c":[]}')).toBe(
      '{\n  "a": [\n    1,\n    9007199254740993,\n    "x, {y}"\n  ],\n  "b": {},\n  "c": []\n}',
    );
  });

  it.each(["[1, 2", "text", "[a]", "12", '"a"'])("%s is only text", (text) => {
    expect(readableJson(text)).toBeUndefined();
  });
});
