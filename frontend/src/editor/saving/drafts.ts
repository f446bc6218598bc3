/** Typed text that is not yet on the disk, kept over a reload of the page. */
export interface Draft {
  text: string;
  base: string;
}

export interface DraftShelf {
  read(block: string): Draft | null;
  write(block: string, draft: Draft | null): void;
}

/** Drafts of one pipeline in the storage of this browser tab. */
export function draftShelf(pipeline: string, storage: Storage = sessionStorage): DraftShelf {
  const key = (block: string): string => `headrace:draft:${pipeline}:${block}`;
  return {
    read(block) {
      try {
        const draft = JSON.parse(storage.getItem(key(block)) ?? "null") as Partial<Draft> | null;
        if (typeof draft?.text !== "string" || typeof draft.base !== "string") return null;
        return { text: draft.text, base: draft.base };
      } catch {
        return null;
      }
    },
    write(block, draft) {
      try {
        if (draft === null) storage.removeItem(key(block));
        else storage.setItem(key(block), JSON.stringify(draft));
      } catch {
        // The storage is full or forbidden: the text is still in memory, only a reload would lose it.
      }
    },
  };
}
