import type { ReactElement } from "react";
import { useNow } from "./clock";
import { progressWords } from "./progress";

interface Props {
  block: string;
  /** Done and total as the block says; null when it says nothing. */
  progress: readonly [number, number | null] | null;
  /** When the attempt began. */
  since: string | null;
  /** What is counted: "rows". */
  unit?: string | undefined;
  /** Shown in place of how far it is. */
  instead?: string | undefined;
}

/** How far a block is, as a bar and in words. */
export function ProgressBar({ block, progress, since, unit, instead }: Props): ReactElement {
  const now = useNow(progress === null || since === null ? "still" : "fast");
  const [done, total] = progress ?? [0, null];
  const seconds = since === null ? 0 : (now - new Date(since).getTime()) / 1000;
  const words = instead ?? (progress === null ? "" : progressWords(done, total, seconds, unit));
  return (
    <div className="progress-row">
      {total === null || total <= 0 ? (
        <progress aria-label={`${block} is running`} />
      ) : (
        <progress
          aria-label={`Progress of ${block}`}
          aria-valuetext={words}
          value={Math.min(done, total)}
          max={total}
        />
      )}
      <span className="progress-words">{words}</span>
    </div>
  );
}
