import { type KeyboardEvent, type ReactElement, useState } from "react";
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

const STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  Home: -Infinity,
  End: Infinity,
};

/**
 * The last runs as ticks, oldest left; a failed one is also lower, so that colour is not all.
 *
 * Tab leads to one of them, at first the newest; arrow keys go on from there.
 */
export function RunHistory({ runs, label, length = 30 }: RunHistoryProps): ReactElement {
  const shown = runs.slice(0, length).reverse();
  const [at, setAt] = useState<string | null>(null);
  const current = shown.find(({ id }) => id === at) ?? shown.at(-1);

  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const step = STEPS[event.key];
    if (step === undefined || current === undefined) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(shown.length - 1, shown.indexOf(current) + step));
    (event.currentTarget.children[next] as HTMLElement | undefined)?.focus();
  };
  return (
    <fieldset className="history" aria-label={label} onKeyDown={onKeyDown}>
      {shown.map((run) => (
        <Link
          key={run.id}
          to={`/p/${run.pipeline}/runs/${run.id}`}
          tabIndex={run === current ? 0 : -1}
          onFocus={() => setAt(run.id)}
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
