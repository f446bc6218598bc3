import { type ReactElement, useMemo } from "react";
import type { Api } from "../client";
import type { PipelineSummary, Tick, TriggerTable } from "../protocol";
import { useApi, useResource } from "../session";
import {
  EmptyState,
  Link,
  LoadFailed,
  Page,
  StateWords,
  Switch,
  startsInWords,
  TimeAgo,
  toastError,
  useNow,
} from "../ui";
import { localWords } from "./NextTicks";
import { CATCHUPS, OVERLAPS } from "./plan";
import { backfillOf, isTimed, kindOf } from "./starting";
import { type Day, weekOf } from "./week";
import "./schedule.css";

/** Ticks asked of each trigger, the most that the server gives at once. */
const ASKED = 100;

/** All triggers, when they start next, and the coming seven days. */
export function SchedulesPage(): ReactElement {
  const { data, error, reload } = useResource(
    "all triggers",
    async (api, signal) => {
      const { pipelines } = await api.get<{ pipelines: PipelineSummary[] }>("pipelines", {
        signal,
      });
      return pipelines.filter(({ triggers }) => triggers.length > 0);
    },
    (event) => event.op === "triggers-changed" || event.op === "pipelines-changed",
  );
  const triggers = useMemo(() => data?.flatMap((pipeline) => pipeline.triggers) ?? [], [data]);
  return (
    <Page title="Schedules">
      <h1 className="visually-hidden">Schedules</h1>
      {error === undefined || data !== undefined ? null : (
        <LoadFailed error={error} onRetry={reload} />
      )}
      {data === undefined ? null : triggers.length === 0 ? (
        <div className="card">
          <EmptyState title="Nothing is scheduled">
            Open a pipeline and press Ctrl+Shift+S to choose when it starts.
          </EmptyState>
        </div>
      ) : (
        <div className="schedules">
          <TriggersTable pipelines={data} onChanged={reload} />
          <Week triggers={triggers} />
        </div>
      )}
    </Page>
  );
}

interface TriggersTableProps {
  pipelines: readonly PipelineSummary[];
  onChanged(): void;
}

function TriggersTable({ pipelines, onChanged }: TriggersTableProps): ReactElement {
  const api = useApi();
  const handleSwitch = (trigger: TriggerTable, active: boolean): void => {
    api
      .patch(`pipelines/${trigger.pipeline}/triggers/${trigger.name}`, { active })
      .catch(toastError)
      .finally(onChanged);
  };
  return (
    <div className="card table-card">
      <table className="table triggers-table">
        <caption className="visually-hidden">Schedules of all pipelines</caption>
        <thead>
          <tr>
            <th scope="col">Pipeline</th>
            <th scope="col">Starts</th>
            <th scope="col">Next</th>
            <th scope="col">Last</th>
            <th scope="col">Past</th>
            <th scope="col">Missed ticks</th>
            <th scope="col">Still running</th>
            <th scope="col">On</th>
          </tr>
        </thead>
        <tbody>
          {pipelines.flatMap(({ name, title, triggers }) =>
            triggers.map((trigger) => (
              <tr key={trigger.id}>
                <td className="ellipsis" title={`${title}: ${trigger.name}`}>
                  <Link to={`/p/${name}`} className="row-link">
                    {title}
                  </Link>{" "}
                  <span className="muted">{trigger.name}</span>
                </td>
                <td className="ellipsis" title={trigger.problem ?? trigger.timezone}>
                  {trigger.problem === null ? (
                    startsInWords(trigger)
                  ) : (
                    <StateWords sign="failed">{trigger.problem}</StateWords>
                  )}
                </td>
                <td className="muted">
                  {trigger.active && trigger.next_at !== null ? (
                    <TimeAgo at={trigger.next_at} />
                  ) : (
                    "off"
                  )}
                </td>
                <td className="muted">
                  {trigger.last_at === null ? "never" : <TimeAgo at={trigger.last_at} />}
                </td>
                <td>
                  {isTimed(kindOf(trigger)) ? (
                    <Link
                      to={backfillOf(trigger)}
                      aria-label={`Backfill ${trigger.name} of ${title}`}
                    >
                      Backfill
                    </Link>
                  ) : null}
                </td>
                <td className="muted ellipsis">
                  {CATCHUPS.find(({ value }) => value === trigger.catchup)?.label}
                </td>
                <td className="muted ellipsis">
                  {OVERLAPS.find(({ value }) => value === trigger.overlap)?.label}
                </td>
                <td>
                  <Switch
                    label={`Schedule ${trigger.name} of ${title}`}
                    checked={trigger.active}
                    onChange={(active) => handleSwitch(trigger, active)}
                  />
                </td>
              </tr>
            )),
          )}
        </tbody>
      </table>
    </div>
  );
}

function Week({ triggers }: { triggers: readonly TriggerTable[] }): ReactElement {
  const active = triggers.filter(
    (trigger) => trigger.active && trigger.problem === null && isTimed(kindOf(trigger)),
  );
  const now = useNow("slow");
  const key = active.map((trigger) => JSON.stringify([trigger.id, whenOf(trigger)]));
  const { data } = useResource(`week ${key.join("|")}`, (api, signal) =>
    Promise.all(
      active.map(async (trigger) => ({ trigger, ticks: await ticksOf(api, trigger, signal) })),
    ),
  );
  const days = data === undefined ? [] : weekOf(data, now, ASKED);
  return (
    <section className="week" aria-label="The coming seven days">
      {days.map((day) => (
        <DayColumn key={day.start} day={day} />
      ))}
    </section>
  );
}

/** What of a trigger says when it is due, without what it does not say. */
function whenOf({ cron, every, at, timezone, start, end }: TriggerTable): object {
  const all = { cron, every, at, timezone, start, end };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
}

async function ticksOf(api: Api, trigger: TriggerTable, signal: AbortSignal): Promise<Tick[]> {
  const body = { ...whenOf(trigger), count: ASKED };
  const { ticks } = await api.post<{ ticks: Tick[] }>("triggers/preview", body, { signal });
  return ticks;
}

function DayColumn({ day }: { day: Day }): ReactElement {
  const date = new Date(day.start);
  return (
    <div className="card day">
      <h2>
        {date.toLocaleDateString("en-GB", { weekday: "short" })}{" "}
        <span className="muted">
          {date.toLocaleDateString("en-GB", { day: "numeric", month: "short" })}
        </span>
      </h2>
      <ul>
        {day.often.map(({ trigger, count, more }) => (
          <li key={trigger.id} className="ellipsis" title={startsInWords(trigger)}>
            <Link to={`/p/${trigger.pipeline}`}>{trigger.pipeline}</Link>
            <div className="muted">{more ? startsInWords(trigger) : `${count} times`}</div>
          </li>
        ))}
        {day.ticks.map(({ trigger, tick }) => (
          <li key={`${trigger.id} ${tick.at}`} title={`${localWords(tick)} ${trigger.timezone}`}>
            <div className="day-tick">
              <code>
                {new Date(tick.at).toLocaleTimeString("en-GB", {
                  hour: "2-digit",
                  minute: "2-digit",
                })}
              </code>
              <Link to={`/p/${trigger.pipeline}`} className="ellipsis">
                {trigger.pipeline}
              </Link>
            </div>
            {tick.note === "" ? null : <p className="tick-note">{tick.note}</p>}
          </li>
        ))}
      </ul>
      {day.ticks.length + day.often.length === 0 ? <p className="muted">–</p> : null}
    </div>
  );
}
