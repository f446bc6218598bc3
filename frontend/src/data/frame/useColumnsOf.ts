import type { Column, Output } from "../../protocol";
import { useResource } from "../../session";

const known = new Map<string, readonly Column[]>();
const REMEMBERED = 16;

/** All columns of an output: an output with very many names only the first of them by itself. */
export function useColumnsOf(output: Output): readonly Column[] {
  const { address, columns, column_count: count } = output;
  const isWhole = count === null || columns.length >= count;
  const { data } = useResource(isWhole ? "" : address, async (api, signal) => {
    if (isWhole) return columns;
    const found = known.get(address);
    if (found !== undefined) return found;
    const all = await api.get<Column[]>(`outputs/${address}/columns`, { signal });
    known.set(address, all);
    for (const old of known.keys()) {
      if (known.size <= REMEMBERED) break;
      known.delete(old);
    }
    return all;
  });
  return isWhole ? columns : (known.get(address) ?? data ?? columns);
}
