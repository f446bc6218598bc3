import type { ReactElement } from "react";
import { Field, Input, Segmented, Select } from "../ui";
import { type Plan, type Preset, planProblem, whenOfPlan } from "./plan";
import { useCronWords } from "./usePreview";

const PRESETS: readonly { value: Preset; label: string }[] = [
  { value: "every", label: "Every…" },
  { value: "hourly", label: "Hourly" },
  { value: "daily", label: "Daily" },
  { value: "weekly", label: "Weekly" },
  { value: "monthly", label: "Monthly" },
  { value: "cron", label: "Cron" },
];

/** Monday first, as calendars in most places. */
const WEEKDAYS = [1, 2, 3, 4, 5, 6, 0] as const;
const NAMES = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

export interface PlanFieldsProps {
  plan: Plan;
  onChange(plan: Plan): void;
}

/** When: a preset, or a cron line with plain words beside it. */
export function PlanFields({ plan, onChange }: PlanFieldsProps): ReactElement {
  const set = (part: Partial<Plan>): void => onChange({ ...plan, ...part });
  const { cron, every } = whenOfPlan(plan);
  const problem = planProblem(plan);
  const words = useCronWords(problem === undefined ? cron : null);
  const handlePreset = (preset: Preset): void => {
    // The cron line begins as what was chosen before, to be refined.
    set(preset === "cron" && cron !== null ? { preset, cron } : { preset });
  };
  return (
    <>
      <Segmented label="How often" value={plan.preset} choices={PRESETS} onChange={handlePreset} />
      <PresetFields {...{ plan, set, problem }} />
      {plan.preset === "cron" ? (
        <Field label="Cron" error={problem} note={words}>
          {(control) => (
            <Input
              {...control}
              mono
              value={plan.cron}
              placeholder="30 2 * * *"
              onChange={(event) => set({ cron: event.target.value })}
            />
          )}
        </Field>
      ) : (
        <p className="plan-words">
          <code>{cron ?? `every ${every ?? ""}`}</code> <span className="muted">{words}</span>
        </p>
      )}
    </>
  );
}

interface PresetFieldsProps {
  plan: Plan;
  problem: string | undefined;
  set(part: Partial<Plan>): void;
}

function PresetFields({ plan, problem, set }: PresetFieldsProps): ReactElement | null {
  switch (plan.preset) {
    case "every":
      return (
        <Field label="Every" error={problem}>
          {(control) => (
            <>
              <Input
                {...control}
                className="narrow"
                type="number"
                min={1}
                value={plan.count}
                onChange={(event) => set({ count: Number(event.target.value) })}
              />
              <Select
                aria-label="Unit"
                value={plan.unit}
                onChange={(event) => set({ unit: event.target.value as Plan["unit"] })}
              >
                <option value="m">{plan.count === 1 ? "minute" : "minutes"}</option>
                <option value="h">{plan.count === 1 ? "hour" : "hours"}</option>
              </Select>
            </>
          )}
        </Field>
      );
    case "hourly":
      return (
        <Field label="At minute" error={problem}>
          {(control) => (
            <Input
              {...control}
              className="narrow"
              type="number"
              min={0}
              max={59}
              value={plan.minute}
              onChange={(event) => set({ minute: Number(event.target.value) })}
            />
          )}
        </Field>
      );
    case "weekly":
      return (
        <>
          <WeekdayField
            chosen={plan.weekdays}
            problem={problem}
            onChange={(weekdays) => set({ weekdays })}
          />
          <TimeField plan={plan} set={set} />
        </>
      );
    case "monthly":
      return (
        <>
          <Field
            label="On day"
            error={problem}
            note={plan.day > 28 ? "Months without this day are left out." : undefined}
          >
            {(control) => (
              <Input
                {...control}
                className="narrow"
                type="number"
                min={1}
                max={31}
                value={plan.day}
                onChange={(event) => set({ day: Number(event.target.value) })}
              />
            )}
          </Field>
          <TimeField plan={plan} set={set} />
        </>
      );
    case "daily":
      return <TimeField plan={plan} set={set} />;
    case "cron":
      return null;
  }
}

function TimeField({ plan, set }: Omit<PresetFieldsProps, "problem">): ReactElement {
  return (
    <Field label="At">
      {(control) => (
        <Input
          {...control}
          type="time"
          value={plan.time}
          onChange={(event) => event.target.value !== "" && set({ time: event.target.value })}
        />
      )}
    </Field>
  );
}

interface WeekdayFieldProps {
  chosen: readonly number[];
  problem: string | undefined;
  onChange(days: number[]): void;
}

function WeekdayField({ chosen, problem, onChange }: WeekdayFieldProps): ReactElement {
  const toggle = (day: number): void => {
    const next = chosen.includes(day) ? chosen.filter((one) => one !== day) : [...chosen, day];
    onChange(next.sort((a, b) => a - b));
  };
  return (
    <fieldset className="weekdays">
      <legend className="field-label">On</legend>
      {WEEKDAYS.map((day) => (
        <button
          key={day}
          type="button"
          className="weekday"
          aria-pressed={chosen.includes(day)}
          onClick={() => toggle(day)}
        >
          {NAMES[day]}
        </button>
      ))}
      {problem === undefined ? null : <span className="field-error">{problem}</span>}
    </fieldset>
  );
}
