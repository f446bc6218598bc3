import { type ReactElement, useState } from "react";
import { messageOf } from "../client";
import {
  type Catchup,
  NAME_RULE,
  type Overlap,
  type Parameter,
  type TriggerTable,
} from "../protocol";
import { useApi } from "../session";
import { Button, Field, Input, ParametersForm, Select, Switch, toast } from "../ui";
import { NextTicks } from "./NextTicks";
import { PlanFields } from "./PlanFields";
import { CATCHUPS, freeName, OVERLAPS, planOfTrigger, planProblem, whenOfPlan } from "./plan";
import { LimitFields, MoreFields, StartingFields } from "./StartingFields";
import {
  bodyOf,
  isTimed,
  limitsAreSound,
  NAME_OF_KIND,
  startingOf,
  startingProblem,
} from "./starting";
import { offsetOf, ownZone, TimeZonePicker } from "./TimeZonePicker";
import { usePreview } from "./usePreview";

export interface TriggerFormProps {
  pipeline: string;
  parameters: readonly Parameter[];
  /** The one to change; null makes a new one. */
  trigger: TriggerTable | null;
  taken: readonly string[];
  /** `secretOf` names a webhook that has no secret yet. */
  onDone(secretOf?: string): void;
  onCancel(): void;
}

/** When, in which zone, with which parameters, and what to do about missed and late ticks. */
export function TriggerForm(props: TriggerFormProps): ReactElement {
  const { pipeline, parameters, trigger, taken } = props;
  const api = useApi();
  const [plan, setPlan] = useState(() => planOfTrigger(trigger ?? { cron: null, every: null }));
  const [ownName, setOwnName] = useState<string | null>(trigger?.name ?? null);
  const [timezone, setTimezone] = useState(trigger?.timezone ?? ownZone());
  const [catchup, setCatchup] = useState<Catchup>(trigger?.catchup ?? "latest");
  const [chosen, setOverlap] = useState<Overlap | null>(trigger?.overlap ?? null);
  const [active, setActive] = useState(trigger?.active ?? true);
  const [values, setValues] = useState(trigger?.parameters ?? {});
  const [valuesRead, setValuesRead] = useState(true);
  const [refused, setRefused] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const [starting, setStarting] = useState(() => startingOf(trigger));

  const timed = isTimed(starting.kind);
  const wanted = starting.kind === "clock" ? plan.preset : NAME_OF_KIND[starting.kind];
  const name = ownName ?? freeName(wanted, taken);
  const nameProblem = problemOfName(
    name,
    taken.filter((one) => one !== trigger?.name),
  );
  const zoneProblem = timed && offsetOf(timezone) === "" ? "Choose a named time zone." : undefined;
  const planned = starting.kind === "clock" ? planProblem(plan) : startingProblem(starting);
  const overlap = chosen ?? (timed ? "skip" : "queue_all");
  const sound = planned === undefined && zoneProblem === undefined;
  const when = { ...bodyOf(starting, whenOfPlan(plan)), timezone };
  const preview = usePreview(sound && timed ? when : null);
  const ready =
    sound &&
    limitsAreSound(starting) &&
    valuesRead &&
    nameProblem === undefined &&
    preview.error === undefined;

  const save = async (): Promise<void> => {
    setBusy(true);
    setRefused(null);
    const body = { name, ...when, catchup, overlap, active, parameters: values };
    const path = `pipelines/${pipeline}/triggers`;
    try {
      if (trigger === null) await api.post(path, body);
      else await api.patch(`${path}/${trigger.name}`, body);
      toast(active ? `Schedule ${name} is on.` : `Schedule ${name} is saved, and off.`);
      const isNew = starting.kind === "webhook" && trigger?.has_secret !== true;
      props.onDone(isNew ? name : undefined);
    } catch (thrown) {
      setRefused(messageOf(thrown));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      className="trigger-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (ready && !busy) void save();
      }}
    >
      <div className="form sheet-section">
        <StartingFields {...{ pipeline, starting }} onChange={setStarting} />
        {starting.kind === "clock" ? <PlanFields plan={plan} onChange={setPlan} /> : null}
        {timed ? (
          <Field label="Time zone" error={zoneProblem}>
            {(control) => (
              <TimeZonePicker control={control} value={timezone} onChange={setTimezone} />
            )}
          </Field>
        ) : null}
      </div>
      {timed ? (
        <div className="sheet-section">
          <NextTicks preview={preview} />
        </div>
      ) : null}
      <div className="form sheet-section">
        {timed ? (
          <ChoiceField<Catchup>
            label="Missed ticks"
            value={catchup}
            choices={CATCHUPS}
            onChange={setCatchup}
          />
        ) : null}
        <ChoiceField<Overlap>
          label="Still running"
          value={overlap}
          choices={OVERLAPS}
          onChange={setOverlap}
        />
        <LimitFields starting={starting} onChange={setStarting} />
        <MoreFields starting={starting} onChange={setStarting} />
        {parameters.length === 0 ? null : (
          <ParametersForm
            parameters={parameters}
            values={values}
            onChange={setValues}
            onValidity={setValuesRead}
          />
        )}
        <Field label="Name" error={nameProblem}>
          {(control) => (
            <Input
              {...control}
              mono
              value={name}
              onChange={(event) => setOwnName(event.target.value)}
            />
          )}
        </Field>
        <div className="field">
          <span className="field-label">Active</span>
          <Switch label={`Schedule ${name}`} checked={active} onChange={setActive} />
        </div>
      </div>
      <div className="sheet-section sheet-actions">
        {refused === null ? null : (
          <p className="field-error" role="alert">
            {refused}
          </p>
        )}
        <Button onClick={props.onCancel}>Cancel</Button>
        <Button look="primary" type="submit" disabled={!ready || busy}>
          {trigger === null ? "Schedule" : "Save"}
        </Button>
      </div>
    </form>
  );
}

interface ChoiceFieldProps<T extends string> {
  label: string;
  value: T;
  choices: readonly { value: T; label: string; note: string }[];
  onChange(value: T): void;
}

function ChoiceField<T extends string>(props: ChoiceFieldProps<T>): ReactElement {
  const { label, value, choices, onChange } = props;
  return (
    <Field label={label} note={choices.find((choice) => choice.value === value)?.note}>
      {(control) => (
        <Select {...control} value={value} onChange={(event) => onChange(event.target.value as T)}>
          {choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.label}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}

function problemOfName(name: string, taken: readonly string[]): string | undefined {
  if (!NAME_RULE.test(name)) return "Lower-case letters, digits and underscores.";
  return taken.includes(name) ? "This pipeline has a schedule of that name." : undefined;
}
