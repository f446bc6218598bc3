import type { Parameter } from "../protocol";

/** Outcome of reading what a person typed for a parameter. */
export type Reading = { value: unknown } | { error: string };

/** What an input shows for a value. */
export function textOfValue(parameter: Parameter, value: unknown): string {
  if (value === null || value === undefined) return "";
  if (parameter.type === "json") return JSON.stringify(value, null, 2);
  if (parameter.multiple && Array.isArray(value)) return value.map(String).join("\n");
  if (parameter.type === "datetime" && typeof value === "string") return value.slice(0, 16);
  return String(value);
}

/** Reads typed text as the parameter's type; an empty text is "not given". */
export function readParameter(parameter: Parameter, text: string): Reading {
  if (text.trim() === "") return required(parameter);
  if (parameter.type === "json") return readJson(text);
  if (!parameter.multiple) return readOne(parameter, text);
  const values: unknown[] = [];
  for (const line of text.split(/\n|,/).map((part) => part.trim())) {
    if (line === "") continue;
    const reading = readOne(parameter, line);
    if ("error" in reading) return { error: `${line}: ${reading.error}` };
    values.push(reading.value);
  }
  return { value: values };
}

/** Is this value one the parameter takes; the reason in words if not. */
export function parameterProblem(parameter: Parameter, value: unknown): string | undefined {
  if (value === undefined || value === null) {
    return parameter.required && parameter.default === null ? "A value is needed." : undefined;
  }
  const values = parameter.multiple && Array.isArray(value) ? value : [value];
  for (const one of values) {
    const problem = limitProblem(parameter, one);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function required(parameter: Parameter): Reading {
  if (parameter.type === "string" && !parameter.required && !parameter.multiple)
    return { value: "" };
  return parameter.required ? { error: "A value is needed." } : { value: null };
}

function readOne(parameter: Parameter, text: string): Reading {
  const value = convert(parameter.type, text.trim(), text);
  if (value === undefined) return { error: WANTED[parameter.type] };
  const error = limitProblem(parameter, value);
  return error === undefined ? { value } : { error };
}

const WANTED: Record<Parameter["type"], string> = {
  integer: "Write a whole number, e.g. 12.",
  number: "Write a number, e.g. 0.5.",
  string: "Write some text.",
  boolean: "Write true or false.",
  date: "Write a date as 2026-11-21.",
  datetime: "Write a moment as 2026-11-21T06:00.",
  json: "Write JSON, e.g. [1, 2].",
};

function convert(type: Parameter["type"], trimmed: string, text: string): unknown {
  switch (type) {
    case "integer":
      return /^[+-]?\d+$/.test(trimmed) ? Number(trimmed) : undefined;
    case "number":
      return Number.isFinite(Number(trimmed)) ? Number(trimmed) : undefined;
    case "boolean":
      return trimmed === "true" ? true : trimmed === "false" ? false : undefined;
    case "date":
      return /^\d{4}-\d\d-\d\d$/.test(trimmed) && isMoment(trimmed) ? trimmed : undefined;
    case "datetime":
      return /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(trimmed) && isMoment(trimmed)
        ? trimmed.replace(" ", "T")
        : undefined;
    default:
      return text;
  }
}

function isMoment(text: string): boolean {
  return !Number.isNaN(Date.parse(text));
}

function readJson(text: string): Reading {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (thrown) {
    return { error: thrown instanceof Error ? thrown.message : WANTED.json };
  }
}

function limitProblem(
  { minimum, maximum, choices }: Parameter,
  value: unknown,
): string | undefined {
  if (choices !== null && !choices.some((choice) => String(choice) === String(value))) {
    return `Choose one of ${choices.map(String).join(", ")}.`;
  }
  if (typeof value !== "number") return undefined;
  if (minimum !== null && value < minimum) return `At least ${minimum}.`;
  if (maximum !== null && value > maximum) return `At most ${maximum}.`;
  return undefined;
}
