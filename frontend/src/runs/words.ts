import {
  type Attempt,
  type BlockRun,
  isFinal,
  type Retry,
  type RunRecord,
  type RunSummary,
} from "../protocol";
import type { Sign } from "../session";
import { failureLine, formatClock, formatShortMoment, formatValue, signOfState } from "../ui";

/** Who started a run: "trigger nightly", "editor", "command line". */
export function originWords(
  run: Pick<RunSummary, "origin" | "trigger"> & Partial<Pick<RunSummary, "retry" | "limits">>,
): string {
  switch (run.origin) {
    case "retry":
      return run.retry == null ? "retry" : `${triesWords(run.retry, run.limits)} of ${run.trigger}`;
    case "trigger":
      return run.trigger === null ? "trigger" : `trigger ${run.trigger}`;
    case "backfill":
      return run.trigger === null ? "backfill" : `backfill of ${run.trigger}`;
    case "cli":
      return "command line";
    case "api":
      return "API";
    default:
      return run.origin;
  }
}

/** "try 2 of 3": which one of the runs that its tick may have. */
function triesWords({ number }: Retry, limits: RunSummary["limits"] | undefined): string {
  return `try ${number} of ${Math.max(number, limits?.retries ?? 1)}`;
}

/** "starts at 06:01:30": what a retry waits for. */
export function startWords(
  { state, retry }: Pick<RunSummary, "state" | "retry">,
  now: number = Date.now(),
): string | null {
  if (state !== "queued" || retry === null || Date.parse(retry.start_at) <= now) return null;
  return `starts at ${formatClock(retry.start_at, now)}`;
}

/** The chip of a run page: who, which tick, which parameters, which version. */
export function factsOf(run: RunRecord): string[] {
  const parameters = Object.entries(run.parameters).map(
    ([name, value]) => `${name} ${formatValue(value, 32)}`,
  );
  return [
    originWords(run),
    versionWords(run),
    run.logical_time === null ? "" : `tick ${formatShortMoment(run.logical_time)}`,
    ...parameters,
  ].filter(Boolean);
}

/** "version 3" of what was published, or "draft 1a2b3c4d". */
export function versionWords({ published, version }: RunRecord): string {
  return published === null ? `draft ${version.slice(0, 8)}` : `version ${published}`;
}

/** "resumed (attempt 2)": a server took the run up after another one had ended in its midst. */
export function resumedWords({ attempt }: Pick<RunRecord, "attempt">): string | null {
  return attempt > 1 ? `resumed (attempt ${attempt})` : null;
}

/** "hit: same code" in its two parts; null for what was neither looked up nor executed. */
export function cacheWords(cache: string | null): { found: "hit" | "miss"; reason: string } | null {
  const match = /^(hit|miss)(?:: (.*))?$/s.exec(cache ?? "");
  if (match === null) return null;
  return { found: match[1] === "hit" ? "hit" : "miss", reason: match[2] ?? "" };
}

/** The blocks that a queued block of a run waits for. */
export function waitsFor(run: RunRecord, block: BlockRun): string[] {
  if (block.state !== "queued" || isFinal(run.state)) return [];
  const open = run.blocks.filter(({ state }) => ["queued", "running", "waiting"].includes(state));
  return open.map(({ name }) => name).filter((name) => block.upstream.includes(name));
}

export interface AttemptWords {
  sign: Sign;
  words: string;
  /** Null while it goes on, or where its times were not recorded. */
  seconds: number | null;
}

/** How one try of a block went: why it failed, or why its worker died. */
export function attemptWords(attempt: Attempt): AttemptWords {
  const { state, failure, started_at, finished_at } = attempt;
  const timedOut = state === "failed" && failure?.kind === "timeout";
  const seconds =
    started_at === null || finished_at === null
      ? null
      : Math.max(0, (Date.parse(finished_at) - Date.parse(started_at)) / 1000);
  const words = failure === null ? state : failureLine(failure);
  return { sign: timedOut ? "timeout" : signOfState(state), words, seconds };
}

/** What the button of a run that is over says: `failed` are its failed blocks. */
export function retryWords(failed: readonly string[]): string {
  const [first] = failed;
  if (first === undefined) return "Run again";
  return failed.length === 1 ? `Retry from ${first}` : `Retry ${failed.length} failed blocks`;
}

/** The page that lays a run beside an earlier one; without one it is the last that succeeded. */
export function compareAddress(run: Pick<RunSummary, "id" | "pipeline">, other = ""): string {
  return `/p/${run.pipeline}/runs/${run.id}?with=${other}`;
}
