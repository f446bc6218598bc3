import { Code, Download, RotateCw, Square } from "lucide-react";
import { type ReactElement, useState } from "react";
import { apiUrl } from "../client";
import { LogPanel, useLog } from "../log";
import { type BlockRun, isFinal, type RunRecord } from "../protocol";
import { useApi } from "../session";
import {
  Button,
  Chip,
  Crumbs,
  Elapsed,
  ErrorCard,
  formatDuration,
  formatMoment,
  formatShortMoment,
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
import { BlockDetails, type PreviewSlot } from "./BlockDetails";
import { GanttChart } from "./GanttChart";
import { type CodeSlot, RunCode } from "./RunCode";
import { retryRun } from "./retry";
import { useRun } from "./useRun";
import { factsOf, resumedWords, retryWords, versionWords } from "./words";
import "./runs.css";

export interface RunPageProps {
  pipeline: string;
  run: string;
  preview?: PreviewSlot;
  code?: CodeSlot;
}

/** One run: when each block did what, why it failed, what it wrote and gave. */
export function RunPage({ pipeline, run: id, preview, code }: RunPageProps): ReactElement {
  const { data: run, error, reload } = useRun(id);
  const { query } = usePlace();
  const [chosen, setChosen] = useState(query.get("block"));
  const api = useApi();
  const retryFrom = (block: string): void => {
    retryRun(api, id, block)
      .then((next) => navigate(`/p/${pipeline}/runs/${next}`))
      .catch(toastError);
  };
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
      actions={
        run === undefined ? null : <RunActions run={run} block={selected?.name} code={code} />
      }
    >
      {error === undefined || run !== undefined ? null : (
        <LoadFailed error={error} onRetry={reload} />
      )}
      {run === undefined ? null : (
        <div className="run">
          {run.reason !== null && run.blocks.every(({ failure }) => failure === null) ? (
            <ErrorCard title={run.reason} />
          ) : null}
          <GanttChart run={run} selected={selected?.name ?? null} onSelect={setChosen} />
          {selected === undefined ? null : (
            <div className="run-panels">
              <BlockDetails
                key={selected.name}
                run={run}
                block={selected}
                preview={preview}
                onRetry={isFinal(run.state) ? () => retryFrom(selected.name) : undefined}
              />
              <BlockLog key={`log of ${selected.name}`} run={run} block={selected} />
            </div>
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

interface RunActionsProps {
  run: RunRecord;
  /** The block that is shown. */
  block: string | undefined;
  code: CodeSlot | undefined;
}

function RunActions({ run, block, code }: RunActionsProps): ReactElement {
  const api = useApi();
  const [showsCode, setShowsCode] = useState(false);
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
      {code === undefined ? null : (
        <Button
          icon={Code}
          aria-haspopup="dialog"
          data-tip={`The code that it ran: ${versionWords(run)}`}
          onClick={() => setShowsCode(true)}
        >
          Code
        </Button>
      )}
      {code === undefined || !showsCode ? null : (
        <RunCode run={run} code={code} block={block} onClose={() => setShowsCode(false)} />
      )}
      <a className="button" href={apiUrl(`runs/${run.id}/notebook`)} download>
        <Download size={14} aria-hidden="true" /> Notebook
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
