import { useCallback, useEffect, useState } from "react";
import type { LibraryBlock } from "../../protocol";
import { useApi } from "../../session";

export interface Library {
  /** Null while it is being fetched. */
  blocks: LibraryBlock[] | null;
  error: unknown;
  retry(): void;
}

export function useLibrary(): Library {
  const api = useApi();
  const [blocks, setBlocks] = useState<LibraryBlock[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const fetchLibrary = useCallback(() => {
    setError(null);
    api
      .get<LibraryBlock[] | { blocks: LibraryBlock[] }>("library")
      .then((answer) => setBlocks(Array.isArray(answer) ? answer : answer.blocks))
      .catch(setError);
  }, [api]);
  useEffect(fetchLibrary, [fetchLibrary]);
  return { blocks, error, retry: fetchLibrary };
}

/** Does a block say all of these words somewhere in its title, path or description? */
export function matches(block: LibraryBlock, query: string): boolean {
  const text = `${block.title} ${block.path} ${block.kind} ${block.description}`.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
