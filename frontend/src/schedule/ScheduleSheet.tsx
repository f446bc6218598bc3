import { Pencil, Plus, Trash2 } from "lucide-react";
import { type ReactElement, useState } from "react";
import type { Parameter, PublishedVersion, TriggerTable } from "../protocol";
import { useApi, useResource } from "../session";
import {
  Button,
  IconButton,
  LoadFailed,
  Sheet,
  StateWords,
  Switch,
  startsInWords,
  TimeAgo,
  toast,
  toastError,
} from "../ui";
import { TriggerForm } from "./TriggerForm";
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
  const done = (): void => {
    setEditing(null);
    reload();
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
              />
            ))}
          </ul>
          <div className="sheet-section">
            <Button icon={Plus} onClick={() => setEditing("new")}>
              Add a schedule
            </Button>
          </div>
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
}

function TriggerRow({ trigger, onEdit, onChanged }: TriggerRowProps): ReactElement {
  const api = useApi();
  const path = `pipelines/${trigger.pipeline}/triggers`;
  const act = (work: Promise<unknown>): void => {
    work.catch(toastError).finally(onChanged);
  };
  const remove = async (): Promise<void> => {
    await api.delete(`${path}/${trigger.name}`);
    const { name, cron, every, timezone, catchup, overlap, parameters, active } = trigger;
    const spec = { name, cron, every, timezone, catchup, overlap, parameters, active };
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
        {trigger.problem === null ? null : <StateWords sign="failed">{trigger.problem}</StateWords>}
      </div>
      <Switch
        label={`Schedule ${trigger.name}`}
        checked={trigger.active}
        onChange={(active) => act(api.patch(`${path}/${trigger.name}`, { active }))}
      />
      <IconButton label={`Edit ${trigger.name}`} icon={Pencil} onClick={onEdit} />
      <IconButton label={`Delete ${trigger.name}`} icon={Trash2} onClick={() => act(remove())} />
    </li>
  );
}
