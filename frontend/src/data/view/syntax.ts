/**
 * The short text of a filter: `>10`, `10..20`, `in a, b`, `~regex`, `!~regex`, `^start`, `!not`,
 * `is null`, and anything else as a part of a text or as the value itself. ` & ` joins what has to hold together.
 */
import type { Column } from "../../protocol";
import { readValue, spanOf, type TypeGroup, typeGroup, whyNoValue } from "./values";
import type { ColumnReference, Condition, Operator, Value } from "./view";

export type Parsed = { conditions: readonly Condition[] } | { problem: string };

const ALONE: Readonly<Record<string, Operator>> = {
  null: "is null",
  "is null": "is null",
  "is not null": "is not null",
  "not null": "is not null",
  nan: "is nan",
  "is nan": "is nan",
  "is not nan": "is not nan",
  "not nan": "is not nan",
  "is empty": "is empty",
};
const COMPARISONS = ["!=", ">=", "<=", "<>", "==", ">", "<", "="] as const;

class NotAFilter extends Error {}

/** Conditions of one column; none of an empty text. `problem` says what to write instead. */
export function parseFilter(text: string, column: ColumnReference, { type }: Column): Parsed {
  const group = typeGroup(type);
  try {
    const conditions = splitAt(text, "&")
      .map((part) => part.trim())
      .filter((part, _, all) => part !== "" || all.length > 1)
      .flatMap((part) => partOf(part, group).map(([op, value]) => ({ column, op, value })));
    return { conditions };
  } catch (thrown) {
    if (thrown instanceof NotAFilter) return { problem: thrown.message };
    throw thrown;
  }
}

type Meaning = [op: Operator, value: Condition["value"]];

function partOf(part: string, group: TypeGroup): Meaning[] {
  if (part === "") throw new NotAFilter("Write something on both sides of &.");
  const words = part.toLowerCase().replace(/\s+/g, " ");
  const alone = group === "text" && !words.startsWith("is ") ? undefined : ALONE[words];
  if (alone !== undefined) {
    if ((alone === "is nan" || alone === "is not nan") && group !== "number") {
      throw new NotAFilter("Only numbers can be NaN; try: is null.");
    }
    return [[alone, null]];
  }
  const list = /^(not in|in)\b[\s(]*(.*?)\)?$/is.exec(part);
  if (list !== null && /^(not )?in[\s(]/i.test(part)) {
    return [[list[1]?.toLowerCase() === "in" ? "in" : "not in", listOf(list[2] ?? "", group)]];
  }
  const comparison = COMPARISONS.find((sign) => part.startsWith(sign));
  if (comparison !== undefined) return compared(comparison, part, group);
  const [first = ""] = part;
  const rest = unquoted(part.slice(1).trim());
  if (part.startsWith("!~")) {
    const expression = unquoted(part.slice(2).trim());
    return [["not matches", needed(expression, "Write a regular expression after !~.")]];
  }
  if (first === "~") return [["matches", needed(rest, "Write a regular expression after ~.")]];
  if (first === "^") return [["starts with", needed(rest, "Write how it starts after ^.")]];
  if (first === "!") return [["not contains", needed(rest, "Write what is not there after !.")]];
  return plain(part, group);
}

function compared(sign: string, part: string, group: TypeGroup): Meaning[] {
  const op = ({ "<>": "!=", "==": "=" }[sign] ?? sign) as Operator;
  const text = part.slice(sign.length).trim();
  const example = { number: "10", time: "2024-12-31", bool: "true" }[group as string] ?? "text";
  const value = unquoted(needed(text, `Write a value after ${sign}, such as ${sign}${example}.`));
  const span = spanIn(value, group);
  if (span !== undefined) return withinSpan(op, span);
  return [[op, one(value, group)]];
}

/** A day is all of its moments, a month all of its days. */
function spanIn(text: string, group: TypeGroup): ReturnType<typeof spanOf> {
  const isSpan = group === "time" || (group === "day" && text.length < "2024-12-31".length);
  return isSpan ? spanOf(text) : undefined;
}

function withinSpan(op: Operator, [from, until]: readonly [string, string]): Meaning[] {
  switch (op) {
    case "<":
      return [["<", from]];
    case "<=":
      return [["<", until]];
    case ">":
      return [[">=", until]];
    case ">=":
      return [[">=", from]];
    case "!=":
      throw new NotAFilter(
        "For all but a day or a month, write two filters: one before, one after.",
      );
    default:
      return [
        [">=", from],
        ["<", until],
      ];
  }
}

function plain(part: string, group: TypeGroup): Meaning[] {
  if (group === "text" || group === "other") return [["contains", unquoted(part)]];
  const range = /^(.*?)\s*\.\.\s*(.*)$/s.exec(part);
  if (range !== null) return between(range[1] ?? "", range[2] ?? "", group);
  return compared("=", `=${part}`, group);
}

function between(low: string, high: string, group: TypeGroup): Meaning[] {
  if (low === "" && high === "")
    throw new NotAFilter("Write a value before or after the dots: 10..20.");
  const isSpan = spanIn(low, group) !== undefined || spanIn(high, group) !== undefined;
  if (low === "" || high === "" || isSpan) {
    return [
      ...(low === "" ? [] : compared(">=", `>=${low}`, group)),
      ...(high === "" ? [] : compared("<=", `<=${high}`, group)),
    ];
  }
  return [["between", [one(low, group), one(high, group)]]];
}

function listOf(text: string, group: TypeGroup): Value[] {
  const items = splitAt(text, ",").map((item) => item.trim());
  if (items.some((item) => item === "")) {
    throw new NotAFilter("Write values with commas between them: in a, b.");
  }
  return items.map((item) => one(unquoted(item), group));
}

function one(text: string, group: TypeGroup): Value {
  const value = readValue(text, group);
  if (value === undefined) throw new NotAFilter(whyNoValue(text, group));
  return value;
}

function needed(text: string, words: string): string {
  if (text === "") throw new NotAFilter(words);
  return text;
}

/** Parts between separators that stand outside of quotes. An `&` stands between spaces. */
function splitAt(text: string, separator: "&" | ","): string[] {
  const parts = [""];
  let isQuoted = false;
  for (const [at, letter] of [...text].entries()) {
    if (letter === '"') isQuoted = !isQuoted;
    const isLone = separator === "," || /^\s?$/.test([...text][at - 1] ?? "");
    if (letter === separator && !isQuoted && isLone) parts.push("");
    else parts.push((parts.pop() ?? "") + letter);
  }
  return parts;
}

function unquoted(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  return text.slice(1, -1).replaceAll('""', '"');
}

/** The text that `parseFilter` reads as these conditions of one column. */
export function formatFilter(conditions: readonly Condition[], { type }: Column): string {
  const group = typeGroup(type);
  return conditions.map((condition) => formatOne(condition, group)).join(" & ");
}

function formatOne({ op, value }: Condition, group: TypeGroup): string {
  const values = (Array.isArray(value) ? value : [value ?? ""]).map(String);
  const [first = "", second = ""] = values;
  switch (op) {
    case "is null":
    case "is not null":
    case "is nan":
    case "is not nan":
    case "is empty":
      return op;
    case "in":
    case "not in":
      return `${op} ${values.map((item) => (/^$|[",&()]|^\s|\s$/.test(item) ? quoted(item) : item)).join(", ")}`;
    case "between":
      return group === "number" || group === "time"
        ? `${first}..${second}`
        : `>=${safe(first)} & <=${safe(second)}`;
    case "contains":
      return isPlain(first, group) ? first : quoted(first);
    case "not contains":
      return `!${isSafe(first) && !/^[=~]/.test(first) ? first : quoted(first)}`;
    case "starts with":
      return `^${safe(first)}`;
    case "not matches":
      return `!~${safe(first)}`;
    case "matches":
      return `~${safe(first)}`;
    case "=":
      return group === "number" || group === "bool" ? first : `=${safe(first)}`;
    default:
      return `${op}${safe(first)}`;
  }
}

function isPlain(text: string, group: TypeGroup): boolean {
  if (!isSafe(text)) return false;
  const parsed = parseFilter(text, "", {
    name: "",
    type: group === "text" ? "string" : "struct<>",
  });
  if (!("conditions" in parsed)) return false;
  const [only, ...others] = parsed.conditions;
  return others.length === 0 && only?.op === "contains" && only.value === text;
}

function isSafe(text: string): boolean {
  return text !== "" && text.trim() === text && !/^[=>"]|(^|\s)&/.test(text);
}

function safe(text: string): string {
  return isSafe(text) ? text : quoted(text);
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
