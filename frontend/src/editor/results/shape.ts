/** Sizes of data in words: `336,776 × 19 → 16 × 5 · −336,760 rows`. */
import type { Output } from "../../protocol";
import { formatShape, plural } from "../../ui";

/** `336,776 × 19` of a table, the type of any other value, `nothing` of None. */
export function shapeWords(output: Output): string {
  if (output.kind === "nothing") return "nothing";
  if (output.rows === null) return output.type_name || output.kind;
  return formatShape(output.rows, output.column_count);
}

/** What a block did to its only input: `−336,760 rows, −14 columns`; empty when nothing or unknown. */
export function deltaWords(input: Output | null, output: Output): string {
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
