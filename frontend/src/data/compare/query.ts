/** The addresses of comparisons: immutable, so that browsers keep the answers. */

/** `key` comes once for each column, and once empty: names may have commas. */
export function compareQuery(address: string, other: string, key: readonly string[]): string {
  return `outputs/${address}/compare?${search(other, key)}`;
}

export function rowsQuery(
  place: { address: string; other: string; key: readonly string[]; kind: string },
  offset: number,
  limit: number,
): string {
  const { address, other, key, kind } = place;
  const window = `kind=${kind}&offset=${offset}&limit=${limit}`;
  return `outputs/${address}/compare/rows?${search(other, key)}&${window}`;
}

function search(other: string, key: readonly string[]): string {
  const query = new URLSearchParams({ with: other });
  if (key.length > 0) for (const name of [...key, ""]) query.append("key", name);
  return query.toString();
}
