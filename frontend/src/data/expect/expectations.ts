/** What can be expected of a column, from what is known of it now. */
import type { Expectation, Output } from "../../protocol";
import { formatCount } from "../../ui";
import type { ColumnProfile } from "../profile";

export interface Expected {
  label: string;
  detail: string;
  expectation: Partial<Expectation>;
  /** Why the data of now would be against it, or why it cannot be said. */
  impossible?: string;
}

/** More values than these are not worth listing in code. */
const MOST_CHOICES = 10;
const NUMBERS = /^(u?int\d|halffloat|float|double|decimal)/;
const MOMENTS = /^(date|timestamp)/;
const TEXTS = /^(large_)?string|^dictionary<values=(large_)?string|^bool$/;

/** What the menu of a column offers; `profile` is undefined until it has come. */
export function expectationsOf(
  output: Output,
  name: string,
  profile: ColumnProfile | undefined,
): Expected[] {
  const type = output.columns.find((column) => column.name === name)?.type ?? "";
  return [
    {
      label: "Not null",
      detail: nullsWords(profile),
      expectation: { column: name, not_null: true },
    },
    {
      label: "Unique",
      detail: uniqueWords(profile, output),
      expectation: { column: name, unique: true },
    },
    ...rangeOf(name, type, profile),
    ...choicesOf(name, type, profile),
    {
      label: "These columns and types",
      detail: "freezes the schema as a contract",
      expectation: {
        schema: Object.fromEntries(output.columns.map((column) => [column.name, column.type])),
      },
      ...((output.column_count ?? 0) > output.columns.length
        ? { impossible: "It has too many columns to list." }
        : {}),
    },
  ];
}

function nullsWords(profile: ColumnProfile | undefined): string {
  if (profile === undefined) return "";
  return profile.nulls === 0 ? "as now" : `now ${formatCount(profile.nulls)} are null`;
}

function uniqueWords(profile: ColumnProfile | undefined, output: Output): string {
  if (typeof profile?.distinct !== "number" || !profile.exact) return "";
  const repeated = (output.rows ?? 0) - profile.nulls - profile.distinct;
  return repeated <= 0 ? "as now" : `now ${formatCount(profile.distinct)} distinct values`;
}

function rangeOf(name: string, type: string, profile: ColumnProfile | undefined): Expected[] {
  const { min, max } = profile ?? {};
  if (typeof min !== "string" || typeof max !== "string") return [];
  const bounds = NUMBERS.test(type) ? [numberOf(min), numberOf(max)] : [min, max];
  const [minimum, maximum] = bounds;
  if (!(NUMBERS.test(type) || MOMENTS.test(type))) return [];
  if (minimum === null || maximum === null || minimum === undefined || maximum === undefined) {
    return [];
  }
  return [
    {
      label: "In this range",
      detail: `${min} to ${max}`,
      expectation: { column: name, minimum, maximum },
    },
  ];
}

/** A number as code has it; null when a float would change it. */
function numberOf(text: string): number | null {
  const value = Number(text);
  if (!Number.isFinite(value)) return null;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? null : value;
}

function choicesOf(name: string, type: string, profile: ColumnProfile | undefined): Expected[] {
  const top = profile?.top ?? null;
  if (top === null || !(TEXTS.test(type) || /^u?int/.test(type))) return [];
  const isAll = profile?.exact === true && profile.distinct === top.length;
  if (!isAll || top.length === 0 || top.length > MOST_CHOICES) return [];
  const values = top.map(({ value }) => value);
  // The profile has at most 200 characters of a text.
  if (values.some((value) => value.length >= 200)) return [];
  const choices = values.map((value) => choiceOf(value, type)).toSorted(byValue);
  return [
    {
      label: "One of these values",
      detail: choices.slice(0, 4).join(", ") + (choices.length > 4 ? ", …" : ""),
      expectation: { column: name, choices },
    },
  ];
}

function choiceOf(text: string, type: string): string | number | boolean {
  if (type === "bool") return text.toLowerCase() === "true";
  return /^u?int/.test(type) ? Number(text) : text;
}

function byValue(one: string | number | boolean, two: string | number | boolean): number {
  return one < two ? -1 : one > two ? 1 : 0;
}
