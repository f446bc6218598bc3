import { type ReactElement, useState } from "react";
import type { AnyEvent, PipelineSummary, RunState, RunSummary } from "../protocol";
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
  navigate,
  Page,
  Select,
  StateChip,
  signOfState,
  TimeAgo,
  toastError,
  usePlace,
} from "../ui";
import { originWords } from "./words";
import "./runs.css";

interface RunList {
  runs: RunSummary[];
  next: string | null;
}

const PAGE_LENGTH = 50;
const STATES: readonly RunState[] = ["queued", "running", "succeeded", "failed", "cancelled"];

/** All runs, newest first, of all pipelines or one, live. */
export function RunsPage(): ReactElement {
  const { query } = usePlace();
  const pipeline = query.get("pipeline") ?? "";
  const state = query.get("state") ?? "";
  const filter = { pipeline: pipeline || undefined, state: state || undefined, limit: PAGE_LENGTH };
  const newest = useResource(
    `runs ${pipeline} ${state}`,
    (api, signal) => api.get<RunList>("runs", { query: filter, signal }),
    (event: AnyEvent) =>
      event.op === "run-changed" && (pipeline === "" || event.run.pipeline === pipeline),
  );
  return (
    <Page title="Runs">
      <h1 className="visually-hidden">Runs</h1>
      <Filters pipeline={pipeline} state={state} />
      {newest.error === undefined || newest.data !== undefined ? null : (
        <LoadFailed error={newest.error} onRetry={newest.reload} />
      )}
      {newest.data === undefined ? null : newest.data.runs.length === 0 ? (
        <div className="card">
          <EmptyState
            title={pipeline === "" && state === "" ? "Nothing has run yet" : "No such runs"}
          >
            {pipeline === "" && state === ""
              ? "Open a pipeline and press Ctrl+Shift+Enter, or give it a schedule."
              : "Choose another pipeline or state above."}
          </EmptyState>
        </div>
      ) : (
        <Runs key={`${pipeline} ${state}`} newest={newest.data} filter={filter} />
      )}
    </Page>
  );
}

function Filters({ pipeline, state }: { pipeline: string; state: string }): ReactElement {
  const { data } = useResource(
    "pipeline names",
    (api, signal) => api.get<{ pipelines: PipelineSummary[] }>("pipelines", { signal }),
    (event) => event.op === "pipelines-changed",
  );
  const go = (next: { pipeline: string; state: string }): void => {
    const query = new URLSearchParams(Object.entries(next).filter(([, value]) => value !== ""));
    navigate(query.size === 0 ? "/runs" : `/runs?${query}`, { replace: true });
  };
  const known = data?.pipelines ?? [];
  return (
    <div className="toolbar">
      <Select
        aria-label="Pipeline"
        value={pipeline}
        onChange={(event) => go({ pipeline: event.target.value, state })}
      >
        <option value="">all pipelines</option>
        {pipeline === "" || known.some(({ name }) => name === pipeline) ? null : (
          <option value={pipeline}>{pipeline}</option>
        )}
        {known.map(({ name, title }) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </Select>
      <Select
        aria-label="State"
        value={state}
        onChange={(event) => go({ pipeline, state: event.target.value })}
      >
        <option value="">all states</option>
        {STATES.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </Select>
    </div>
  );
}

interface RunsProps {
  newest: RunList;
  filter: Record<string, string | number | undefined>;
}

/** The newest page stays live; older pages are added below when asked for. */
function Runs({ newest, filter }: RunsProps): ReactElement {
  const api = useApi();
  const [older, setOlder] = useState<RunList | null>(null);
  const [busy, setBusy] = useState(false);
  const seen = new Set(newest.runs.map(({ id }) => id));
  const runs = [...newest.runs, ...(older?.runs.filter(({ id }) => !seen.has(id)) ?? [])];
  const next = older === null ? newest.next : older.next;

  const more = (): void => {
    setBusy(true);
    api
      .get<RunList>("runs", { query: { ...filter, before: next } })
      .then((page) =>
        setOlder({ runs: [...(older?.runs ?? newest.runs), ...page.runs], next: page.next }),
      )
      .catch(toastError)
      .finally(() => setBusy(false));
  };
  return (
    <>
      <div className="card table-card">
        <table className="table runs-table">
          <caption className="visually-hidden">Runs, newest first</caption>
          <thead>
            <tr>
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
              <RunRow key={run.id} run={run} />
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

function RunRow({ run }: { run: RunSummary }): ReactElement {
  return (
    <tr>
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
        {run.reason}
      </td>
    </tr>
  );
}
