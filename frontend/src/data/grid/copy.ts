/** Cells as text for other programs. */
import { bytesOf, isNumeric, plainValue, wholeText } from "../cells/format";
import type { Cell } from "../rows/frame-rows";

export type CopyFormat = "tsv" | "csv" | "markdown" | "python";

export const COPY_FORMATS: readonly (readonly [format: CopyFormat, words: string])[] = [
  ["tsv", "tab-separated text"],
  ["csv", "CSV"],
  ["markdown", "Markdown"],
  ["python", "Python"],
];

/** Rows in, text out. `names` are those of the columns. */
export function formatCells(
  format: CopyFormat,
  names: readonly string[],
  rows: readonly (readonly Cell[])[],
): string {
  switch (format) {
    case "tsv":
      return rows.map((cells) => cells.map(wholeText).map(tsvField).join("\t")).join("\n");
    case "csv":
      return [names.map(csvField), ...rows.map((cells) => cells.map(csvCell))]
        .map((fields) => `${fields.join(",")}\n`)
        .join("");
    case "markdown":
      return markdown(names, rows);
    case "python":
      return python(names, rows);
  }
}

/** As spreadsheets do: what would break a line is quoted. */
function tsvField(text: string): string {
  return /[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A null is nothing, an empty text is two quotes. */
function csvCell(cell: Cell): string {
  return cell.value === "" ? '""' : csvField(wholeText(cell));
}

function csvField(text: string): string {
  return /[,\n\r"]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function markdown(names: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = rows.map((cells) => cells.map((cell) => markdownField(wholeText(cell))));
  const rules = names.map((_, at) => {
    const type = rows[0]?.[at]?.type;
    return type !== undefined && isNumeric(type) ? "---:" : "---";
  });
  return [names.map(markdownField), rules, ...lines]
    .map((fields) => `| ${fields.join(" | ")} |\n`)
    .join("");
}

function markdownField(text: string): string {
  return text
    .replaceAll("\\", "\\\\")
    .replaceAll("|", "\\|")
    .replace(/\r\n|[\n\r]/g, "<br>");
}

/** One value, a list of one column, or a dict of lists. */
function python(names: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const columns = names.map((_, at) =>
    rows.map((cells) => {
      const cell = cells[at];
      return cell === undefined ? "None" : pythonCell(cell);
    }),
  );
  const [first = []] = columns;
  if (columns.length === 1) return first.length === 1 ? (first[0] ?? "") : `[${first.join(", ")}]`;
  const items = columns.map(
    (values, at) => `    ${pythonText(names[at] ?? "")}: [${values.join(", ")}],\n`,
  );
  return `{\n${items.join("")}}`;
}

function pythonCell(cell: Cell): string {
  if (typeof cell.value === "string") return pythonText(cell.value);
  const bytes = bytesOf(cell);
  if (bytes !== undefined) {
    const digits = Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`);
    return `b"${digits.join("")}"`;
  }
  // Numbers of any size stand as their digits, moments in quotes.
  const text = wholeText(cell);
  if (isNumeric(cell.type) && /^[+-]?[\d.]+(e[+-]?\d+)?$/i.test(text)) return text;
  return pythonValue(plainValue(cell));
}

function pythonValue(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") {
    return Number.isFinite(value)
      ? String(value)
      : `float("${String(value).toLowerCase().replace("infinity", "inf")}")`;
  }
  if (Array.isArray(value)) return `[${value.map(pythonValue).join(", ")}]`;
  if (typeof value === "object") {
    const items = Object.entries(value).map(
      ([name, item]) => `${pythonText(name)}: ${pythonValue(item)}`,
    );
    return `{${items.join(", ")}}`;
  }
  const text = String(value);
  if (text === "NaN" || text === "Infinity" || text === "-Infinity")
    return pythonValue(Number(text));
  return pythonText(text);
}

/** JSON's escapes are Python's too. */
function pythonText(text: string): string {
  return JSON.stringify(text);
}
