/** What a click on a column does to a sort. */
import { type ColumnReference, type SortKey, sameReference } from "./view";

export interface SortSign {
  descending: boolean;
  /** From 1; null when no other column sorts. */
  order: number | null;
}

/**
 * Ascending, then descending, then not at all. `more` keeps the other keys: then a column keeps its
 * place among them.
 */
export function sortBy(
  sort: readonly SortKey[],
  column: ColumnReference,
  more: boolean,
): readonly SortKey[] {
  const before = sort.find((key) => sameReference(key.column, column));
  const next: SortKey[] =
    before === undefined
      ? [{ column, descending: false }]
      : before.descending
        ? []
        : [{ column, descending: true }];
  if (!more) return next;
  if (before === undefined) return [...sort, ...next];
  return sort.flatMap((key) => (key === before ? next : [key]));
}

/** Sorts by a column in this direction, in place of all others. */
export function sortOnly(column: ColumnReference, descending: boolean): readonly SortKey[] {
  return [{ column, descending }];
}

export function signOfSort(sort: readonly SortKey[], column: ColumnReference): SortSign | null {
  const at = sort.findIndex((key) => sameReference(key.column, column));
  const key = sort[at];
  if (key === undefined) return null;
  return { descending: key.descending, order: sort.length > 1 ? at + 1 : null };
}
