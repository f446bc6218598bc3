import type { ReactElement } from "react";
import type { Aggregate, Chart, ChartKind, Column, TimeUnit } from "../../protocol";
import { type Choice, Field, Input, Segmented, Select } from "../../ui";
import { byInterest, type ColumnKind, kindOf, withKind } from "./choice";

interface Props {
  chart: Chart;
  columns: readonly Column[];
  onChange(chart: Chart): void;
}

const KINDS: readonly Choice<ChartKind>[] = [
  { value: "bar", label: "Bars" },
  { value: "line", label: "Line" },
  { value: "histogram", label: "Histogram" },
  { value: "scatter", label: "Scatter" },
];
const AGGREGATES: readonly (readonly [Aggregate, string])[] = [
  ["count", "number of rows"],
  ["sum", "sum"],
  ["mean", "mean"],
  ["median", "median"],
  ["min", "smallest"],
  ["max", "largest"],
];
const UNITS: readonly TimeUnit[] = ["year", "quarter", "month", "week", "day", "hour", "minute"];
const BINS = [5, 10, 20, 30, 50, 100, 200];

/** What of the table is drawn, and how. */
export function ChartFields({ chart, columns, onChange }: Props): ReactElement {
  const { kind } = chart;
  const change = (part: Partial<Chart>): void => onChange({ ...chart, ...part });
  const counts = kind === "histogram" || (chart.aggregate ?? "count") === "count";
  const aggregates = kind === "bar" || kind === "line";
  const numbers = columns.filter(({ type }) => kindOf(type) === "number" || type === "bool");
  const measured = only(columns, ["number", "time"]);
  const x = columns.find(({ name }) => name === chart.x);
  const xKind = x === undefined ? "other" : kindOf(x.type);
  return (
    <fieldset className="chart-fields">
      <legend className="visually-hidden">What is drawn</legend>
      <Segmented<ChartKind>
        label="Kind of chart"
        value={kind}
        choices={KINDS}
        onChange={(next) => onChange(withKind(chart, next, columns))}
      />
      {aggregates && (
        <Picker
          label="Draw"
          value={chart.aggregate ?? "count"}
          choices={AGGREGATES}
          onChange={(next) => {
            const aggregate = next as Aggregate;
            const y = aggregate === "count" ? null : (chart.y ?? byInterest(columns)[0] ?? null);
            change({ aggregate, y });
          }}
        />
      )}
      {((aggregates && !counts) || kind === "scatter") && (
        <Picker
          label={kind === "scatter" ? "Up" : "of"}
          value={String(chart.y ?? "")}
          choices={named(kind === "scatter" ? measured : numbers)}
          onChange={(y) => change({ y })}
        />
      )}
      <Picker
        label={kind === "scatter" ? "Across" : "by"}
        value={String(chart.x)}
        choices={named(
          kind === "scatter" || kind === "histogram"
            ? measured
            : only(columns, ["name", "number", "time"]),
        )}
        onChange={(next) => change({ x: next, bins: null, unit: null })}
      />
      {kind !== "scatter" && xKind === "time" && (
        <Picker
          label="Every"
          value={chart.unit ?? ""}
          choices={[["", "by itself"], ...UNITS.map((unit) => [unit, unit] as const)]}
          onChange={(unit) => change({ unit: unit === "" ? null : (unit as TimeUnit) })}
        />
      )}
      {kind !== "scatter" && xKind === "number" && (
        <Picker
          label="Bins"
          value={String(chart.bins ?? "")}
          choices={[["", "by itself"], ...BINS.map((n) => [String(n), `about ${n}`] as const)]}
          onChange={(bins) => change({ bins: bins === "" ? null : Number(bins) })}
        />
      )}
      {aggregates && xKind === "name" && (
        <Field label="Top">
          {(control) => (
            <Input
              {...control}
              type="number"
              min={1}
              max={100}
              className="chart-top"
              value={chart.top ?? 20}
              onChange={(event) => {
                const top = event.target.valueAsNumber;
                if (Number.isInteger(top) && top >= 1 && top <= 100) change({ top });
              }}
            />
          )}
        </Field>
      )}
      <Picker
        label="Colour"
        value={String(chart.color ?? "")}
        choices={[["", "none"], ...named(only(columns, ["name", "number"]))]}
        onChange={(color) => change({ color: color === "" ? null : color })}
      />
    </fieldset>
  );
}

function Picker(props: {
  label: string;
  value: string;
  choices: readonly (readonly [value: string, label: string])[];
  onChange(value: string): void;
}): ReactElement {
  const { label, value, choices, onChange } = props;
  return (
    <Field label={label}>
      {(control) => (
        <Select {...control} value={value} onChange={(event) => onChange(event.target.value)}>
          {choices.map(([one, words]) => (
            <option key={one} value={one}>
              {words}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}

function only(columns: readonly Column[], kinds: readonly ColumnKind[]): readonly Column[] {
  return columns.filter(({ type }) => kinds.includes(kindOf(type)));
}

function named(columns: readonly Column[]): (readonly [string, string])[] {
  return columns.map(({ name }) => [name, name === "" ? '""' : name] as const);
}
