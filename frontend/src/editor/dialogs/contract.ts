/** A contract as the rows of a table, and back. */
import type { BlockStatus, Column, Contract } from "../../protocol";

export interface ContractRow {
  name: string;
  declared: boolean;
  type: string;
  notNull: boolean;
  /** What `type` can be set to. */
  types: readonly string[];
  /** The type that the newest output has; "" for a column that it has not. */
  now: string;
}

const NOT_NULL = /\s+not\s+null$/i;
const ANY = "any";

/** The columns of the newest output, kept or refused. */
export function newestColumns(status: BlockStatus): readonly Column[] {
  const refused = status.checks.find((check) => check.refused !== null)?.refused;
  return (refused ?? status.output)?.columns ?? [];
}

/** Declared columns first; then those that the output has beside them. */
export function rowsOf(
  contract: Contract | null,
  proposed: Contract | null,
  now: readonly Column[],
): ContractRow[] {
  const found = new Map(now.map(({ name, type }) => [name, type]));
  const declared = Object.entries(contract?.columns ?? {}).map(([name, text]) =>
    rowOf(name, text, true, proposed?.columns?.[name], found.get(name)),
  );
  const others = Object.entries(proposed?.columns ?? {})
    .filter(([name]) => contract?.columns?.[name] === undefined)
    .map(([name, text]) => rowOf(name, text, contract === null, text, found.get(name)));
  return [...declared, ...others];
}

function rowOf(
  name: string,
  text: string,
  declared: boolean,
  proposed: string | undefined,
  now: string | undefined,
): ContractRow {
  const type = text.replace(NOT_NULL, "");
  const types = new Set([type, ...(proposed === undefined ? [] : [proposed])]);
  if (now !== undefined) types.add(now);
  types.add(ANY);
  return { name, declared, type, notNull: NOT_NULL.test(text), types: [...types], now: now ?? "" };
}

export function contractOf(rows: readonly ContractRow[], extra: boolean): Required<Contract> {
  const columns = rows
    .filter((row) => row.declared)
    .map((row) => [row.name, row.notNull ? `${row.type} not null` : row.type]);
  return { columns: Object.fromEntries(columns), extra_columns: extra };
}
