import {
  binary,
  bool,
  type DataType,
  dateDay,
  decimal,
  field,
  float64,
  int64,
  list,
  struct,
  tableFromArrays,
  tableToIPC,
  timestamp,
  utf8,
} from "@uwdata/flechette";
import { describe, expect, it } from "vitest";
import { decode } from "../rows/decode";
import type { Cell } from "../rows/frame-rows";
import { type CopyFormat, formatCells } from "./copy";
import { Tally, together } from "./statistics";

/** Values as they come over the wire. */
function column(values: readonly unknown[], type: DataType): Cell[] {
  const table = tableFromArrays(
    { x: values as unknown[] },
    { types: { x: type }, useBigInt: true },
  );
  const encoded = tableToIPC(table, { format: "stream" });
  const found = decode(encoded?.slice().buffer ?? new ArrayBuffer(0)).columns[0];
  if (found === undefined) throw new Error("no column");
  return values.map((_, at) => ({ value: found.at(at), type: found.type }));
}

const rowsOf = (...columns: Cell[][]): Cell[][] =>
  (columns[0] ?? []).map((_, at) => columns.map((cells) => cells[at] as Cell));
const copied = (format: CopyFormat, names: string[], ...columns: Cell[][]): string =>
  formatCells(format, names, rowsOf(...columns));

const TEXTS = column(["UA", "", null, 'say "hi",\nyou', "a\tb"], utf8());
const NUMBERS = column([1n, null, 9_007_199_254_740_993n, -3n, 0n], int64());

describe("copied cells", () => {
  it("as tab-separated text are lines that spreadsheets read", () => {
    expect(copied("tsv", ["text", "n"], TEXTS, NUMBERS)).toBe(
      'UA\t1\n\t\n\t9007199254740993\n"say ""hi"",\nyou"\t-3\n"a\tb"\t0',
    );
  });

  it("as CSV have names, and tell null from nothing written", () => {
    expect(copied("csv", ["a text", "n,m"], TEXTS, NUMBERS)).toBe(
      'a text,"n,m"\nUA,1\n"",\n,9007199254740993\n"say ""hi"",\nyou",-3\na\tb,0\n',
    );
  });

  it("as Markdown are a table, with numbers at the right", () => {
    expect(copied("markdown", ["a|b", "n"], TEXTS.slice(0, 4), NUMBERS.slice(0, 4))).toBe(
      [
        "| a\\|b | n |",
        "| --- | ---: |",
        "| UA | 1 |",
        "|  |  |",
        "|  | 9007199254740993 |",
        '| say "hi",<br>you | -3 |',
        "",
      ].join("\n"),
    );
  });

  it("as Python are a dict of lists, a list, or one value", () => {
    const floats = column([0.5, Number.NaN, -Infinity], float64());
    expect(copied("python", ["text", "x"], TEXTS.slice(0, 3), floats)).toBe(
      '{\n    "text": ["UA", "", None],\n    "x": [0.5, float("nan"), float("-inf")],\n}',
    );
    expect(copied("python", ["n"], NUMBERS.slice(0, 3))).toBe("[1, None, 9007199254740993]");
    expect(copied("python", ["n"], NUMBERS.slice(2, 3))).toBe("9007199254740993");
  });

  const nested = struct([field("tags", list(field("item", utf8()))), field("ok", bool())]);
  it.each<[name: string, value: unknown, type: DataType, python: string]>([
    ["a truth", true, bool(), "True"],
    ["a decimal", 12.34, decimal(9, 2), "12.34"],
    ["a day", new Date("2024-05-06"), dateDay(), '"2024-05-06"'],
    ["a moment", Date.UTC(2024, 4, 6, 7, 8), timestamp(1, "UTC"), '"2024-05-06T07:08:00Z"'],
    ["bytes", Uint8Array.of(0, 255, 65), binary(), 'b"\\x00\\xff\\x41"'],
    ["a text that looks like a number", "NaN", utf8(), '"NaN"'],
    ["a text with quotes", 'a"b\\', utf8(), '"a\\"b\\\\"'],
    [
      "nested values",
      { tags: ["a", null], ok: false },
      nested,
      '{"tags": ["a", None], "ok": False}',
    ],
  ])("write %s as Python does", (_, value, type, python) => {
    expect(copied("python", ["x"], column([value], type))).toBe(python);
  });
});

describe("what is counted of cells", () => {
  const counted = (...columns: Cell[][]) => {
    const tally = new Tally();
    for (const cell of columns.flat()) tally.add(cell);
    return tally.result();
  };

  it("is exact for whole numbers beyond those of JSON", () => {
    expect(counted(column([9_007_199_254_740_993n, 2n, null], int64()))).toEqual({
      count: 2,
      nulls: 1,
      sum: "9007199254740995",
      mean: 4_503_599_627_370_498,
    });
  });

  it("is exact for decimals", () => {
    const found = counted(column([0.1, 0.2], decimal(9, 1)), column([1.25], decimal(9, 2)));
    expect(found).toMatchObject({ sum: "1.55", count: 3 });
  });

  it("loses nothing of small floats beside large ones, and leaves NaN out", () => {
    const found = counted(column([1e100, 1, -1e100, Number.NaN], float64()));
    expect(found).toEqual({ count: 4, nulls: 0, sum: "1", mean: 1 / 3 });
  });

  it("adds numbers of several columns, and counts what is no number", () => {
    expect(counted(NUMBERS.slice(0, 2), TEXTS, column([0.5], float64()))).toEqual({
      count: 6,
      nulls: 2,
      sum: "1.5",
      mean: 0.75,
    });
    expect(counted(TEXTS)).toMatchObject({ sum: null, mean: null });
    expect(counted()).toEqual({ count: 0, nulls: 0, sum: null, mean: null });
  });

  const told = (type: string, count: number, sum: string | null, mean: number | null) => ({
    name: "x",
    at: 0,
    type,
    count,
    nulls: 1,
    sum,
    mean,
    min: null,
    max: null,
  });

  it("by the server is put together without losing a digit", () => {
    const whole = told("int64", 2, "-9007199254740993", -4503599627370496);
    const cents = told("decimal128(9, 2)", 1, "0.25", 0.25);
    expect(together([whole, cents]).sum).toBe("-9007199254740992.75");
    expect(together([whole])).toMatchObject({ sum: "-9007199254740993", count: 2, nulls: 1 });
    expect(together([told("string", 3, null, null), cents])).toEqual({
      count: 4,
      nulls: 2,
      sum: "0.25",
      mean: 0.25,
    });
    expect(together([told("string", 3, null, null)])).toMatchObject({ sum: null, mean: null });
  });

  it("by the server weighs means by the values that they are of", () => {
    // Four cells, of which one is NaN: the mean is of three.
    const some = told("double", 4, "6.0", 2);
    const more = told("double", 1, "10.0", 10);
    expect(together([some, more])).toEqual({ count: 5, nulls: 2, sum: "16.0", mean: 4 });
    expect(together([some, told("double", 2, "1e+300", 5e299)]).sum).toBe("1e+300");
  });
});
