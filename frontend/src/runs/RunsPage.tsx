import { type ComponentType, type ReactElement, useState } from "react";
import type { AnyEvent, RunSummary } from "../protocol";
import { useApi, useResource } from "../session";
import {
  Button,
  Elapsed,
  EmptyState,
  formatDuration,
  formatMoment,
  formatShortMoment,
  Link,
  LoadFailed,
  Page,
  StateChip,
  signOfState,
  TimeAgo,
  toastError,
  usePlace,
} from "../ui";
import { type Choice, ChoiceBar, useChoice } from "./choice";
import { Filters } from "./Filters";
import { addressOf, type Filter, filterOf, isEmpty, queryOf, viewOf } from "./filter";
import { RunMatrix } from "./RunMatrix";
import { originWords, startWords } from "./words";
import "./runs.css";

interface RunList {
  runs: RunSummary[];
  next: string | null;
}

const PAGE_LENGTH = 50;

export interface RunsPageProps {
  /** Shows the backfills that go on. */
  backfills: ComponentType<{ pipeline: string }>;
}

/** All runs, newest first, of all pipelines or one, live; those of one also side by side. */
export function RunsPage({ backfills: Backfills }: RunsPageProps): ReactElement {
  const { query } = usePlace();
  const filter = filterOf(query);
  const view = viewOf(query);
  return (
    <Page title="Runs">
      <h1 className="visually-hidden">Runs</h1>
      <Filters filter={filter} view={view} />
      <Backfills pipeline={filter.pipeline} />
      {view === "matrix" ? <RunMatrix filter={filter} /> : <RunsList filter={filter} />}
    </Page>
  );
}

function RunsList({ filter }: { filter: Filter }): ReactElement | null {
  const { pipeline } = filter;
  const address = addressOf(filter);
  const newest = useResource(
    address,
    (api, signal) =>
      api.get<RunList>("runs", {
        query: { ...queryOf(filter, Date.now()), limit: PAGE_LENGTH },
        signal,
      }),
    (event: AnyEvent) =>
      event.op === "run-changed" && (pipeline === "" || event.run.pipeline === pipeline),
  );
  if (newest.data === undefined) {
    const { error, reload } = newest;
    return error === undefined ? null : <LoadFailed error={error} onRetry={reload} />;
  }
  if (newest.data.runs.length > 0) {
    return <Runs key={address} newest={newest.data} filter={filter} />;
  }
  return (
    <div className="card">
      <EmptyState title={isEmpty(filter) ? "Nothing has run yet" : "No such runs"}>
        {isEmpty(filter)
          ? "Open a pipeline and press Ctrl+Shift+Enter, or give it a schedule."
          : "Choose another pipeline, state, starter or time above."}
      </EmptyState>
    </div>
  );
}

interface RunsProps {
  newest: RunList;
  filter: Filter;
}

/** The newest page stays live; older pages are added below when asked for. */
function Runs({ newest, filter }: RunsProps): ReactElement {
  const api = useApi();
  const [older, setOlder] = useState<RunList | null>(null);
  const [busy, setBusy] = useState(false);
  const seen = new Set(newest.runs.map(({ id }) => id));
  const runs = [...newest.runs, ...(older?.runs.filter(({ id }) => !seen.has(id)) ?? [])];
  const next = older === null ? newest.next : older.next;
  const choice = useChoice(runs);

  const more = (): void => {
    setBusy(true);
    api
      .get<RunList>("runs", {
        query: { ...queryOf(filter, Date.now()), limit: PAGE_LENGTH, before: next },
      })
      .then((page) =>
        setOlder({ runs: [...(older?.runs ?? newest.runs), ...page.runs], next: page.next }),
      )
      .catch(toastError)
      .finally(() => setBusy(false));
  };
  return (
    <>
      <ChoiceBar choice={choice} count={runs.length} />
      <div className="card table-card">
        <table className="table runs-table">
          <caption className="visually-hidden">Runs, newest first</caption>
          <thead>
            <tr>
              <th scope="col">
                <input
                  type="checkbox"
                  aria-label="Choose all runs of the list"
                  checked={choice.all}
                  ref={(box) => {
                    if (box !== null) box.indeterminate = choice.chosen.length > 0 && !choice.all;
                  }}
                  onChange={choice.toggleAll}
                />
              </th>
              <th scope="col">State</th>
              <th scope="col">Run</th>
              <th scope="col">Pipeline</th>
              <th scope="col">Started by</th>
              <th scope="col">Tick</th>
              <th scope="col" className="number">
                Blocks
              </th>
              <th scope="col" className="number">
                Time
              </th>
              <th scope="col">Reason</th>
            </tr>
          </thead>
          <tbody>
            {runs.map((run) => (
              <RunRow key={run.id} run={run} choice={choice} />
            ))}
          </tbody>
        </table>
      </div>
      {next === null ? null : (
        <div className="runs-more">
          <Button disabled={busy} onClick={more}>
            Show older runs
          </Button>
        </div>
      )}
    </>
  );
}

function RunRow({ run, choice }: { run: RunSummary; choice: Choice }): ReactElement {
  return (
    <tr>
      <td>
        <input
          type="checkbox"
          aria-label={`Choose the run of ${run.pipeline}, ${formatMoment(run.queued_at)}`}
          checked={choice.has(run.id)}
          onChange={() => choice.toggle(run.id)}
        />
      </td>
      <td>
        <StateChip sign={signOfState(run.state)} />
      </td>
      <td className="ellipsis">
        <Link
          to={`/p/${run.pipeline}/runs/${run.id}`}
          className="row-link"
          title={formatMoment(run.queued_at)}
        >
          {formatShortMoment(run.queued_at)}
        </Link>{" "}
        <span className="muted">
          <TimeAgo at={run.queued_at} />
        </span>
      </td>
      <td className="ellipsis" title={run.pipeline}>
        <Link to={`/p/${run.pipeline}`}>{run.pipeline}</Link>
      </td>
      <td className="ellipsis" title={originWords(run)}>
        {originWords(run)}
      </td>
      <td className="muted ellipsis">
        {run.logical_time === null ? "" : formatShortMoment(run.logical_time)}
      </td>
      <td className="number">
        {run.blocks_done}/{run.blocks_total}
      </td>
      <td className="number">
        {run.seconds !== null ? (
          formatDuration(run.seconds)
        ) : run.started_at !== null ? (
          <Elapsed since={run.started_at} />
        ) : (
          "–"
        )}
      </td>
      <td className="ellipsis muted" title={run.reason ?? undefined}>
        {run.reason ?? startWords(run)}
      </td>
    </tr>
  );
}
