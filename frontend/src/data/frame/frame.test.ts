import type { DataType } from "@uwdata/flechette";
import {
  float32,
  float64,
  int64,
  tableFromArrays,
  tableToIPC,
  timestamp,
  utf8,
} from "@uwdata/flechette";
import { describe, expect, it } from "vitest";
import { decode } from "../rows/decode";
import type { Cell } from "../rows/frame-rows";
import { conditionOf } from "./actions";
import { findColumns } from "./ColumnFinder";
import { enter, isCurrent, touch } from "./current";
import { groupDigits } from "./FrameFooter";
import { readRow } from "./GoToRow";

function sent(value: unknown, type: DataType): Cell {
  const table = tableFromArrays({ x: [value] }, { types: { x: type }, useBigInt: true });
  const encoded = tableToIPC(table, { format: "stream" });
  const found = decode(encoded?.slice().buffer ?? new ArrayBuffer(0)).columns[0];
  return { value: found?.at(0), type: found?.type ?? type };
}

describe("a row is gone to", () => {
  it.each([
    ["1", 0],
    ["12,345", 12_344],
    ["12 345", 12_344],
    ["12_345", 12_344],
    [" 20000 ", 19_999],
    ["-1", 19_999],
    ["-20000", 0],
    ["50 %", 10_000],
    ["100%", 19_999],
    ["0%", 0],
    ["0", null],
    ["20001", null],
    ["-20001", null],
    ["101 %", null],
    ["ten", null],
    ["", null],
    ["1.5", null],
  ])("by %j: %s", (text, row) => {
    expect(readRow(text, 20_000)).toBe(row);
  });

  it("never in a table without rows", () => {
    expect(["1", "-1", "0 %"].map((text) => readRow(text, 0))).toEqual([null, null, null]);
  });
});

describe("a column is found", () => {
  const columns = ["dep_time", "sched_dep_time", "dep_delay", "distance", "time_hour", "dep"].map(
    (name) => ({ name, type: "int64" }),
  );
  const found = (query: string) => findColumns(columns, query).map((at) => columns[at]?.name);

  it("by letters of its name, the closest first", () => {
    expect(found("dep")).toEqual(["dep", "dep_time", "dep_delay", "sched_dep_time"]);
    expect(found("ddl")).toEqual(["dep_delay"]);
    expect(found("DIST")).toEqual(["distance"]);
    expect(found("nothing")).toEqual([]);
    expect(found("")).toHaveLength(6);
  });

  it("by its number", () => {
    expect(found("4")).toEqual(["distance"]);
    expect(found("#5")).toEqual(["time_hour"]);
  });
});

describe("rows with the value of a cell", () => {
  it.each<[value: unknown, type: DataType, name: string, keep: unknown, without: unknown]>([
    [3n, int64(), "int64", ["=", "3"], ["!=", "3"]],
    [0.1, float64(), "double", ["=", 0.1], ["!=", 0.1]],
    [Math.fround(0.1), float32(), "float", ["=", "0.1"], ["!=", "0.1"]],
    ["UA", utf8(), "string", ["=", "UA"], ["!=", "UA"]],
    ["", utf8(), "string", ["=", ""], ["!=", ""]],
    [null, utf8(), "string", ["is null", null], ["is not null", null]],
    [Number.NaN, float64(), "double", ["is nan", null], ["is not nan", null]],
    [Infinity, float64(), "double", ["=", "inf"], ["!=", "inf"]],
    [
      Date.UTC(2024, 4, 6, 7, 8),
      timestamp(1, "UTC"),
      "timestamp[ms, tz=UTC]",
      ["=", "2024-05-06T07:08:00Z"],
      ["!=", "2024-05-06T07:08:00Z"],
    ],
    ["x".repeat(5000), utf8(), "string", null, null],
    ["x", utf8(), "struct<a: string>", null, null],
  ])("%s of %s", (value, type, name, keep, without) => {
    const of = (isKept: boolean) => {
      const condition = conditionOf(sent(value, type), name, "c", isKept);
      return condition && [condition.op, condition.value];
    };
    expect([of(true), of(false)]).toEqual([keep, without]);
  });
});

describe("one of several tables", () => {
  it("answers to keys: that of the panel, or that which was used last", () => {
    const [panel, preview, other] = [{}, {}, {}];
    const leave = [enter(panel, true), enter(preview, false), enter(other, false)];
    expect([panel, preview, other].map(isCurrent)).toEqual([true, false, false]);
    touch(preview);
    expect(isCurrent(preview)).toBe(true);
    leave[1]?.();
    expect(isCurrent(panel)).toBe(true);
    leave[0]?.();
    leave[2]?.();
    expect(isCurrent(panel)).toBe(false);
  });
});

describe("digits of a sum", () => {
  it.each([
    ["1234567.5", "1,234,567.5"],
    ["-1234", "-1,234"],
    ["999", "999"],
    ["1e+21", "1e+21"],
    ["90071992547409930001", "90,071,992,547,409,930,001"],
    ["0.12345", "0.12345"],
    ["NaN", "NaN"],
  ])("%s reads %s", (text, shown) => {
    expect(groupDigits(text)).toBe(shown);
  });
});
