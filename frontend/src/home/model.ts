import type { PipelineSummary, RunSummary, TriggerTable } from "../protocol";
import type { Sign } from "../session";
import { formatDuration, formatShortMoment, plural, signOfState } from "../ui";

/** The sign of a pipeline: that of its newest run. */
export function signOfPipeline(pipeline: PipelineSummary): Sign {
  if (pipeline.problem !== null) return "failed";
  const [newest] = pipeline.runs;
  return newest === undefined ? "draft" : signOfState(newest.state);
}

/** The second line of a row: what is going on or wrong, in words. */
export function storyOf(pipeline: PipelineSummary, now: number): string {
  if (pipeline.problem !== null) return pipeline.problem;
  const [newest] = pipeline.runs;
  const parts: string[] = [];
  if (newest?.state === "running") parts.push(runningStory(newest, now));
  if (newest?.state === "queued") parts.push("queued");
  if (pipeline.failing_since !== null) {
    const reason = newestFailure(pipeline)?.reason ?? null;
    const since = `failing since ${formatShortMoment(pipeline.failing_since, now)}`;
    parts.push(reason === null ? since : `${since}: ${reason}`);
  }
  return parts.join(" · ");
}

/** The run that tells why a pipeline fails now. */
export function newestFailure(pipeline: PipelineSummary): RunSummary | undefined {
  return pipeline.failing_since === null
    ? undefined
    : pipeline.runs.find(({ state }) => state === "failed");
}

function runningStory(run: RunSummary, now: number): string {
  const seconds = run.started_at === null ? 0 : (now - Date.parse(run.started_at)) / 1000;
  const block = Math.min(run.blocks_done + 1, run.blocks_total);
  return `running ${formatDuration(Math.max(0, seconds))}, block ${block} of ${run.blocks_total}`;
}

export function isOn(pipeline: PipelineSummary): boolean {
  return pipeline.triggers.some((trigger) => trigger.active);
}

/** Triggers that start within an hour, the next first. */
export function dueWithinHour(pipelines: readonly PipelineSummary[], now: number): TriggerTable[] {
  return pipelines
    .flatMap((pipeline) => pipeline.triggers)
    .filter(
      ({ active, next_at }) => active && next_at !== null && Date.parse(next_at) - now <= 3.6e6,
    )
    .sort((a, b) => Date.parse(a.next_at ?? "") - Date.parse(b.next_at ?? ""));
}

/** "109 succeeded, 2 failed" */
export function outcomeWords(runs: readonly RunSummary[]): string {
  const count = (state: RunSummary["state"]): number =>
    runs.filter((run) => run.state === state).length;
  const failed = count("failed");
  const running = count("running") + count("queued");
  return [
    `${count("succeeded")} succeeded`,
    failed > 0 ? `${failed} failed` : "",
    running > 0 ? `${running} in progress` : "",
  ]
    .filter(Boolean)
    .join(", ");
}

/** Title for the row of ticks: "30 runs: 28 succeeded, 2 failed". */
export function historyWords(runs: readonly RunSummary[]): string {
  return runs.length === 0 ? "never run" : `${plural(runs.length, "run")}: ${outcomeWords(runs)}`;
}

/** Those whose title or name contains all words. */
export function matching(pipelines: readonly PipelineSummary[], query: string): PipelineSummary[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return pipelines.filter(({ name, title }) => {
    const text = `${title} ${name}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** A title as a name: "Late flights!" → "late_flights". */
export function nameOfTitle(title: string): string {
  return title
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[_0-9]+|_+$/g, "")
    .slice(0, 64);
}

export interface Trend {
  /** Seconds of the runs that succeeded, oldest first. */
  seconds: number[];
  /** How much longer the newest take than those before: 0.37 is 37 %; null where little changed. */
  change: number | null;
}

const RECENT = 5;
const WORTH_SAYING = 0.2;

/** How long runs take, and whether that has changed; null for too few to tell. */
export function trendOf(runs: readonly RunSummary[]): Trend | null {
  const newestFirst = runs.flatMap(({ state, seconds }) =>
    state === "succeeded" && seconds !== null ? [seconds] : [],
  );
  if (newestFirst.length < 2) return null;
  const seconds = newestFirst.toReversed();
  const before = middle(newestFirst.slice(RECENT));
  const now = middle(newestFirst.slice(0, RECENT));
  const change = before > 0 && newestFirst.length >= 2 * RECENT ? now / before - 1 : 0;
  return { seconds, change: Math.abs(change) < WORTH_SAYING ? null : change };
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** Points of a line in a box of so many units, highest value at the top; it begins at zero. */
export function linePoints(values: readonly number[], width: number, height: number): string {
  const highest = Math.max(...values, Number.MIN_VALUE);
  const step = width / Math.max(1, values.length - 1);
  return values
    .map((value, at) => `${(at * step).toFixed(1)},${(height * (1 - value / highest)).toFixed(1)}`)
    .join(" ");
}
