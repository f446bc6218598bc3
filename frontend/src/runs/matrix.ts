/** The words and measures of the matrix of runs. */
import type { MatrixCell, RunSummary } from "../protocol";
import { formatDay, formatDuration, formatMoment, SIGNS, signOfState } from "../ui";

/** "clean in the run of 21 Nov 2026, 09:00: failed after 2 attempts in 1.2 s", then why. */
export function cellWords(block: string, run: RunSummary, cell: MatrixCell): string {
  const { word } = SIGNS[signOfState(cell.state)];
  const tries = cell.attempts > 1 ? ` after ${cell.attempts} attempts` : "";
  const took = cell.seconds === null ? "" : ` in ${formatDuration(cell.seconds)}`;
  const skipped = cell.state === "skipped" && cell.reason !== null;
  const reason = cell.reason === null ? "" : skipped ? `: ${cell.reason}` : `\n${cell.reason}`;
  return `${block} in the run of ${formatMoment(run.queued_at)}: ${word}${tries}${took}${reason}`;
}

/** Height of a run's bar as a share of the longest; short runs stay to be seen. */
export function shareOf(seconds: number | null, longest: number): number {
  if (seconds === null || longest <= 0) return 0;
  return Math.max(0.08, Math.min(1, seconds / longest));
}

/** Where a new day begins, with what stands above it; too close ones are left out. */
export function daysOf(runs: readonly RunSummary[], apart: number): Map<number, string> {
  const days = new Map<number, string>();
  let before = "";
  let last = -apart;
  for (const [at, run] of runs.entries()) {
    const day = formatDay(run.queued_at);
    if (day === before) continue;
    before = day;
    if (at - last < apart) continue;
    days.set(at, day);
    last = at;
  }
  return days;
}

export interface At {
  row: number;
  column: number;
}

/** Where an arrow key leads in a table of so many rows and columns; null for any other key. */
export function stepOf(key: string, at: At, rows: number, columns: number): At | null {
  const within = (value: number, length: number): number =>
    Math.max(0, Math.min(length - 1, value));
  switch (key) {
    case "ArrowLeft":
      return { ...at, column: within(at.column - 1, columns) };
    case "ArrowRight":
      return { ...at, column: within(at.column + 1, columns) };
    case "ArrowUp":
      return { ...at, row: within(at.row - 1, rows) };
    case "ArrowDown":
      return { ...at, row: within(at.row + 1, rows) };
    case "Home":
      return { ...at, column: 0 };
    case "End":
      return { ...at, column: columns - 1 };
    default:
      return null;
  }
}
