import type { TriggerTable } from "../protocol";

/** What starts runs, as people choose it; `clock` has presets and cron lines of its own. */
export type Kind = "clock" | "once" | "files" | "after" | "changed" | "webhook";

export const KINDS: readonly { value: Kind; label: string }[] = [
  { value: "clock", label: "On a schedule" },
  { value: "once", label: "Once, at a moment" },
  { value: "files", label: "When a file arrives" },
  { value: "after", label: "When another pipeline succeeds" },
  { value: "changed", label: "When the output of a block changes" },
  { value: "webhook", label: "On a web request" },
];

/** What a form holds of a trigger beside its plan; texts, as they are typed. */
export interface Starting {
  kind: Kind;
  at: string;
  files: string;
  after: string;
  changed: string;
  start: string;
  end: string;
  jitter: string;
  catchup_window: string;
  catchup_limit: string;
  timeout: string;
  retries: string;
  backoff: string;
}

const NOTHING: Starting = {
  kind: "clock",
  at: "",
  files: "",
  after: "",
  changed: "",
  start: "",
  end: "",
  jitter: "",
  catchup_window: "",
  catchup_limit: "",
  timeout: "",
  retries: "",
  backoff: "",
};

export function startingOf(trigger: TriggerTable | null): Starting {
  if (trigger === null) return NOTHING;
  const { at, files, after, changed, start, end, jitter, catchup_window, catchup_limit } = trigger;
  const { timeout, retries, backoff } = trigger;
  return {
    kind: kindOf(trigger),
    at: at ?? "",
    files: files ?? "",
    after: after ?? "",
    changed: changed ?? "",
    start: start ?? "",
    end: end ?? "",
    jitter: jitter ?? "",
    catchup_window: catchup_window ?? "",
    catchup_limit: catchup_limit === null ? "" : String(catchup_limit),
    timeout: timeout ?? "",
    retries: retries === null ? "" : String(retries),
    backoff: backoff ?? "",
  };
}

export function kindOf(trigger: TriggerTable): Kind {
  if (trigger.webhook) return "webhook";
  if (trigger.at !== null) return "once";
  if (trigger.files !== null) return "files";
  if (trigger.after !== null) return "after";
  return trigger.changed === null ? "clock" : "changed";
}

/** Does a clock say when it starts: it has next ticks, and may miss some. */
export function isTimed(kind: Kind): boolean {
  return kind === "clock" || kind === "once";
}

/** Where past ticks of a trigger are looked at and run. */
export function backfillOf({ pipeline, name }: TriggerTable): string {
  return `/p/${pipeline}/backfill?trigger=${encodeURIComponent(name)}`;
}

/** What the server is to know, every key of every kind: others are set back. */
export function bodyOf(
  starting: Starting,
  when: Pick<TriggerTable, "cron" | "every">,
): Partial<TriggerTable> {
  const { kind } = starting;
  const said = (text: string): string | null => text.trim() || null;
  const only = (wanted: Kind, text: string): string | null => (kind === wanted ? said(text) : null);
  const limit = Number.parseInt(starting.catchup_limit, 10);
  return {
    cron: kind === "clock" ? when.cron : null,
    every: kind === "clock" ? when.every : null,
    at: only("once", starting.at),
    webhook: kind === "webhook",
    files: only("files", starting.files),
    after: only("after", starting.after),
    changed: only("changed", starting.changed),
    start: only("clock", starting.start),
    end: only("clock", starting.end),
    jitter: only("clock", starting.jitter),
    catchup_window: isTimed(kind) ? said(starting.catchup_window) : null,
    catchup_limit: isTimed(kind) && Number.isInteger(limit) ? limit : null,
    timeout: said(starting.timeout),
    retries: isWhole(starting.retries) ? Number(starting.retries) : null,
    backoff: triesAgain(starting) ? said(starting.backoff) : null,
  };
}

const SPAN = /^(\d+(\.\d+)?\s*(ms|s|m|h|d|w)\s*)+$|^\d+(\.\d+)?$/;
const MOST_RETRIES = 100;
const LIMITS = ["timeout", "retries", "backoff"] as const;

function isWhole(text: string): boolean {
  return /^\s*\d+\s*$/.test(text);
}

/** Is a tick whose run failed tried again. */
export function triesAgain({ retries }: Starting): boolean {
  return isWhole(retries) && Number(retries) > 1;
}

/** What is wrong with a limit of runs, as far as it shows before the server looks. */
export function limitProblem(key: (typeof LIMITS)[number], text: string): string | undefined {
  const value = text.trim();
  if (value === "") return undefined;
  if (key === "retries") {
    const sound = isWhole(value) && Number(value) <= MOST_RETRIES;
    return sound ? undefined : `A whole number from 0 to ${MOST_RETRIES}.`;
  }
  return SPAN.test(value) ? undefined : "Write a span, e.g. 90s or 2h.";
}

/** Are all limits that are shown as they can be. */
export function limitsAreSound(starting: Starting): boolean {
  const shown = triesAgain(starting) ? LIMITS : LIMITS.slice(0, 2);
  return shown.every((key) => limitProblem(key, starting[key]) === undefined);
}

const FILL: Partial<Record<Kind, keyof Starting>> = {
  once: "at",
  files: "files",
  after: "after",
  changed: "changed",
};

/** Why it cannot be asked about yet; undefined when it can. */
export function startingProblem(starting: Starting): string | undefined {
  const needed = FILL[starting.kind];
  if (needed !== undefined && starting[needed].trim() === "") return "Fill this in.";
  if (starting.kind === "changed" && !/^[a-z][a-z0-9_]*\/[a-z][a-z0-9_]*$/.test(starting.changed)) {
    return "Write pipeline/block, such as prices/load.";
  }
  return undefined;
}

/** A name for a new trigger that does not start by the clock. */
export const NAME_OF_KIND: Record<Kind, string> = {
  clock: "regularly",
  once: "once",
  files: "new_file",
  after: "after",
  changed: "new_output",
  webhook: "webhook",
};
