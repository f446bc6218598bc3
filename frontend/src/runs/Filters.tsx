import { X } from "lucide-react";
import type { ReactElement } from "react";
import type { PipelineSummary } from "../protocol";
import { useResource } from "../session";
import { Button, Input, navigate, Segmented, Select } from "../ui";
import { addressOf, type Filter, ORIGINS, STATES, type View } from "./filter";
import { type Days, daysOfSpan, SPANS, spanOfDays } from "./span";

const VIEWS: readonly { value: View; label: string }[] = [
  { value: "list", label: "List" },
  { value: "matrix", label: "Matrix" },
];
const DAYS = spanOfDays({ first: "", last: "" });

/** Which runs are shown, kept in the address; the runs of one pipeline also side by side. */
export function Filters({ filter, view }: { filter: Filter; view: View }): ReactElement {
  const { pipeline, state, origin, time, backfill } = filter;
  const days = daysOfSpan(time);
  const { data } = useResource(
    "pipeline names",
    (api, signal) => api.get<{ pipelines: PipelineSummary[] }>("pipelines", { signal }),
    (event) => event.op === "pipelines-changed",
  );
  const known = data?.pipelines ?? [];
  const go = (part: Partial<Filter>): void => {
    navigate(addressOf({ ...filter, ...part }, view), { replace: true });
  };
  return (
    <div className="toolbar runs-filters">
      <Select
        aria-label="Pipeline"
        value={pipeline}
        onChange={(event) => go({ pipeline: event.target.value })}
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
        onChange={(event) => go({ state: event.target.value })}
      >
        <option value="">all states</option>
        {STATES.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </Select>
      <Select
        aria-label="Started by"
        value={origin}
        onChange={(event) => go({ origin: event.target.value })}
      >
        <option value="">started by anything</option>
        {ORIGINS.map(([one, words]) => (
          <option key={one} value={one}>
            started by {words}
          </option>
        ))}
      </Select>
      <Select
        aria-label="Time"
        value={days === null ? time : DAYS}
        onChange={(event) => go({ time: event.target.value })}
      >
        <option value="">any time</option>
        {SPANS.map(([span, words]) => (
          <option key={span} value={span}>
            {words}
          </option>
        ))}
        <option value={DAYS}>days…</option>
      </Select>
      {days === null ? null : (
        <DayFields days={days} onDays={(next) => go({ time: spanOfDays(next) })} />
      )}
      {backfill === "" ? null : (
        <Button icon={X} onClick={() => go({ backfill: "" })}>
          of one backfill
        </Button>
      )}
      {pipeline === "" || backfill !== "" ? null : (
        <Segmented
          label="View of the runs"
          value={view}
          choices={VIEWS}
          onChange={(next) => navigate(addressOf(filter, next), { replace: true })}
        />
      )}
    </div>
  );
}

function DayFields({ days, onDays }: { days: Days; onDays(days: Days): void }): ReactElement {
  return (
    <>
      <Input
        type="date"
        aria-label="First day"
        max={days.last || undefined}
        value={days.first}
        onChange={(event) => onDays({ ...days, first: event.target.value })}
      />
      <Input
        type="date"
        aria-label="Last day"
        min={days.first || undefined}
        value={days.last}
        onChange={(event) => onDays({ ...days, last: event.target.value })}
      />
    </>
  );
}
