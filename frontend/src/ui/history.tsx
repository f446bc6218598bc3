import type { ReactElement } from "react";
import type { RunSummary } from "../protocol";
import { formatDuration, formatMoment } from "./format";
import { Link } from "./router";
import { SIGNS, signOfState } from "./signs";

export interface RunHistoryProps {
  /** Newest first. */
  runs: readonly RunSummary[];
  /** What the whole row of ticks says, for those who cannot see it. */
  label: string;
  length?: number;
}

/** The last runs as ticks, oldest left; a failed one is also lower, so that colour is not all. */
export function RunHistory({ runs, label, length = 30 }: RunHistoryProps): ReactElement {
  const shown = runs.slice(0, length).reverse();
  return (
    <fieldset className="history" aria-label={label}>
      {shown.map((run) => (
        <Link
          key={run.id}
          to={`/p/${run.pipeline}/runs/${run.id}`}
          tabIndex={-1}
          className="history-tick"
          data-tone={SIGNS[signOfState(run.state)].tone}
          data-state={run.state}
          data-tip={runWords(run)}
          aria-label={runWords(run)}
        />
      ))}
    </fieldset>
  );
}

/** "21 Nov 2026, 06:00:01: failed in 2.1 s", then why. */
export function runWords(run: RunSummary): string {
  const { word } = SIGNS[signOfState(run.state)];
  const took = run.seconds === null ? "" : ` in ${formatDuration(run.seconds)}`;
  const reason = run.reason === null ? "" : `\n${run.reason}`;
  return `${formatMoment(run.queued_at)}: ${word}${took}${reason}`;
}
