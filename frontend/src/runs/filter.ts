/** Which runs the list shows; kept in the address, so that it can be shared and gone back to. */
import type { Origin, RunState } from "../protocol";
import { boundsOf } from "./span";

export const STATES: readonly RunState[] = [
  "queued",
  "running",
  "succeeded",
  "failed",
  "cancelled",
];

/** Who starts runs, as the server and as people call it. */
export const ORIGINS: readonly (readonly [Origin, string])[] = [
  ["trigger", "trigger"],
  ["editor", "editor"],
  ["cli", "command line"],
  ["api", "API"],
  ["retry", "retry"],
  ["backfill", "backfill"],
];

const KEYS = ["pipeline", "state", "origin", "time", "backfill"] as const;

export type Filter = Record<(typeof KEYS)[number], string>;

export function filterOf(query: URLSearchParams): Filter {
  return {
    pipeline: query.get("pipeline") ?? "",
    state: query.get("state") ?? "",
    origin: query.get("origin") ?? "",
    time: query.get("time") ?? "",
    backfill: query.get("backfill") ?? "",
  };
}

export function isEmpty(filter: Filter): boolean {
  return KEYS.every((key) => filter[key] === "");
}

/** Runs in a list, or those of one pipeline side by side. */
export type View = "list" | "matrix";

/** Only the runs of one pipeline can stand side by side, and not those of one backfill. */
export function viewOf(query: URLSearchParams): View {
  const { pipeline, backfill } = filterOf(query);
  const possible = pipeline !== "" && backfill === "";
  return query.get("view") === "matrix" && possible ? "matrix" : "list";
}

/** Address of the page with this filter: "/runs?state=failed". */
export function addressOf(filter: Filter, view: View = "list"): string {
  const given = KEYS.filter((key) => filter[key] !== "");
  const query = new URLSearchParams(given.map((key) => [key, filter[key]]));
  if (view === "matrix" && filter.pipeline !== "") query.set("view", view);
  return query.size === 0 ? "/runs" : `/runs?${query}`;
}

/** The same as the server wants it at this moment. */
export function queryOf(filter: Filter, now: number): Record<string, string | undefined> {
  const { time, ...values } = filter;
  const given = Object.entries(values).filter(([, value]) => value !== "");
  return { ...Object.fromEntries(given), ...boundsOf(time, now) };
}
