/** Choosing runs, to retry or cancel all of them at once, or to compare two. */
import { GitCompareArrows, RotateCw, Square } from "lucide-react";
import { type ReactElement, useState } from "react";
import { isFinal, type RunSummary } from "../protocol";
import { useApi } from "../session";
import { Button, navigate, plural, toast, toastError } from "../ui";
import { type Done, forAll, retryRun } from "./retry";
import { compareAddress } from "./words";

export interface Choice {
  chosen: readonly RunSummary[];
  all: boolean;
  has(run: string): boolean;
  toggle(run: string): void;
  toggleAll(): void;
  clear(): void;
}

/** Only what is over and did not succeed. */
export function isRetryable({ state }: Pick<RunSummary, "state">): boolean {
  return isFinal(state) && state !== "succeeded";
}

/** Runs that are not on the page any more are not chosen any more. */
export function useChoice(runs: readonly RunSummary[]): Choice {
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const chosen = runs.filter(({ id }) => marked.has(id));
  const all = runs.length > 0 && chosen.length === runs.length;
  return {
    chosen,
    all,
    has: (run) => marked.has(run),
    toggle: (run) =>
      setMarked((before) => {
        const next = new Set(before);
        if (!next.delete(run)) next.add(run);
        return next;
      }),
    toggleAll: () => setMarked(new Set(all ? [] : runs.map(({ id }) => id))),
    clear: () => setMarked(new Set()),
  };
}

/** The two chosen runs of one pipeline, the older one first. */
export function pairOf(chosen: readonly RunSummary[]): [RunSummary, RunSummary] | null {
  const [one, other] = chosen;
  if (one === undefined || other === undefined || chosen.length !== 2) return null;
  if (one.pipeline !== other.pipeline) return null;
  return Date.parse(one.queued_at) <= Date.parse(other.queued_at) ? [one, other] : [other, one];
}

/** What can be done with what is chosen: it says how many of them each of its buttons is for. */
export function ChoiceBar({ choice, count }: { choice: Choice; count: number }): ReactElement {
  const api = useApi();
  const [busy, setBusy] = useState(false);
  const { chosen } = choice;
  const failed = chosen.filter(isRetryable);
  const going = chosen.filter(({ state }) => !isFinal(state));
  const pair = pairOf(chosen);
  const act = async (work: Promise<Done>, words: (count: string) => string): Promise<void> => {
    setBusy(true);
    const { done, refused } = await work;
    setBusy(false);
    choice.clear();
    if (done > 0) toast(words(plural(done, "run")));
    const [first] = refused;
    if (first !== undefined) toastError(first);
  };
  const retry = (): Promise<void> =>
    act(
      forAll(failed, ({ id }) => retryRun(api, id)),
      (runs) => `Started ${runs} again.`,
    );
  const cancel = (): Promise<void> =>
    act(
      forAll(going, ({ id }) => api.post(`runs/${id}/cancel`)),
      (runs) => `Cancelled ${runs}.`,
    );
  return (
    <div className="runs-choice" role="toolbar" aria-label="Chosen runs">
      <span className="muted runs-choice-count">
        {chosen.length === 0 ? plural(count, "run") : `${chosen.length} of ${count} chosen`}
      </span>
      <Button
        size="small"
        icon={RotateCw}
        disabled={busy || failed.length === 0}
        onClick={() => void retry()}
        data-tip="Those that did not succeed; what succeeded in them is taken as it is"
      >
        {failed.length === 0 ? "Retry" : `Retry ${plural(failed.length, "run")}`}
      </Button>
      <Button
        size="small"
        icon={Square}
        disabled={busy || going.length === 0}
        onClick={() => void cancel()}
        data-tip="Those that are not over"
      >
        {going.length === 0 ? "Cancel" : `Cancel ${plural(going.length, "run")}`}
      </Button>
      <Button
        size="small"
        icon={GitCompareArrows}
        disabled={pair === null}
        onClick={() => {
          if (pair !== null) navigate(compareAddress(pair[1], pair[0].id));
        }}
        data-tip="Two of one pipeline"
      >
        Compare
      </Button>
    </div>
  );
}
