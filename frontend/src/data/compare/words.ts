/** A comparison in words and small numbers. */
import type { ColumnChange, ColumnFacts, Comparison, RowChanges } from "../../protocol";
import { formatCount, plural } from "../../ui";
import { shortFloat } from "../cells/numbers";
import { formatShare } from "../profile";

export type RowKind = "changed" | "added" | "removed" | "repeated" | "repeated-before";

export interface RowCount {
  kind: RowKind;
  count: number;
  label: string;
}

const SLIGHT = 0.0005;

/** `−21`, `+3`, or nothing. */
export function signed(by: number): string {
  if (by === 0) return "";
  return `${by < 0 ? "−" : "+"}${formatCount(Math.abs(by))}`;
}

/** The kinds of rows that there are, each with how many. */
export function rowCounts(changes: RowChanges): RowCount[] {
  const { added, removed, changed, repeated, repeated_before } = changes;
  const all: RowCount[] = [
    { kind: "changed", count: changed, label: "changed" },
    { kind: "added", count: added, label: "added" },
    { kind: "removed", count: removed, label: "removed" },
    { kind: "repeated", count: repeated, label: "with a repeated key" },
    { kind: "repeated-before", count: repeated_before, label: "with a repeated key before" },
  ];
  return all.filter(({ count }) => count > 0);
}

/** What is different about the columns themselves, a line each. */
export function schemaLines(comparison: Comparison): { sign: string; text: string }[] {
  const { columns, renamed, reordered } = comparison;
  const lines: { sign: string; text: string }[] = [];
  for (const { name, name_before, sure } of renamed) {
    lines.push({
      sign: "→",
      text: `${name_before} ${sure ? "is now" : "seems to be now"} ${name}`,
    });
  }
  const known = new Set(renamed.flatMap(({ name, name_before }) => [name, name_before]));
  for (const { name, change, type, type_before } of columns) {
    if (change === "retyped")
      lines.push({ sign: "~", text: `${name} was ${type_before}, is ${type}` });
    if (known.has(name)) continue;
    if (change === "added") lines.push({ sign: "+", text: `${name} ${type}` });
    if (change === "removed") lines.push({ sign: "−", text: `${name} ${type_before}` });
  }
  if (reordered) lines.push({ sign: "⇅", text: "the columns stand in another order" });
  return lines;
}

/** Does anything about a column differ. */
export function differs(column: ColumnChange): boolean {
  if (column.change !== "same" || (column.changed ?? 0) > 0) return true;
  if ((column.drift ?? 0) > SLIGHT) return true;
  return factLines(column, 1, 1).some(({ before, now }) => before !== now);
}

export interface FactLine {
  word: string;
  before: string;
  now: string;
}

/** Facts of both sides, those that are worth a look: nulls, distinct values, mean, range. */
export function factLines(column: ColumnChange, rows: number, rowsBefore: number): FactLine[] {
  const { now, before } = column;
  const lines: FactLine[] = [];
  const add = (word: string, told: (facts: ColumnFacts, rows: number) => string | null): void => {
    const here = now === null ? null : told(now, rows);
    const there = before === null ? null : told(before, rowsBefore);
    if (here === null && there === null) return;
    lines.push({ word, before: there ?? "", now: here ?? "" });
  };
  if ((now?.nulls ?? 0) + (before?.nulls ?? 0) > 0) {
    add("null", (facts, of) => formatShare(facts.nulls, Math.max(of, facts.nulls)));
  }
  add("distinct", ({ distinct }) => (distinct === null ? null : formatCount(distinct)));
  add("mean", ({ mean }) => (mean === null ? null : shortFloat(mean)));
  add("median", ({ quartiles }) =>
    quartiles?.[1] === undefined ? null : shortFloat(quartiles[1]),
  );
  add("min", ({ min }) => boundWords(min, column));
  add("max", ({ max }) => boundWords(max, column));
  return lines;
}

/** Floats in a few digits; of all others every digit counts. */
function boundWords(
  bound: string | null,
  { type, type_before: before }: ColumnChange,
): string | null {
  if (bound === null || !/^(halffloat|float|double)/.test(type ?? before ?? "")) return bound;
  const value = Number(bound);
  return Number.isFinite(value) ? shortFloat(value) : bound;
}

/** `12 %` of a column's drift; nothing where it cannot be told. */
export function driftWords(column: ColumnChange): string {
  const { drift } = column;
  if (drift === null) return "";
  if (drift === 0) return "same distribution";
  const percent = 100 * drift;
  return `${percent < 0.1 ? "< 0.1" : percent.toFixed(percent < 10 ? 1 : 0)} % moved`;
}

/** "3 columns are the same", for what is folded. */
export function sameWords(count: number): string {
  return `${plural(count, "column")} ${count === 1 ? "is" : "are"} the same`;
}
