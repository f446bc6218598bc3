import { Download, GitCompareArrows, RotateCw, Square } from "lucide-react";
import { type ReactElement, useCallback, useState } from "react";
import { apiUrl } from "../client";
import { LogPanel, useLog } from "../log";
import { type BlockRun, isFinal, type RunRecord } from "../protocol";
import { useApi } from "../session";
import {
  Button,
  Chip,
  Crumbs,
  Elapsed,
  EmptyState,
  ErrorCard,
  formatDuration,
  formatMoment,
  formatShortMoment,
  Link,
  LoadFailed,
  navigate,
  Page,
  ProgressBar,
  Select,
  SIGNS,
  StateChip,
  signOfState,
  toastError,
  usePlace,
  whySkipped,
} from "../ui";
import { GanttChart } from "./GanttChart";
import type { CodeSlot, PreviewSlot } from "./RunBlock";
import { RunBlocks } from "./RunBlocks";
import { RunData } from "./RunData";
import { retryRun } from "./retry";
import { useRun } from "./useRun";
import { compareAddress, factsOf, resumedWords, retryWords, startWords } from "./words";
import "./runs.css";

export interface RunPageProps {
  pipeline: string;
  run: string;
  preview?: PreviewSlot;
  code?: CodeSlot;
}

/**
 * One run: when each block did what; the editor as it was then, with each failure at its line; and
 * what the chosen block took, gave and wrote.
 */
export function RunPage({ pipeline, run: id, preview, code }: RunPageProps): ReactElement {
  const { data: run, error, reload } = useRun(id);
  const { query } = usePlace();
  const [chosen, setChosen] = useState(query.get("block"));
  const api = useApi();
  const retryFrom = useCallback(
    (block: string): void => {
      retryRun(api, id, block)
        .then((next) => navigate(`/p/${pipeline}/runs/${next}`))
        .catch(toastError);
    },
    [api, id, pipeline],
  );
  const selected = run?.blocks.find(({ name }) => name === chosen) ?? firstToShow(run);
  return (
    <Page
      title={`Run of ${pipeline}`}
      crumbs={
        <Crumbs
          crumbs={[
            { label: "Pipelines", to: "/" },
            { label: pipeline, to: `/p/${pipeline}` },
            { label: run === undefined ? id : `Run ${formatShortMoment(run.queued_at)}` },
          ]}
        >
          {run === undefined ? null : <RunChips run={run} />}
        </Crumbs>
      }
      actions={run === undefined ? null : <RunActions run={run} />}
    >
      {error === undefined || run !== undefined ? null : (
        <LoadFailed error={error} onRetry={reload} />
      )}
      {run === undefined ? null : (
        <div className="run">
          {run.reason !== null && run.blocks.every(({ failure }) => failure === null) ? (
            <ErrorCard title={run.reason} />
          ) : null}
          {run.blocks.length === 0 ? (
            <EmptyState title="No blocks">The pipeline had none when this run began.</EmptyState>
          ) : (
            <>
              <GanttChart run={run} selected={selected?.name ?? null} onSelect={setChosen} />
              <div className="run-panels">
                <RunBlocks
                  run={run}
                  selected={selected?.name ?? null}
                  code={code}
                  preview={preview}
                  onSelect={setChosen}
                  onRetry={isFinal(run.state) ? retryFrom : undefined}
                />
                {selected === undefined ? null : (
                  <div className="run-side">
                    <RunData key={selected.name} run={run} block={selected} preview={preview} />
                    <BlockLog key={`log of ${selected.name}`} run={run} block={selected} />
                  </div>
                )}
              </div>
            </>
          )}
        </div>
      )}
    </Page>
  );
}

/** What a reader looks for: the failed block, else the running one, else the last with an output. */
function firstToShow(run: RunRecord | undefined): BlockRun | undefined {
  return (
    run?.blocks.find(({ state }) => state === "failed") ??
    run?.blocks.find(({ state }) => state === "running" || state === "waiting") ??
    run?.blocks.findLast(({ output }) => output !== null) ??
    run?.blocks[0]
  );
}

function RunChips({ run }: { run: RunRecord }): ReactElement {
  const sign = signOfState(run.state);
  const facts = factsOf(run).join(" · ");
  const resumed = resumedWords(run);
  const starts = startWords(run);
  return (
    <>
      <StateChip sign={sign}>
        {SIGNS[sign].word}
        {run.state === "running" && run.started_at !== null ? (
          <>
            {"\u00a0"}
            <Elapsed since={run.started_at} />
          </>
        ) : run.seconds === null ? null : (
          ` ${formatDuration(run.seconds)}`
        )}
      </StateChip>
      {starts === null ? null : <Chip>{starts}</Chip>}
      {run.retry === null ? null : (
        <Chip tone="stale" title="It tries again what the run before it failed at.">
          <Link to={`/p/${run.pipeline}/runs/${run.retry.of}`}>after a failed run</Link>
        </Chip>
      )}
      {resumed === null ? null : (
        <Chip tone="stale" title="The server ended in its midst; what was done then was kept.">
          {resumed}
        </Chip>
      )}
      <Chip title={`${facts}\n${formatMoment(run.queued_at)}\nversion ${run.version}`}>
        <span className="ellipsis">{facts}</span>
      </Chip>
    </>
  );
}

function RunActions({ run }: { run: RunRecord }): ReactElement {
  const api = useApi();
  const [busy, setBusy] = useState(false);
  const failed = run.blocks.filter(({ state }) => state === "failed");
  const act = (work: Promise<void>): void => {
    setBusy(true);
    work.catch(toastError).finally(() => setBusy(false));
  };
  const retry = async (): Promise<void> => {
    navigate(`/p/${run.pipeline}/runs/${await retryRun(api, run.id)}`);
  };
  const cancel = async (): Promise<void> => {
    await api.post(`runs/${run.id}/cancel`);
  };
  return (
    <>
      <Button
        icon={GitCompareArrows}
        data-tip="With the last run that succeeded before it, or any other"
        onClick={() => navigate(compareAddress(run))}
      >
        <span className="run-action-word">Compare</span>
      </Button>
      <a
        className="button"
        href={apiUrl(`runs/${run.id}/notebook`)}
        download
        data-tip="The run as an executed notebook"
      >
        <Download size={14} aria-hidden="true" />
        <span className="run-action-word">Notebook</span>
      </a>
      {isFinal(run.state) ? (
        <Button look="primary" icon={RotateCw} disabled={busy} onClick={() => act(retry())}>
          {retryWords(failed.map(({ name }) => name))}
        </Button>
      ) : (
        <Button look="danger" icon={Square} disabled={busy} onClick={() => act(cancel())}>
          Cancel run
        </Button>
      )}
    </>
  );
}

function BlockLog({ run, block }: { run: RunRecord; block: BlockRun }): ReactElement {
  const newest = block.attempts.at(-1)?.number ?? 1;
  const [chosen, setChosen] = useState<number | null>(null);
  const attempt = chosen ?? newest;
  const isRunning = block.state === "running" && attempt === newest;
  const place = { pipeline: run.pipeline, run: run.id, block: block.name, attempt };
  const log = useLog(place, !isFinal(run.state));
  return (
    <section className="card block-log" aria-label="Log">
      <header className="details-header">
        <h2>Log</h2>
        <span className="muted ellipsis">{block.name}</span>
        <span className="details-space" />
        {block.attempts.length > 1 ? (
          <Select
            aria-label="Attempt"
            value={String(attempt)}
            onChange={({ target }) => setChosen(Number(target.value))}
          >
            {block.attempts.map(({ number, state }) => (
              <option key={number} value={number}>
                attempt {number}: {state}
              </option>
            ))}
          </Select>
        ) : null}
      </header>
      {isRunning ? (
        <ProgressBar block={block.name} progress={log.progress} since={block.started_at} />
      ) : null}
      <LogPanel key={attempt} place={place} log={log} empty={emptyLogWords(block)} />
    </section>
  );
}

function emptyLogWords(block: BlockRun): string {
  switch (block.state) {
    case "cached":
      return "Nothing was executed: the result came from the store.";
    case "queued":
      return "It has not started yet.";
    case "waiting":
      return "It is asked again and again until it is ready; it has printed nothing yet.";
    case "skipped":
      return `It did not run${block.because === null ? "" : `, because ${whySkipped(block.because)}`}.`;
    default:
      return "It printed nothing.";
  }
}
