/** Which chart of a table is looked at: chosen by people, or guessed from the types of columns. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Chart, ChartKind, Column } from "../../protocol";
import type { FramePlace } from "../view";

export type ColumnKind = "number" | "time" | "name" | "other";

/** What a column can be on a chart, by its Arrow type. */
export function kindOf(type: string): ColumnKind {
  const inner = /^dictionary<values=(.+), indices/.exec(type)?.[1];
  if (inner !== undefined) return kindOf(inner) === "other" ? "other" : "name";
  if (/^(u?int\d|halffloat|float|double|decimal)/.test(type)) return "number";
  if (/^(timestamp|date\d)/.test(type)) return "time";
  if (/^(large_string|string|bool|time\d)/.test(type)) return "name";
  return "other";
}

/** The first look: rows by the first column of names, else how the first numbers are spread. */
export function guess(columns: readonly Column[]): Chart | null {
  const first = (...kinds: ColumnKind[]): string | undefined =>
    columns.find(({ type }) => kinds.includes(kindOf(type)))?.name;
  const name = first("name");
  if (name !== undefined) return { kind: "bar", x: name };
  const x = first("number", "time");
  return x === undefined ? null : { kind: "histogram", x };
}

/** The same chart as another kind: what that kind has no use for goes, what it needs is found. */
export function withKind(chart: Chart, kind: ChartKind, columns: readonly Column[]): Chart {
  const typeOf = (name: unknown): ColumnKind =>
    kindOf(columns.find((column) => column.name === name)?.type ?? "");
  const numbers = byInterest(columns);
  const next: Chart = { ...chart, kind, bins: null, unit: null };
  const isMeasured = (name: unknown): boolean => ["number", "time"].includes(typeOf(name));
  if (kind === "histogram" || kind === "scatter") {
    const time = columns.find(({ type }) => kindOf(type) === "time");
    if (!isMeasured(next.x)) next.x = numbers[0] ?? time?.name ?? next.x;
  }
  if (kind === "histogram") return { ...next, y: null, aggregate: "count" };
  if (kind === "scatter") {
    const y = isMeasured(next.y) ? next.y : undefined;
    return { ...next, y: y ?? numbers.find((name) => name !== next.x) ?? next.x };
  }
  if (kind === "line" && chart.kind !== "line") {
    const time = columns.find(({ type }) => kindOf(type) === "time")?.name;
    if (time !== undefined && typeOf(next.x) === "name") next.x = time;
  }
  return next;
}

/** Names of columns of numbers: fractions first, for whole numbers often are years and codes. */
export function byInterest(columns: readonly Column[]): string[] {
  const isWhole = ({ type }: Column): number => (/^u?int/.test(type) ? 1 : 0);
  return columns
    .filter(({ type }) => kindOf(type) === "number")
    .sort((one, other) => isWhole(one) - isWhole(other))
    .map(({ name }) => name);
}

const store: StoreApi<Readonly<Record<FramePlace, Chart>>> = createStore(() => ({}));

export function chartAt(place: FramePlace, columns: readonly Column[]): Chart | null {
  const chosen = store.getState()[place];
  const names = new Set(columns.map(({ name }) => name));
  const has = (name: unknown): boolean => name == null || names.has(String(name));
  const fits = chosen !== undefined && [chosen.x, chosen.y, chosen.color].every(has);
  return fits ? chosen : guess(columns);
}

export function chooseChart(place: FramePlace, chart: Chart): void {
  store.setState({ [place]: chart });
}

export const subscribeChart: typeof store.subscribe = store.subscribe;
