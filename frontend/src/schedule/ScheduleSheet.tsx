import { CalendarSync, KeyRound, Pencil, Plus, Trash2 } from "lucide-react";
import { type ReactElement, useState } from "react";
import type { Parameter, PublishedVersion, TriggerTable } from "../protocol";
import { useApi, useResource } from "../session";
import {
  Button,
  IconButton,
  LoadFailed,
  navigate,
  Sheet,
  StateWords,
  Switch,
  startsInWords,
  TimeAgo,
  toast,
  toastError,
} from "../ui";
import { backfillOf, bodyOf, isTimed, kindOf, startingOf } from "./starting";
import { TriggerForm } from "./TriggerForm";
import { type Secret, WebhookSecret } from "./WebhookSecret";
import { WhoIsTold } from "./WhoIsTold";
import "./schedule.css";

export interface ScheduleSheetProps {
  pipeline: string;
  /** Declared parameters of the pipeline, for the form. */
  parameters: readonly Parameter[];
  /** What triggers run; null: nothing is published yet. */
  published: PublishedVersion | null;
  /** The draft is not what is published. */
  differs: boolean;
  onClose(): void;
}

/** Schedules of one pipeline in a sheet beside its editor. */
export function ScheduleSheet(props: ScheduleSheetProps): ReactElement {
  const { pipeline, parameters, published, differs, onClose } = props;
  const { data, error, reload } = useResource(
    `triggers ${pipeline}`,
    async (api, signal) =>
      (await api.get<{ triggers: TriggerTable[] }>(`pipelines/${pipeline}/triggers`, { signal }))
        .triggers,
    (event) => event.op === "triggers-changed" && event.of === pipeline,
  );
  const [editing, setEditing] = useState<TriggerTable | "new" | null>(null);
  const [secret, setSecret] = useState<(Secret & { name: string }) | null>(null);
  const api = useApi();
  const giveSecret = async (name: string): Promise<void> => {
    const path = `pipelines/${pipeline}/triggers/${name}/secret`;
    setSecret({ name, ...(await api.post<Secret>(path, {})) });
  };
  const done = (secretOf?: string): void => {
    setEditing(null);
    reload();
    if (secretOf !== undefined) giveSecret(secretOf).catch(toastError).finally(reload);
  };
  const open = editing ?? (data?.length === 0 ? "new" : null);
  const taken = data?.map(({ name }) => name) ?? [];
  return (
    <Sheet title="Schedule" onClose={onClose}>
      {error === undefined || data !== undefined ? null : (
        <div className="sheet-section">
          <LoadFailed error={error} onRetry={reload} />
        </div>
      )}
      {data === undefined ? null : (
        <p className="sheet-section muted">{versionWords(published, differs)}</p>
      )}
      {secret === null ? null : <WebhookSecret {...secret} onClose={() => setSecret(null)} />}
      {open === null || data === undefined ? null : (
        <TriggerForm
          key={open === "new" ? "" : open.id}
          pipeline={pipeline}
          parameters={parameters}
          trigger={open === "new" ? null : open}
          taken={taken}
          onDone={done}
          onCancel={data.length === 0 ? onClose : () => setEditing(null)}
        />
      )}
      {open !== null || data === undefined ? null : (
        <>
          <ul className="trigger-list">
            {data.map((trigger) => (
              <TriggerRow
                key={trigger.id}
                trigger={trigger}
                onEdit={() => setEditing(trigger)}
                onChanged={reload}
                onSecret={() => done(trigger.name)}
              />
            ))}
          </ul>
          <div className="sheet-section">
            <Button icon={Plus} onClick={() => setEditing("new")}>
              Add a schedule
            </Button>
          </div>
          <WhoIsTold pipeline={pipeline} />
        </>
      )}
    </Sheet>
  );
}

/** Which code schedules start. */
function versionWords(published: PublishedVersion | null, differs: boolean): string {
  if (published === null) {
    return "Nothing is published yet: the first schedule that is on publishes the draft as version 1. From then on, edits count for schedules once they are published.";
  }
  const runs = `Schedules run version ${published.number}`;
  return differs
    ? `${runs}. The draft is different: publish it to let schedules run it.`
    : `${runs}: the draft as it is.`;
}

interface TriggerRowProps {
  trigger: TriggerTable;
  onEdit(): void;
  onChanged(): void;
  onSecret(): void;
}

function TriggerRow({ trigger, onEdit, onChanged, onSecret }: TriggerRowProps): ReactElement {
  const api = useApi();
  const path = `pipelines/${trigger.pipeline}/triggers`;
  const act = (work: Promise<unknown>): void => {
    work.catch(toastError).finally(onChanged);
  };
  const remove = async (): Promise<void> => {
    await api.delete(`${path}/${trigger.name}`);
    const { name, catchup, overlap, timezone, parameters, active } = trigger;
    const kind = bodyOf(startingOf(trigger), trigger);
    const spec = { name, ...kind, timezone, catchup, overlap, parameters, active };
    toast(`Schedule ${trigger.name} is deleted.`, {
      action: { label: "Undo", run: () => act(api.post(path, spec)) },
    });
  };
  return (
    <li className="trigger-row">
      <div className="ellipsis">
        <div className="ellipsis" title={trigger.name}>
          <strong>{startsInWords(trigger)}</strong>
        </div>
        <div className="muted trigger-row-note ellipsis">
          {trigger.name}
          {trigger.active && trigger.next_at !== null ? (
            <>
              {" · next "}
              <TimeAgo at={trigger.next_at} />
            </>
          ) : null}
          {trigger.last_at === null ? null : (
            <>
              {" · last "}
              <TimeAgo at={trigger.last_at} />
            </>
          )}
        </div>
        <SkippedWords trigger={trigger} />
        {trigger.problem === null ? null : <StateWords sign="failed">{trigger.problem}</StateWords>}
      </div>
      <Switch
        label={`Schedule ${trigger.name}`}
        checked={trigger.active}
        onChange={(active) => act(api.patch(`${path}/${trigger.name}`, { active }))}
      />
      {trigger.webhook ? (
        <IconButton label={`New secret for ${trigger.name}`} icon={KeyRound} onClick={onSecret} />
      ) : null}
      {isTimed(kindOf(trigger)) ? (
        <IconButton
          label={`Backfill ${trigger.name}`}
          icon={CalendarSync}
          onClick={() => navigate(backfillOf(trigger))}
        />
      ) : null}
      <IconButton label={`Edit ${trigger.name}`} icon={Pencil} onClick={onEdit} />
      <IconButton label={`Delete ${trigger.name}`} icon={Trash2} onClick={() => act(remove())} />
    </li>
  );
}

/** What waits, and why the last tick that was skipped was. */
function SkippedWords({ trigger }: { trigger: TriggerTable }): ReactElement | null {
  const { waiting, skipped, skipped_at: at } = trigger;
  if (waiting === 0 && at === null) return null;
  return (
    <div className="muted trigger-row-note ellipsis" title={skipped ?? undefined}>
      {waiting === 0 ? null : `${waiting} waiting${at === null ? "" : " · "}`}
      {at === null ? null : (
        <>
          skipped <TimeAgo at={at} />: {skipped}
        </>
      )}
    </div>
  );
}
