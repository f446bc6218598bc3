import type { ReactElement } from "react";
import type { PipelineSummary } from "../protocol";
import { useResource } from "../session";
import { Field, Input, Select } from "../ui";
import {
  isTimed,
  KINDS,
  type Kind,
  limitProblem,
  type Starting,
  startingProblem,
  triesAgain,
} from "./starting";

export interface StartingFieldsProps {
  pipeline: string;
  starting: Starting;
  onChange(starting: Starting): void;
}

/** What starts runs, for all kinds but the clock, which has its plan. */
export function StartingFields({
  pipeline,
  starting,
  onChange,
}: StartingFieldsProps): ReactElement {
  const set = (part: Partial<Starting>): void => onChange({ ...starting, ...part });
  const typed = starting.kind === "changed" && starting.changed !== "";
  const problem = typed ? startingProblem(starting) : undefined;
  return (
    <>
      <Field label="Starts">
        {(control) => (
          <Select
            {...control}
            value={starting.kind}
            onChange={(event) => set({ kind: event.target.value as Kind })}
          >
            {KINDS.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {starting.kind === "once" ? (
        <Field label="At" note="On the clocks of the time zone below.">
          {(control) => (
            <Input
              {...control}
              mono
              value={starting.at}
              placeholder="2027-03-28 02:30"
              onChange={(event) => set({ at: event.target.value })}
            />
          )}
        </Field>
      ) : null}
      {starting.kind === "files" ? (
        <Field
          label="Pattern"
          error={problem}
          note="Each new or changed file starts one run; a parameter named file gets its path. In the project, absolute, or a URL such as s3://bucket/in/*.csv."
        >
          {(control) => (
            <Input
              {...control}
              mono
              value={starting.files}
              placeholder="data/in/*.csv"
              onChange={(event) => set({ files: event.target.value })}
            />
          )}
        </Field>
      ) : null}
      {starting.kind === "after" ? (
        <AfterField {...{ pipeline }} value={starting.after} onChange={(after) => set({ after })} />
      ) : null}
      {starting.kind === "changed" ? (
        <Field
          label="Block"
          error={problem}
          note="Starts when a run gives it other content than the run before; runs of the editor do not count."
        >
          {(control) => (
            <Input
              {...control}
              mono
              value={starting.changed}
              placeholder="prices/load"
              onChange={(event) => set({ changed: event.target.value })}
            />
          )}
        </Field>
      ) : null}
      {starting.kind === "webhook" ? (
        <p className="muted plan-words">
          You get an address and a secret, shown once. The body of a request is the parameters.
        </p>
      ) : null}
    </>
  );
}

function AfterField(props: {
  pipeline: string;
  value: string;
  onChange(name: string): void;
}): ReactElement {
  const { data } = useResource("names of pipelines", async (api, signal) =>
    (await api.get<{ pipelines: PipelineSummary[] }>("pipelines", { signal })).pipelines.map(
      ({ name }) => name,
    ),
  );
  const others = (data ?? []).filter((name) => name !== props.pipeline);
  const known = props.value === "" || others.includes(props.value) ? [] : [props.value];
  return (
    <Field label="Pipeline" note="Runs of its editor do not count.">
      {(control) => (
        <Select
          {...control}
          value={props.value}
          onChange={(event) => props.onChange(event.target.value)}
        >
          <option value="">Choose…</option>
          {[...known, ...others].map((name) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      )}
    </Field>
  );
}

/** How long a run may take, and how often a tick is tried. */
export function LimitFields({
  starting,
  onChange,
}: Omit<StartingFieldsProps, "pipeline">): ReactElement {
  const texts: (readonly ["timeout" | "retries" | "backoff", string, string, string])[] = [
    ["timeout", "Timeout", "2h", "A run that takes longer is stopped, and has failed."],
    ["retries", "Retries", "3", "So often a tick is tried at most, the first run among them."],
    ["backoff", "Backoff", "1m", "The wait before the second try; each further one is twice it."],
  ];
  const shown = triesAgain(starting) ? texts : texts.slice(0, 2);
  return (
    <>
      {shown.map(([key, label, placeholder, note]) => (
        <Field key={key} label={label} note={note} error={limitProblem(key, starting[key])}>
          {(control) => (
            <Input
              {...control}
              mono
              value={starting[key]}
              placeholder={placeholder}
              inputMode={key === "retries" ? "numeric" : undefined}
              onChange={(event) => onChange({ ...starting, [key]: event.target.value })}
            />
          )}
        </Field>
      ))}
    </>
  );
}

/** What few need: from when to when, how spread, and how far back missed ticks count. */
export function MoreFields({
  starting,
  onChange,
}: Omit<StartingFieldsProps, "pipeline">): ReactElement | null {
  if (!isTimed(starting.kind)) return null;
  const texts: (readonly [keyof Starting, string, string, string])[] = [
    ["start", "Not before", "2027-01-01", "The first tick is not earlier."],
    ["end", "Not after", "2027-12-31 18:00", "The last tick is not later."],
    ["jitter", "Spread", "5m", "Starts up to so much later, always by the same span."],
    ["catchup_window", "Missed within", "24h", "Missed ticks that are older are skipped."],
    ["catchup_limit", "At most", "100", "So many missed ticks are made up for."],
  ];
  const shown = starting.kind === "once" ? texts.slice(3, 4) : texts;
  return (
    <details className="more-fields" open={shown.some(([key]) => starting[key] !== "")}>
      <summary>More</summary>
      <div className="form">
        {shown.map(([key, label, placeholder, note]) => (
          <Field key={key} label={label} note={note}>
            {(control) => (
              <Input
                {...control}
                mono
                value={starting[key]}
                placeholder={placeholder}
                onChange={(event) => onChange({ ...starting, [key]: event.target.value })}
              />
            )}
          </Field>
        ))}
      </div>
    </details>
  );
}
