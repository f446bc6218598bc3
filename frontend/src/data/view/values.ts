/** Values that a filter compares with, read from what a person writes, by the type of the column. */
import type { Value } from "./view";

export type TypeGroup = "number" | "text" | "bool" | "time" | "day" | "other";

/** What can be compared with what, by Arrow's name of a type. */
export function typeGroup(type: string): TypeGroup {
  const inner = /^dictionary<values=([^,]+),/.exec(type)?.[1];
  if (inner !== undefined) return typeGroup(inner);
  if (/^(u?int\d|half|float|double|decimal)/.test(type)) return "number";
  if (/^(large_)?string/.test(type)) return "text";
  if (type === "bool") return "bool";
  if (/^timestamp/.test(type)) return "time";
  if (/^date/.test(type)) return "day";
  return "other";
}

const NUMBER = /^[+-]?(\d[\d_]*(\.[\d_]*)?|\.\d[\d_]*)(e[+-]?\d+)?$/i;
const MOMENT = /^\d{4}-\d{2}-\d{2}([T ]\d{2}(:\d{2}(:\d{2}(\.\d{1,9})?)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;
const TRUTH: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  "1": true,
  false: false,
  no: false,
  "0": false,
};

/** A value for the server, or undefined when this is none of the type. */
export function readValue(text: string, group: TypeGroup): Value | undefined {
  switch (group) {
    case "number":
      return numberOf(text);
    case "bool":
      return TRUTH[text.toLowerCase()];
    case "time":
    case "day":
      return momentOf(text);
    default:
      return text;
  }
}

/** What is wrong with a text that is no value. */
export function whyNoValue(text: string, group: TypeGroup): string {
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  switch (group) {
    case "number":
      return `“${shown}” is no number.`;
    case "bool":
      return `“${shown}” is neither true nor false.`;
    default:
      return `“${shown}” is no date; write 2024-12-31 or 2024-12-31 18:30.`;
  }
}

function numberOf(text: string): Value | undefined {
  const infinite = /^([+-]?)inf(inity)?$/i.exec(text);
  if (infinite !== null) return infinite[1] === "-" ? "-inf" : "inf";
  if (!NUMBER.test(text)) return undefined;
  const digits = text.replaceAll("_", "");
  const number = Number(digits);
  // JSON keeps no more: the server reads the text itself.
  const isKept = /^[+-]?\d+$/.test(digits)
    ? Number.isSafeInteger(number)
    : digits.replace(/\D/g, "").length <= 15 && Number.isFinite(number);
  return isKept ? number : digits.replace(/^\+/, "");
}

function momentOf(text: string): string | undefined {
  const whole = text.replace(/^(\d{4})$/, "$1-01-01").replace(/^(\d{4}-\d{2})$/, "$1-01");
  if (!MOMENT.test(whole)) return undefined;
  const moment = whole.replace(" ", "T").replace(/T(\d{2})(?=$|Z|[+-])/, "T$1:00");
  return Number.isNaN(Date.parse(moment.slice(0, 10))) || !isDay(moment.slice(0, 10))
    ? undefined
    : moment;
}

function isDay(day: string): boolean {
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

/** First day of a year, a month or a day, and the day after its last; undefined for a moment. */
export function spanOf(text: string): readonly [from: string, until: string] | undefined {
  const match = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/.exec(text);
  const from = momentOf(text);
  if (match === null || from === undefined) return undefined;
  const [, year, month, day] = match;
  const next = new Date(0);
  next.setUTCFullYear(
    Number(year) + (month === undefined ? 1 : 0),
    month === undefined ? 0 : Number(month) - (day === undefined ? 0 : 1),
    day === undefined ? 1 : Number(day) + 1,
  );
  return [from, next.toISOString().slice(0, 10)];
}
