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
