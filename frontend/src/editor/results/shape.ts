/** Sizes of data in words: `flights 336,776 × 19 → 16 × 5 · −336,760 rows`. */
import type { Output } from "../../protocol";
import { formatCount, formatShape, plural } from "../../ui";

/** As much as is known of the size of an output, or of what one was made of. */
export type Sized = Pick<Output, "rows" | "column_count" | "type_name"> &
  Partial<Pick<Output, "kind" | "within">>;

/**
 * `336,776 × 19` of a table, the type of any other value, `nothing` of None; of what another block's
 * query computed, and nobody kept, which block that was.
 */
export function shapeWords(output: Sized): string {
  if (output.within !== undefined && output.within !== "") {
    return `computed within ${output.within}`;
  }
  if (output.kind === "nothing" || (output.kind === undefined && output.type_name === "NoneType")) {
    return "nothing";
  }
  if (output.rows === null) return output.type_name || output.kind || "value";
  return formatShape(output.rows, output.column_count);
}

/** What a block did to its only input: `−336,760 rows, −14 columns`; empty when nothing or unknown. */
export function deltaWords(input: Sized | null, output: Sized): string {
  if (input === null) return "";
  return [
    difference(input.rows, output.rows, "row"),
    difference(input.column_count, output.column_count, "column"),
  ]
    .filter((part) => part !== "")
    .join(", ");
}

function difference(before: number | null, after: number | null, unit: string): string {
  if (before === null || after === null || before === after) return "";
  const by = after - before;
  return `${by < 0 ? "−" : "+"}${plural(Math.abs(by), unit)}`;
}

/** What an output was made of, as it was recorded with it: `flights 336,776 × 19`. */
export function inputWords(output: Output): string[] {
  return Object.entries(output.inputs).map(([name, shape]) => `${name} ${shapeWords(shape)}`);
}

/** What a block did to its input; empty of several inputs, and of values that are no tables. */
export function changeWords(output: Output): string {
  const [only, ...others] = Object.values(output.inputs);
  return only === undefined || others.length > 0 ? "" : deltaWords(only, output);
}

export interface StripFacts {
  output: Output;
  /** What the run took; null of a result that the last run did not make. */
  seconds: string | null;
  isCached: boolean;
  size: string;
  age: string;
}

/** The strip as sentences, for its tooltip. */
export function stripSentence(facts: StripFacts): string {
  const { output, seconds, isCached, size, age } = facts;
  const made = Object.entries(output.inputs).map(
    ([name, shape]) => `${name} with ${largeWords(shape)}`,
  );
  const delta = changeWords(output);
  const change = delta === "" ? "" : ` (${delta})`;
  return [
    made.length === 0 ? "" : `Made of ${made.join(", and ")}.`,
    `It has ${largeWords(output)}${change}, ${size}.`,
    isCached ? "Taken from the store." : "",
    age === "" ? "" : `Made ${age}${seconds === null ? "" : ` in ${seconds}`}.`,
  ]
    .filter((line) => line !== "")
    .join("\n");
}

function largeWords(shape: Sized): string {
  if (shape.rows === null || shape.column_count === null) return shapeWords(shape);
  return `${plural(shape.rows, "row")} and ${formatCount(shape.column_count)} ${
    shape.column_count === 1 ? "column" : "columns"
  }`;
}
