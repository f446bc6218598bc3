import type { RunRecord, RunSummary } from "../protocol";
import { formatShortMoment, formatValue } from "../ui";

/** Who started a run: "trigger nightly", "editor", "command line". */
export function originWords(run: Pick<RunSummary, "origin" | "trigger">): string {
  switch (run.origin) {
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

/** The chip of a run page: who, which tick, which parameters, which version. */
export function factsOf(run: RunRecord): string[] {
  const parameters = Object.entries(run.parameters).map(
    ([name, value]) => `${name} ${formatValue(value, 32)}`,
  );
  return [
    originWords(run),
    run.logical_time === null ? "" : `tick ${formatShortMoment(run.logical_time)}`,
    ...parameters,
    run.attempt > 1 ? `taken up again after a crash (${run.attempt})` : "",
  ].filter(Boolean);
}
