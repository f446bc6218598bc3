/** JSON of plain values in which whole numbers of any size keep their digits. */
export function toJson(value: unknown, indent = 0, depth = 1): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const isList = Array.isArray(value);
  const items = isList
    ? value.map((item) => toJson(item, indent, depth + 1))
    : Object.entries(value).map(
        ([name, item]) =>
          `${JSON.stringify(name)}:${indent > 0 ? " " : ""}${toJson(item, indent, depth + 1)}`,
      );
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  if (indent === 0 || items.length === 0) return `${open}${items.join(",")}${close}`;
  const line = `\n${" ".repeat(indent * depth)}`;
  return `${open}${line}${items.join(`,${line}`)}\n${" ".repeat(indent * (depth - 1))}${close}`;
}

/** A text that is a JSON list or object, over several lines, digit for digit; undefined for others. */
export function readableJson(text: string): string | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  // Numbers stay as they are written: reading them would round those beyond 2^53.
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g) ?? [];
  let depth = 0;
  let lines = "";
  tokens.forEach((token, at) => {
    if (token === "[" || token === "{") {
      const isEmpty = /^[\]}]$/.test(tokens[at + 1] ?? "");
      depth += 1;
      lines += token + (isEmpty ? "" : newLine(depth));
    } else if (token === "]" || token === "}") {
      depth -= 1;
      lines += (/^[[{]$/.test(tokens[at - 1] ?? "") ? "" : newLine(depth)) + token;
    } else {
      lines += token === "," ? `,${newLine(depth)}` : token === ":" ? ": " : token;
    }
  });
  return lines;
}

function newLine(depth: number): string {
  return `\n${"  ".repeat(depth)}`;
}
