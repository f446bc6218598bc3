/** The keys of a block in `pipeline.yaml` as texts of a form, and back. */
import type { BlockTable, ConfigureBlock } from "../../protocol";

export type BlockKey =
  | "retries"
  | "backoff"
  | "retry_on"
  | "timeout"
  | "memory"
  | "cache"
  | "connection"
  | "pool"
  | "priority"
  | "isolation"
  | "poke";

export type Texts = Record<BlockKey, string>;

const SPAN = /^(\d+(\.\d+)?\s*(ms|s|m|h|d))+$|^\d+(\.\d+)?$/;
const AMOUNT = /^\d+(\.\d+)?\s*[kmgt]?i?b?$/i;
const FAILURES = /^[\p{L}_][\p{L}\d_.]*(\s*,\s*[\p{L}_][\p{L}\d_.]*)*$/u;
const UNITS: readonly (readonly [bytes: number, unit: string])[] = [
  [1e12, "TB"],
  [1e9, "GB"],
  [2 ** 30, "GiB"],
  [1e6, "MB"],
  [2 ** 20, "MiB"],
  [1e3, "kB"],
];
const MOST_RETRIES = 100;
const MOST_PRIORITY = 1000;

export function textsOf(block: BlockTable): Texts {
  return {
    retries: String(block.retries),
    backoff: spanWords(block.backoff_s),
    retry_on: block.retry_on.join(", "),
    timeout: block.timeout_s === null ? "" : spanWords(block.timeout_s),
    memory: block.memory_bytes === null ? "" : amountWords(block.memory_bytes),
    cache: block.cache ?? "",
    connection: block.connection ?? "",
    pool: block.pool ?? "",
    priority: String(block.priority),
    isolation: block.isolation ?? "",
    poke: block.poke_s === null ? "" : spanWords(block.poke_s),
  };
}

/** 300 seconds as people write them: "5m". */
export function spanWords(seconds: number): string {
  if (seconds > 0 && seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds > 0 && seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

/** 2,000,000,000 bytes as people write them: "2GB". */
export function amountWords(bytes: number): string {
  const [size, unit] = UNITS.find(([one]) => bytes % one === 0) ?? [1, ""];
  return `${bytes / size}${unit}`;
}

/** What is wrong with a text, as far as it shows before the server looks. */
export function problemOf(key: BlockKey, text: string): string | undefined {
  const value = text.trim();
  switch (key) {
    case "retries":
      return isWhole(value, 0, MOST_RETRIES)
        ? undefined
        : `A whole number from 0 to ${MOST_RETRIES}.`;
    case "priority":
      return isWhole(value, -MOST_PRIORITY, MOST_PRIORITY)
        ? undefined
        : `A whole number from -${MOST_PRIORITY} to ${MOST_PRIORITY}.`;
    case "retry_on":
      return value === "" || FAILURES.test(value)
        ? undefined
        : "Write names with commas between them, e.g. OSError, timeout.";
    case "memory":
      return value === "" || AMOUNT.test(value) ? undefined : "Write an amount, e.g. 500MB or 2GB.";
    case "poke":
    case "backoff":
    case "timeout":
      return value === "" || SPAN.test(value) ? undefined : "Write a span, e.g. 90s or 10m.";
    case "cache":
      return value === "" || value === "forever" || SPAN.test(value)
        ? undefined
        : "Write a span, e.g. 1h30m or 7d, or forever.";
    default:
      return undefined;
  }
}

function isWhole(text: string, least: number, most: number): boolean {
  const number = Number(text);
  return /^-?\d+$/.test(text) && number >= least && number <= most;
}

/** Only what differs: the command leaves the other keys as they are written. */
export function changesOf(block: BlockTable, texts: Texts): Partial<ConfigureBlock> {
  const written = textsOf(block);
  const changed = (Object.keys(texts) as BlockKey[])
    .filter((key) => texts[key].trim() !== written[key])
    .map((key): [BlockKey, string | number | string[]] => {
      const text = texts[key].trim();
      if (key === "retry_on") return [key, text.split(/[\s,]+/).filter((name) => name !== "")];
      return [key, key === "retries" || key === "priority" ? Number(text) : text];
    });
  return Object.fromEntries(changed);
}
