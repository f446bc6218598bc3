/** The keys of a block in `pipeline.yaml` as texts of a form, and back. */
import type { BlockTable, ConfigureBlock } from "../../protocol";

export type BlockKey =
  | "retries"
  | "timeout"
  | "cache"
  | "connection"
  | "pool"
  | "priority"
  | "isolation";

export type Texts = Record<BlockKey, string>;

const SPAN = /^(\d+(\.\d+)?\s*(ms|s|m|h|d))+$|^\d+(\.\d+)?$/;
const MOST_RETRIES = 100;
const MOST_PRIORITY = 1000;

export function textsOf(block: BlockTable): Texts {
  return {
    retries: String(block.retries),
    timeout: block.timeout_s === null ? "" : spanWords(block.timeout_s),
    cache: block.cache ?? "",
    connection: block.connection ?? "",
    pool: block.pool ?? "",
    priority: String(block.priority),
    isolation: block.isolation ?? "",
  };
}

/** 300 seconds as people write them: "5m". */
export function spanWords(seconds: number): string {
  if (seconds > 0 && seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds > 0 && seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
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
    .map((key): [BlockKey, string | number] => {
      const text = texts[key].trim();
      return [key, key === "retries" || key === "priority" ? Number(text) : text];
    });
  return Object.fromEntries(changed);
}
