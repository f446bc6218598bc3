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
  if (newest === undefined) return "";
  if (newest.state === "running") return runningStory(newest, now);
  if (newest.state === "queued") return "queued";
  if (newest.state !== "failed") return "";
  const since = failingSince(pipeline.runs);
  const reason = newest.reason === null ? "" : `: ${newest.reason}`;
  return `failing since ${formatShortMoment(since, now)}${reason}`;
}

function runningStory(run: RunSummary, now: number): string {
  const seconds = run.started_at === null ? 0 : (now - Date.parse(run.started_at)) / 1000;
  const block = Math.min(run.blocks_done + 1, run.blocks_total);
  return `running ${formatDuration(Math.max(0, seconds))}, block ${block} of ${run.blocks_total}`;
}

/** Start of the oldest failure after which no run succeeded; runs are newest first. */
export function failingSince(runs: readonly RunSummary[]): string {
  let since = runs[0]?.queued_at ?? "";
  for (const run of runs) {
    if (run.state === "succeeded") break;
    if (run.state === "failed") since = run.queued_at;
  }
  return since;
}

/** Does the newest run that ended count as a failure. */
export function isFailing(pipeline: PipelineSummary): boolean {
  return pipeline.runs.find((run) => run.finished_at !== null)?.state === "failed";
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
