import { type ReactElement, useEffect, useState } from "react";
import { messageOf } from "../client";
import type { Backfill, BackfillPlan, BackfillRequest } from "../protocol";
import { useApi } from "../session";
import { Button, Field, Input, plural, Segmented, Select, toast } from "../ui";
import type { Span } from "./calendar";
import { estimateInWords } from "./progress";
import { TickList } from "./TickList";

const PAUSE_MS = 200;
const MOST_PARALLEL = 32;

interface BackfillFormProps {
  pipeline: string;
  trigger: string;
  today: string;
  span: Span;
  /** Changes whenever something became of ticks: what would run is asked again. */
  round: number;
  onSpan(span: Span): void;
}

interface Planned {
  plan: BackfillPlan | undefined;
  error: string | undefined;
}

/** What of a span is to run, how many at once, how long that may take, and the button. */
export function BackfillForm(props: BackfillFormProps): ReactElement {
  const { pipeline, trigger, today, span, round, onSpan } = props;
  const api = useApi();
  const [which, setWhich] = useState<"missing" | "all">("missing");
  const [skipped, setSkipped] = useState(false);
  const [parallel, setParallel] = useState(1);
  const [order, setOrder] = useState<"oldest" | "newest">("oldest");
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<string | undefined>();
  const sound = Number.isInteger(parallel) && parallel >= 1 && parallel <= MOST_PARALLEL;
  const asked: BackfillRequest = { trigger, ...span, which, skipped, parallel, order };
  const { plan, error } = usePlan(pipeline, sound ? asked : null, round);

  const start = (): void => {
    setBusy(true);
    setRefused(undefined);
    api
      .post<Backfill>(`pipelines/${pipeline}/backfills`, asked)
      .then(({ total }) => toast(`The backfill of ${plural(total, "tick")} has begun.`))
      .catch((thrown: unknown) => setRefused(messageOf(thrown)))
      .finally(() => setBusy(false));
  };
  const total = plan?.total ?? 0;
  const leftOut = plan?.counts["skipped"] ?? 0;
  return (
    <form
      className="card form backfill-form"
      aria-label="Backfill"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (sound && total > 0 && !busy) start();
      }}
    >
      <Field label="From">
        {(control) => (
          <Input
            {...control}
            type="date"
            value={span.from}
            max={today}
            onChange={({ target }) => {
              if (target.value !== "") onSpan({ ...span, from: target.value });
            }}
          />
        )}
      </Field>
      <Field label="To" error={span.to < span.from ? "It is before the first day." : undefined}>
        {(control) => (
          <Input
            {...control}
            type="date"
            value={span.to}
            max={today}
            onChange={({ target }) => {
              if (target.value !== "") onSpan({ ...span, to: target.value });
            }}
          />
        )}
      </Field>
      <div className="field">
        <span className="field-label">Run</span>
        <Segmented<"missing" | "all">
          label="Run"
          value={which}
          choices={[
            { value: "missing", label: "Fill the holes" },
            { value: "all", label: "All" },
          ]}
          onChange={setWhich}
        />
        {which === "missing" && (leftOut > 0 || skipped) ? (
          <label className="backfill-skipped">
            <input
              type="checkbox"
              checked={skipped}
              onChange={({ target }) => setSkipped(target.checked)}
            />
            and {leftOut} skipped by overlap or a pause
          </label>
        ) : null}
      </div>
      <Field
        label="At once"
        error={sound ? undefined : `1 to ${MOST_PARALLEL}.`}
        note="The schedule goes on beside them."
      >
        {(control) => (
          <Input
            {...control}
            className="narrow"
            type="number"
            min={1}
            max={MOST_PARALLEL}
            value={Number.isNaN(parallel) ? "" : parallel}
            onChange={({ target }) => setParallel(target.valueAsNumber)}
          />
        )}
      </Field>
      <Field label="Order">
        {(control) => (
          <Select
            {...control}
            value={order}
            onChange={({ target }) => setOrder(target.value as "oldest" | "newest")}
          >
            <option value="oldest">Oldest first</option>
            <option value="newest">Newest first</option>
          </Select>
        )}
      </Field>
      <div className="backfill-plan" aria-live="polite">
        {error === undefined ? null : <p className="field-error">{error}</p>}
        {plan === undefined ? null : <PlanWords plan={plan} />}
      </div>
      {refused === undefined ? null : (
        <p className="field-error" role="alert">
          {refused}
        </p>
      )}
      <Button look="primary" type="submit" disabled={busy || !sound || total === 0}>
        {total === 0 ? "Nothing to run" : `Start ${plural(total, "run")}`}
      </Button>
      {plan === undefined || total === 0 ? null : (
        <TickList title="Would run" ticks={plan.ticks} total={total} pipeline={pipeline} />
      )}
    </form>
  );
}

function PlanWords({ plan }: { plan: BackfillPlan }): ReactElement {
  const { total, run_seconds: each, parallel, seconds, published } = plan;
  if (total === 0) return <p className="muted">Every tick of this span has its run.</p>;
  return (
    <>
      <p className="backfill-estimate">{estimateInWords(total, each, parallel, seconds)}</p>
      <p className="muted">
        {each === null ? "How long that takes is known after the first runs. " : null}
        {published === null
          ? "The draft is published as version 1 first."
          : `They run version ${published}, as the schedule does.`}
      </p>
    </>
  );
}

/** What the server says that a request would run, once it is left alone for a moment. */
function usePlan(pipeline: string, asked: BackfillRequest | null, round: number): Planned {
  const api = useApi();
  const [planned, setPlanned] = useState<Planned>({ plan: undefined, error: undefined });
  const key = asked === null ? "" : JSON.stringify(asked);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round asks again
  useEffect(() => {
    if (key === "") {
      setPlanned({ plan: undefined, error: undefined });
      return;
    }
    const abort = new AbortController();
    const timer = setTimeout(() => {
      api
        .post<BackfillPlan>(`pipelines/${pipeline}/backfills/plan`, JSON.parse(key), {
          signal: abort.signal,
        })
        .then((plan) => setPlanned({ plan, error: undefined }))
        .catch((thrown: unknown) => {
          if (!abort.signal.aborted) setPlanned({ plan: undefined, error: messageOf(thrown) });
        });
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [api, pipeline, key, round]);
  return planned;
}
