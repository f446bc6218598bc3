import { ChevronLeft, ChevronRight } from "lucide-react";
import { type ReactElement, useEffect, useState } from "react";
import { messageOf } from "../client";
import type { PastTicks, TriggerTable } from "../protocol";
import { useResource } from "../session";
import {
  Crumbs,
  EmptyState,
  IconButton,
  Link,
  LoadFailed,
  navigate,
  Page,
  Select,
  startsInWords,
  usePlace,
} from "../ui";
import { BackfillForm } from "./BackfillForm";
import { Calendar, Legend } from "./Calendar";
import { BackfillCards, useBackfills } from "./Cards";
import { addMonths, lastDayOf, type Span, todayIn } from "./calendar";
import { TickList } from "./TickList";
import "./backfill.css";

const MONTHS = 3;

/** What became of the past of a trigger, and the runs that make up for it. */
export function BackfillPage({ pipeline }: { pipeline: string }): ReactElement {
  const { query } = usePlace();
  const { data, error, reload } = useResource(
    `triggers ${pipeline}`,
    async (api, signal) =>
      (await api.get<{ triggers: TriggerTable[] }>(`pipelines/${pipeline}/triggers`, { signal }))
        .triggers,
    (event) => event.op === "triggers-changed" && event.of === pipeline,
  );
  const triggers = data?.filter(isTimed);
  const named = query.get("trigger");
  const trigger = triggers?.find(({ name }) => name === named) ?? triggers?.[0];
  return (
    <Page
      title={`Backfill of ${pipeline}`}
      crumbs={
        <Crumbs
          crumbs={[
            { label: "Pipelines", to: "/" },
            { label: pipeline, to: `/p/${pipeline}` },
            { label: "Backfill" },
          ]}
        />
      }
    >
      <h1 className="visually-hidden">Backfill of {pipeline}</h1>
      {error === undefined || data !== undefined ? null : (
        <LoadFailed error={error} onRetry={reload} />
      )}
      {triggers === undefined ? null : trigger === undefined ? (
        <div className="card">
          <EmptyState
            title="Nothing here has a past to make up for"
            actions={<Link to={`/p/${pipeline}`}>Open {pipeline}</Link>}
          >
            A backfill runs the past ticks of a schedule. Press Ctrl+Shift+S in the editor to add
            one.
          </EmptyState>
        </div>
      ) : (
        <TriggerPast key={trigger.id} trigger={trigger} triggers={triggers} />
      )}
    </Page>
  );
}

/** A clock gives its ticks, so that those of the past are known. */
function isTimed({ cron, every, at }: TriggerTable): boolean {
  return cron !== null || every !== null || at !== null;
}

interface TriggerPastProps {
  trigger: TriggerTable;
  triggers: readonly TriggerTable[];
}

function TriggerPast({ trigger, triggers }: TriggerPastProps): ReactElement {
  const { pipeline, name, timezone } = trigger;
  const today = todayIn(timezone);
  const [newest, setNewest] = useState(today.slice(0, 7));
  const [count, setCount] = useState(MONTHS);
  const [span, setSpan] = useState<Span>({ from: `${today.slice(0, 7)}-01`, to: today });
  const months = Array.from({ length: count }, (_, index) => addMonths(newest, index - count + 1));
  const { data, error, round } = usePast(trigger, `${months[0]}-01`, lastDayOf(newest));
  // Of a trigger that is due each minute, one month is as much as the server looks at.
  useEffect(() => {
    if (error !== undefined) setCount(1);
  }, [error]);
  const day = usePast(trigger, span.from, span.to, span.from === span.to).data;
  return (
    <div className="backfill-page">
      <div className="card backfill-past">
        <div className="backfill-past-head">
          <Select
            aria-label="Schedule"
            value={name}
            onChange={({ target }) => {
              const chosen = encodeURIComponent(target.value);
              navigate(`/p/${pipeline}/backfill?trigger=${chosen}`, { replace: true });
            }}
          >
            {triggers.map((one) => (
              <option key={one.id} value={one.name}>
                {one.name}: {startsInWords(one)}
              </option>
            ))}
          </Select>
          <span className="muted">Days of {timezone}</span>
          <span className="backfill-past-moves">
            <IconButton
              label="Earlier"
              icon={ChevronLeft}
              onClick={() => setNewest(addMonths(newest, -1))}
            />
            <IconButton
              label="Later"
              icon={ChevronRight}
              disabled={newest >= today.slice(0, 7)}
              onClick={() => setNewest(addMonths(newest, 1))}
            />
          </span>
        </div>
        {error === undefined || data !== undefined ? null : (
          <p className="field-error">{messageOf(error)}</p>
        )}
        <Calendar {...{ months, today, span }} days={data?.days ?? []} onSpan={setSpan} />
        <Legend counts={data?.counts ?? {}} />
        {day === undefined || day.ticks.length === 0 ? null : (
          <TickList
            title="Ticks of this day"
            ticks={day.ticks}
            total={day.ticks.length}
            pipeline={pipeline}
          />
        )}
      </div>
      <BackfillForm {...{ pipeline, today, span, round }} trigger={name} onSpan={setSpan} />
      <PastBackfills pipeline={pipeline} trigger={name} />
    </div>
  );
}

interface Past {
  data: PastTicks | undefined;
  error: unknown;
  /** Counts the answers. */
  round: number;
}

/** What became of the ticks of a span, live. */
function usePast(trigger: TriggerTable, from: string, to: string, wanted = true): Past {
  const { pipeline, name } = trigger;
  const { data, error } = useResource(
    wanted ? `ticks ${trigger.id} ${from} ${to}` : "",
    async (api, signal) =>
      wanted
        ? await api.get<PastTicks>(
            `pipelines/${pipeline}/triggers/${encodeURIComponent(name)}/ticks`,
            { query: { from, to }, signal },
          )
        : undefined,
    (event) =>
      (event.op === "backfill-changed" && event.backfill.pipeline === pipeline) ||
      (event.op === "run-changed" && event.run.trigger === name && event.run.pipeline === pipeline),
  );
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each answer counts
  useEffect(() => setRound((before) => before + 1), [data]);
  return { data, error, round };
}

function PastBackfills({ pipeline, trigger }: { pipeline: string; trigger: string }): ReactElement {
  const own = useBackfills(pipeline).filter((backfill) => backfill.trigger === trigger);
  return (
    <div className="backfill-history">
      <h2>Backfills</h2>
      {own.length === 0 ? (
        <p className="muted">None yet. Choose days, and start the first one.</p>
      ) : (
        <BackfillCards title="Backfills" backfills={own} />
      )}
    </div>
  );
}
