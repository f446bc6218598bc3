/** Renames, drops and casts that the next block made of a view shall do; the table stays as it is. */

import { useSyncExternalStore } from "react";
import { createStore } from "zustand/vanilla";
import type { ColumnType, Step } from "../../protocol";
import type { FramePlace } from "../view";

const NONE: readonly Step[] = [];
const store = createStore<Readonly<Record<FramePlace, readonly Step[]>>>(() => ({}));

export function stepsOf(place: FramePlace): readonly Step[] {
  return store.getState()[place] ?? NONE;
}

export function addStep(place: FramePlace, step: Step): void {
  store.setState({ [place]: [...stepsOf(place), step] });
}

export function clearSteps(place: FramePlace): void {
  store.setState({ [place]: NONE });
}

/** Takes one step back; what came after it and named its column by the new name goes with it. */
export function removeStep(place: FramePlace, at: number): void {
  const steps = stepsOf(place);
  const gone = steps[at];
  const later = steps.slice(at + 1);
  const kept =
    gone?.do === "rename"
      ? later.map((step) => (step.column === gone.name ? { ...step, column: gone.column } : step))
      : later;
  store.setState({ [place]: [...steps.slice(0, at), ...kept] });
}

export function useSteps(place: FramePlace): readonly Step[] {
  return useSyncExternalStore(store.subscribe, () => stepsOf(place));
}

/** What a column of the table is called after the steps; null when one of them drops it. */
export function nameAfter(steps: readonly Step[], column: string): string | null {
  let name: string | null = column;
  for (const step of steps) {
    if (name === null || step.column !== name) continue;
    if (step.do === "rename") name = step.name;
    else if (step.do === "drop") name = null;
  }
  return name;
}

/** What the steps make of one column. */
export interface Pending {
  /** Its name after them; null when one of them drops it. */
  name: string | null;
  /** What it is turned into last, in words; null for nothing else. */
  type: string | null;
  /** The last step that is about it. */
  last: number;
}

/** What becomes of the columns that steps are about, by their names in the table. */
export function pendingOf(
  steps: readonly Step[],
  columns: readonly { name: string }[],
): ReadonlyMap<string, Pending> {
  const found = new Map<string, Pending>();
  if (steps.length === 0) return found;
  const origins = new Map(columns.map(({ name }) => [name, name]));
  steps.forEach((step, last) => {
    const origin = origins.get(step.column);
    if (origin === undefined) return;
    const { name, type } = found.get(origin) ?? { name: origin, type: null };
    if (step.do !== "cast") origins.delete(step.column);
    if (step.do === "rename") origins.set(step.name, origin);
    found.set(origin, {
      name: step.do === "rename" ? step.name : step.do === "drop" ? null : name,
      type: step.do === "cast" ? TYPE_WORDS[step.type] : type,
      last,
    });
  });
  return found;
}

/** What becomes of a column, to be read aloud. */
export function pendingWords({ name, type }: Pending, column: string): string {
  if (name === null) return "the block drops it";
  const parts = [
    ...(name === column ? [] : [`the block calls it ${name}`]),
    ...(type === null ? [] : [`the block turns it into ${type}`]),
  ];
  return parts.join(", ");
}

/** Steps that the table still has the columns for: an output made anew may have lost one. */
export function stepsFor(
  steps: readonly Step[],
  columns: readonly { name: string }[],
): readonly Step[] {
  const names = new Set(columns.map(({ name }) => name));
  const kept = steps.filter((step) => {
    if (!names.has(step.column)) return false;
    if (step.do !== "cast") names.delete(step.column);
    if (step.do === "rename") names.add(step.name);
    return true;
  });
  return kept.length === steps.length ? steps : kept;
}

const TYPE_WORDS: Readonly<Record<ColumnType, string>> = {
  integer: "whole number",
  number: "number",
  text: "text",
  boolean: "true or false",
  date: "date",
  timestamp: "date and time",
};

export const COLUMN_TYPES: readonly (readonly [ColumnType, string])[] = Object.entries(
  TYPE_WORDS,
) as [ColumnType, string][];

/** "carrier → airline", "drop year", "flight as text". */
export function stepWords(step: Step): string {
  if (step.do === "rename") return `${step.column} → ${step.name}`;
  if (step.do === "drop") return `drop ${step.column}`;
  return `${step.column} as ${TYPE_WORDS[step.type]}`;
}
