/** What stands in a cell, by its Arrow type. Nothing is rounded without the whole being at hand. */
import { Type } from "@uwdata/flechette";
import type { ArrowType } from "../rows/decode";
import type { Cell } from "../rows/frame-rows";
import { toJson } from "./json";
import { formatDecimal, formatFloat, wholeFloat } from "./numbers";
import {
  formatDay,
  formatInterval,
  formatSpan,
  formatTime,
  formatTimestamp,
  type Unit,
} from "./time";

/** `null` and `nan` are no values, `quiet` is punctuation for what cannot be seen. */
export type Look = "text" | "number" | "null" | "nan" | "quiet" | "bool";

export interface Shown {
  /** One line. */
  text: string;
  look: Look;
}

/** Characters of a cell's line; the whole is shown when it is opened. */
const LINE = 300;
const HEX_BYTES = 16;

/** One line for the grid. `decimals` are those of the cell's column. */
export function showCell({ value, type }: Cell, decimals: number): Shown {
  if (value === null || value === undefined) return { text: "∅", look: "null" };
  if (typeof value === "boolean") return { text: String(value), look: "bool" };
  if (typeof value === "string") return showText(value);
  if (type.typeId === Type.Dictionary) {
    return showCell({ value, type: innerType(type) }, decimals);
  }
  if (type.typeId === Type.Float) {
    const number = Number(value);
    return { text: formatFloat(number, decimals), look: Number.isNaN(number) ? "nan" : "number" };
  }
  if (isBinary(type) && value instanceof Uint8Array) {
    return value.length === 0
      ? { text: "0 bytes", look: "quiet" }
      : { text: hex(value), look: "text" };
  }
  const text = wholeText({ value, type });
  const line = text.length > LINE ? `${text.slice(0, LINE)}…` : text;
  return { text: line, look: isNumeric(type) ? "number" : "text" };
}

/** The whole value as it is copied and read: null is nothing, text is itself. */
export function wholeText({ value, type }: Cell): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (isBinary(type) && value instanceof Uint8Array) return allHex(value);
  if (Object.is(value, -0)) return "-0";
  return isNested(type) ? toJson(plain(value, type)) : String(plain(value, type));
}

/** The whole value over several lines, for reading. */
export function readableText({ value, type }: Cell): string {
  if (value === null || value === undefined) return "null";
  if (isNested(type)) return toJson(plain(value, type), 2);
  if (type.typeId === Type.Dictionary) return readableText({ value, type: innerType(type) });
  return wholeText({ value, type });
}

/** The value in terms of JSON: nothing rounded, what JSON has no word for as text. */
export function plainValue({ value, type }: Cell): unknown {
  return plain(value, type);
}

/** The bytes of a binary cell; undefined for others. */
export function bytesOf({ value, type }: Cell): Uint8Array | undefined {
  return isBinary(type) && value instanceof Uint8Array ? value : undefined;
}

/** Do cells of this type stand at the right. */
export function isNumeric(type: ArrowType): boolean {
  switch (type.typeId) {
    case Type.Int:
    case Type.Float:
    case Type.Decimal:
    case Type.Duration:
      return true;
    default:
      return type.typeId === Type.Dictionary && isNumeric(innerType(type));
  }
}

/** The same by Arrow's name of a type, before any cell has come. */
export function isNumericName(type: string): boolean {
  return /^(u?int\d|half|float|double|decimal|duration|dictionary<values=(u?int|double|float))/.test(
    type,
  );
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  double: "float64",
  float: "float32",
  halffloat: "float16",
  large_string: "text",
  string: "text",
  string_view: "text",
  large_binary: "binary",
  "date32[day]": "date",
};

/** A type in the words of people who use frames: double → float64, dictionary → category. */
export function typeWords(type: string): string {
  const dictionary = /^dictionary<values=([^,]+),/.exec(type)?.[1];
  if (dictionary !== undefined) return `category of ${typeWords(dictionary)}`;
  const item = /^(?:large_)?(?:fixed_size_)?list(?:_view)?<[^:]*: (.*)>/.exec(type)?.[1];
  if (item !== undefined) return `list of ${typeWords(item.replace(/ not null$/, ""))}`;
  const nested = /^(struct|map)</.exec(type)?.[1];
  return nested ?? SHORT_NAMES[type] ?? type;
}

/** Characters that cannot be seen, or that turn the order of those around them. */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it looks for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u00a0\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202f\u2060-\u2069\ufeff]/g;

function showText(value: string): Shown {
  if (value === "") return { text: '""', look: "quiet" };
  const cut = value.length > LINE ? `${value.slice(0, LINE)}…` : value;
  const line = cut
    .replace(/\r\n|[\n\r]/g, "⏎")
    .replace(/\t/g, "⇥")
    .replace(UNSEEN, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .replace(/^ +| +$/g, (spaces) => "·".repeat(spaces.length));
  return { text: line, look: value.trim() === "" ? "quiet" : "text" };
}

/** A value in terms of JSON; what JSON has no word for is text. */
function plain(value: unknown, type: ArrowType): unknown {
  if (value === null || value === undefined) return null;
  switch (type.typeId) {
    case Type.Float:
      return plainFloat(value as number, type.precision);
    case Type.Decimal:
      return formatDecimal(value as bigint | number, type.scale);
    case Type.Date:
      return formatDay(Number(value));
    case Type.Timestamp:
      return formatTimestamp(BigInt(value as bigint), type.unit as Unit, type.timezone);
    case Type.Time:
      return formatTime(BigInt(value as bigint), type.unit as Unit);
    case Type.Duration:
      return formatSpan(BigInt(value as bigint), type.unit as Unit);
    case Type.Interval:
      return formatInterval([...(value as Iterable<number>)], type.unit);
    case Type.Dictionary:
      return plain(value, innerType(type));
    case Type.Map:
      return plainMap(value as Iterable<readonly [unknown, unknown]>, type);
    case Type.Struct:
      return plainStruct(value as Record<string, unknown>, type);
    default:
      return plainOther(value, type);
  }
}

function plainOther(value: unknown, type: ArrowType): unknown {
  if (isBinary(type) && value instanceof Uint8Array) return hex(value);
  if (isNested(type) && typeof value === "object" && Symbol.iterator in (value as object)) {
    const [child] = childrenOf(type);
    return Array.from(value as Iterable<unknown>, (item) =>
      child === undefined ? item : plain(item, child.type),
    );
  }
  return value;
}

function plainMap(entries: Iterable<readonly [unknown, unknown]>, type: ArrowType): unknown {
  const [entry] = childrenOf(type);
  const [key, item] = entry === undefined ? [] : childrenOf(entry.type);
  if (key === undefined || item === undefined) return [...entries];
  const pairs = Array.from(entries, ([name, value]): [unknown, unknown] => [
    plain(name, key.type),
    plain(value, item.type),
  ]);
  // An object has each key once, and numbers that are keys would change their order.
  const names = new Set(pairs.map(([name]) => name));
  const isObject = pairs.every(([name]) => typeof name === "string" && !/^\d+$/.test(name));
  return isObject && names.size === pairs.length ? Object.fromEntries(pairs) : pairs;
}

function plainStruct(value: Record<string, unknown>, type: ArrowType): unknown {
  return Object.fromEntries(
    childrenOf(type).map((child) => [child.name, plain(value[child.name], child.type)]),
  );
}

function plainFloat(value: number, precision: number): unknown {
  if (!Number.isFinite(value)) return String(value);
  return Number(wholeFloat(value, precision));
}

function hex(bytes: Uint8Array): string {
  const shown = allHex(bytes.subarray(0, HEX_BYTES));
  return bytes.length > HEX_BYTES ? `${shown} … ${bytes.length} bytes` : shown;
}

function allHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

interface Child {
  name: string;
  type: ArrowType;
}

function childrenOf(type: ArrowType): readonly Child[] {
  return "children" in type ? ((type.children ?? []) as readonly Child[]) : [];
}

function innerType(type: ArrowType): ArrowType {
  return "dictionary" in type ? (type.dictionary as ArrowType) : type;
}

function isNested(type: ArrowType): boolean {
  return type.typeId === Type.Map || type.typeId === Type.Struct || childrenOf(type).length > 0;
}

function isBinary(type: ArrowType): boolean {
  const { typeId } = type;
  return (
    typeId === Type.Binary ||
    typeId === Type.LargeBinary ||
    typeId === Type.BinaryView ||
    typeId === Type.FixedSizeBinary
  );
}
