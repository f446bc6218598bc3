/** Which rows of a table are looked at, in which order, with which columns: the words of the wire. */

import type {
  ColumnReference,
  Operator,
  Condition as WireCondition,
  SortKey as WireSortKey,
  View as WireView,
} from "../../protocol";

export type { ColumnReference, Operator };

export type SortKey = Readonly<Required<WireSortKey>>;

/** `value` is a list for `between`, `in` and `not in`, and null for those that take none. */
export type Condition = Readonly<Required<WireCondition>>;

/** Text for what JSON cannot say: dates, decimals, integers beyond 2^53, `inf`. */
export type Value = boolean | number | string;

/** All conditions hold, and any column holds the text of `search`. */
export interface View {
  readonly sort: readonly SortKey[];
  readonly filter: readonly Condition[];
  readonly search: string | null;
  /** In their order; null for all as they are stored. */
  readonly columns: readonly ColumnReference[] | null;
}

/** The same for a body of JSON. */
export function onTheWire({ sort, filter, search, columns }: View): WireView {
  return {
    sort: [...sort],
    filter: [...filter],
    search: search === "" ? null : search,
    columns: columns === null ? null : [...columns],
  };
}

/** All rows and columns as they are stored. */
export const WHOLE: View = { sort: [], filter: [], search: null, columns: null };

/** Has it all rows as they are stored; columns may be left out. */
export function isWhole({ sort, filter, search }: View): boolean {
  return sort.length === 0 && !leavesOut({ filter, search });
}

/** Can it have fewer rows than the table. */
export function leavesOut({ filter, search }: Pick<View, "filter" | "search">): boolean {
  return filter.length > 0 || (search !== null && search !== "");
}

export function sameReference(one: ColumnReference, other: ColumnReference): boolean {
  if (typeof one === "string" || typeof other === "string") return one === other;
  return one.at === other.at;
}

/** How a column is named to the server: by its name where that says which one it is. */
export function referenceTo(columns: readonly { name: string }[], at: number): ColumnReference {
  const name = columns[at]?.name ?? "";
  return isRepeated(columns, name) ? { at } : name;
}

/** The place of a column, or -1 when the table has none of that name. */
export function placeOfColumn(
  columns: readonly { name: string }[],
  reference: ColumnReference,
): number {
  if (typeof reference !== "string") return reference.at < columns.length ? reference.at : -1;
  return columns.findIndex(({ name }) => name === reference);
}

const repeated = new WeakMap<object, ReadonlySet<string>>();

function isRepeated(columns: readonly { name: string }[], name: string): boolean {
  let found = repeated.get(columns);
  if (found === undefined) {
    const seen = new Set<string>();
    const twice = new Set<string>();
    for (const column of columns) (seen.has(column.name) ? twice : seen).add(column.name);
    found = twice;
    repeated.set(columns, found);
  }
  return found.has(name);
}

/** What of a view a table can show: an output made anew may have lost a column. */
export function viewFor(view: View, columns: readonly { name: string }[]): View {
  const has = (reference: ColumnReference): boolean => placeOfColumn(columns, reference) >= 0;
  const all =
    view.sort.every(({ column }) => has(column)) &&
    view.filter.every(({ column }) => has(column)) &&
    (view.columns === null || view.columns.every(has));
  if (all) return view;
  return {
    sort: view.sort.filter(({ column }) => has(column)),
    filter: view.filter.filter(({ column }) => has(column)),
    search: view.search,
    columns: view.columns?.filter(has) ?? null,
  };
}

/** The rows of a view as query parameters; none of those that say nothing. */
export function rowsQuery({ sort, filter, search }: View): Record<string, string> {
  return {
    ...(sort.length === 0 ? {} : { sort: JSON.stringify(sort) }),
    ...(filter.length === 0 ? {} : { filter: JSON.stringify(filter) }),
    ...(search === null || search === "" ? {} : { search }),
  };
}

/** The same with its columns, as exports and charts take it. */
export function viewQuery(view: View): Record<string, string> {
  const { columns } = view;
  return {
    ...rowsQuery(view),
    ...(columns === null ? {} : { columns: JSON.stringify(columns) }),
  };
}
