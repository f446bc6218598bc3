import {
  binary,
  bool,
  type DataType,
  DateUnit,
  date,
  decimal,
  dictionary,
  duration,
  float32,
  float64,
  IntervalUnit,
  int64,
  interval,
  list,
  map,
  nullType,
  struct,
  TimeUnit,
  tableFromArrays,
  tableToIPC,
  time,
  timestamp,
  uint64,
  utf8,
} from "@uwdata/flechette";
import { describe, expect, it } from "vitest";
import { decode } from "../rows/decode";
import type { Cell } from "../rows/frame-rows";
import { isNumericName, readableText, showCell, typeWords, wholeText } from "./format";

/** A value as it comes over the wire. */
function sent(value: unknown, type: DataType): Cell {
  const table = tableFromArrays({ x: [value] }, { types: { x: type }, useBigInt: true });
  const encoded = tableToIPC(table, { format: "stream" });
  const column = decode(encoded?.slice().buffer ?? new ArrayBuffer(0)).columns[0];
  if (column === undefined) throw new Error("no column");
  return { value: column.at(0), type: column.type };
}

const NOON = Date.UTC(2013, 6, 1, 12);

describe("a cell", () => {
  it.each<[name: string, value: unknown, type: DataType, shown: string, whole?: string]>([
    ["the largest int64", 2n ** 63n - 1n, int64(), "9223372036854775807"],
    ["the smallest int64", -(2n ** 63n), int64(), "-9223372036854775808"],
    ["the largest uint64", 2n ** 64n - 1n, uint64(), "18446744073709551615"],
    ["a float", 1 / 3, float64(), "0.333333", "0.3333333333333333"],
    ["a float of 32 bit", 0.1, float32(), "0.1"],
    ["a tiny float", 1.5e-9, float64(), "1.5e-9"],
    ["NaN", Number.NaN, float64(), "NaN"],
    ["infinity", Number.NEGATIVE_INFINITY, float64(), "-Infinity"],
    ["a boolean", false, bool(), "false"],
    ["text", "Łódź", utf8(), "Łódź"],
    ["text of several lines", "a\nb\tc", utf8(), "a⏎b⇥c", "a\nb\tc"],
    ["text with spaces around", " a b ", utf8(), "·a b·", " a b "],
    ["empty text", "", utf8(), '""', ""],
    ["a day", Date.UTC(1900, 1, 28), date(DateUnit.DAY), "1900-02-28"],
    ["seconds", NOON, timestamp(TimeUnit.SECOND), "2013-07-01T12:00:00"],
    ["milliseconds", NOON + 250, timestamp(TimeUnit.MILLISECOND), "2013-07-01T12:00:00.25"],
    ["UTC", NOON, timestamp(TimeUnit.MICROSECOND, "UTC"), "2013-07-01T12:00:00Z"],
    [
      "summer in New York",
      NOON,
      timestamp(TimeUnit.NANOSECOND, "America/New_York"),
      "2013-07-01T08:00:00-04:00",
    ],
    ["a fixed offset", NOON, timestamp(TimeUnit.SECOND, "+05:30"), "2013-07-01T17:30:00+05:30"],
    ["before 1970", -1, timestamp(TimeUnit.MILLISECOND), "1969-12-31T23:59:59.999"],
    ["a time of day", 18_243_000_200n, time(TimeUnit.MICROSECOND), "05:04:03.0002"],
    ["a span", -1_000_000n, duration(TimeUnit.MICROSECOND), "-00:00:01"],
    ["a long span", 172_805n, duration(TimeUnit.SECOND), "2 d 00:00:05"],
    ["a list", [1n, 2n ** 60n], list(int64()), "[1,1152921504606846976]"],
    ["a struct", { a: 1.5, b: null }, struct({ a: float64(), b: utf8() }), '{"a":1.5,"b":null}'],
    ["a map", [["k", 1n]], map(utf8(), int64()), '{"k":1}'],
    ["a list of moments", [NOON], list(timestamp(TimeUnit.SECOND)), '["2013-07-01T12:00:00"]'],
    ["bytes", Uint8Array.of(0, 255), binary(), "00 ff"],
    ["what turns the order of letters", "\u202eabc", utf8(), "\\u202eabc", "\u202eabc"],
    ["what cannot be seen", "a\u0000\u200b", utf8(), "a\\u0000\\u200b", "a\u0000\u200b"],
    [
      "months",
      Float64Array.of(1, 2, 3e9),
      interval(IntervalUnit.MONTH_DAY_NANO),
      "1 mo 2 d 00:00:03",
    ],
    ["a category", "x", dictionary(utf8()), "x"],
  ])("shows %s", (_, value, type, shown, whole = shown) => {
    const cell = sent(value, type);
    expect(showCell(cell, type.typeId === 3 ? 6 : 0).text.replace(/0+$/, "")).toBe(
      shown.replace(/0+$/, ""),
    );
    expect(wholeText(cell)).toBe(whole);
  });

  it("keeps every digit of a decimal", () => {
    const type = decimal(38, 2, 128);
    const cell = (value: bigint): Cell => ({ value, type });
    expect(showCell(cell(1234567890123456789012n), 0).text).toBe("12345678901234567890.12");
    expect(wholeText(cell(-5n))).toBe("-0.05");
    expect(wholeText(cell(0n))).toBe("0.00");
  });

  it.each([int64(), float64(), utf8(), bool(), list(utf8()), timestamp(), nullType()])(
    "tells null from every value of type %j",
    (type) => {
      const cell = sent(null, type);
      expect(showCell(cell, 2)).toEqual({ text: "∅", look: "null" });
      expect(wholeText(cell)).toBe("");
      expect(readableText(cell)).toBe("null");
    },
  );

  it("tells NaN from null, and nothing to see from text", () => {
    expect(showCell(sent(Number.NaN, float64()), 0).look).toBe("nan");
    expect(showCell(sent("  ", utf8()), 0)).toEqual({ text: "··", look: "quiet" });
    expect(showCell(sent("∅", utf8()), 0).look).toBe("text");
  });

  it("is one short line, and the whole to be read", () => {
    const long = `${"x".repeat(1000)}\nend`;
    expect(showCell(sent(long, utf8()), 0).text).toHaveLength(301);
    expect(readableText(sent(long, utf8()))).toBe(long);
    const nested = sent([{ a: 2n ** 60n, b: [] }], list(struct({ a: int64(), b: list(utf8()) })));
    expect(readableText(nested)).toBe('[\n  {\n    "a": 1152921504606846976,\n    "b": []\n  }\n]');
  });
});

describe("a type", () => {
  it.each([
    ["double", "float64", true],
    ["float", "float32", true],
    ["int64", "int64", true],
    ["uint8", "uint8", true],
    ["decimal128(22, 2)", "decimal128(22, 2)", true],
    ["duration[us]", "duration[us]", true],
    ["large_string", "text", false],
    ["bool", "bool", false],
    ["timestamp[us, tz=UTC]", "timestamp[us, tz=UTC]", false],
    ["dictionary<values=string, indices=int8, ordered=0>", "category of text", false],
    ["dictionary<values=int64, indices=int8, ordered=0>", "category of int64", true],
    ["list<item: int64>", "list of int64", false],
    ["large_list<item: struct<a: int64> not null>", "list of struct", false],
    ["struct<name: string, tags: list<item: string>>", "struct", false],
  ])("%s is %s; at the right: %s", (arrow, words, right) => {
    expect(typeWords(arrow)).toBe(words);
    expect(isNumericName(arrow)).toBe(right);
  });
});
