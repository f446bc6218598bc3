/** Choosing runs that did not succeed, to retry all of them at once. */
import { RotateCw } from "lucide-react";
import { type ReactElement, useState } from "react";
import { isFinal, type RunSummary } from "../protocol";
import { useApi } from "../session";
import { Button, plural, toast, toastError } from "../ui";
import { retryAll } from "./retry";

export interface Choice {
  /** Ids of the runs on the page that can be retried. */
  possible: string[];
  chosen: string[];
  all: boolean;
  toggle(run: string): void;
  toggleAll(): void;
  clear(): void;
}

/** Only what is over and did not succeed. */
export function isRetryable({ state }: Pick<RunSummary, "state">): boolean {
  return isFinal(state) && state !== "succeeded";
}

export function useChoice(runs: readonly RunSummary[]): Choice {
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const possible = runs.filter(isRetryable).map(({ id }) => id);
  const chosen = possible.filter((id) => marked.has(id));
  const all = possible.length > 0 && chosen.length === possible.length;
  return {
    possible,
    chosen,
    all,
    toggle: (run) =>
      setMarked((before) => {
        const next = new Set(before);
        if (!next.delete(run)) next.add(run);
        return next;
      }),
    toggleAll: () => setMarked(new Set(all ? [] : possible)),
    clear: () => setMarked(new Set()),
  };
}

export function RetryBar({ choice }: { choice: Choice }): ReactElement {
  const api = useApi();
  const [busy, setBusy] = useState(false);
  const { chosen, possible } = choice;
  const retry = async (): Promise<void> => {
    setBusy(true);
    const { started, refused } = await retryAll(api, chosen);
    setBusy(false);
    choice.clear();
    if (started.length > 0) toast(`Started ${plural(started.length, "run")} again.`);
    const [first] = refused;
    if (first !== undefined) toastError(first.reason);
  };
  return (
    <div className="runs-choice">
      <Button
        icon={RotateCw}
        disabled={busy || chosen.length === 0}
        onClick={() => void retry()}
        data-tip="What succeeded in them is taken as it is"
      >
        {chosen.length === 0 ? "Retry" : `Retry ${plural(chosen.length, "run")}`}
      </Button>
      <span className="muted">
        {chosen.length} of {possible.length} that did not succeed chosen
      </span>
    </div>
  );
}
