/** Blocks that were copied or cut. They outlive the page, so that other pipelines can have them. */
import type { BlockTable, PipelineCommand } from "../../protocol";
import { toast } from "../../ui";
import type { Editor } from "./model";
import { blockNames, expectBlock, indexOf, remove, selection } from "./operations";

export interface CopiedBlock {
  name: string;
  kind: BlockTable["kind"];
  language: BlockTable["language"];
  /** The text of a block of its own, null for a shared one. */
  text: string | null;
  /** The shared block that it is, null for one with a text of its own. */
  library: string | null;
  upstream: string[];
  settings: Record<string, unknown>;
}

const PLACE = "headrace:copied-blocks";

export function copiedFrom(block: BlockTable, text: string): CopiedBlock {
  const { name, kind, language, upstream, settings } = block;
  const library = block.shared ? libraryPath(block.file) : null;
  return {
    ...{ name, kind, language, upstream: [...upstream], settings: { ...settings }, library },
    text: block.shared ? null : text,
  };
}

/** "blocks/loaders/read_csv.py" is `loaders/read_csv`, wherever the library lies. */
function libraryPath(file: string): string {
  return file
    .replace(/\.\w+$/, "")
    .split("/")
    .slice(-2)
    .join("/");
}

/** A name that no block has: `load`, `load_copy`, `load_copy2`. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let number = 1; taken.has(free); number += 1) {
    free = `${name.slice(0, 56)}_copy${number === 1 ? "" : number}`;
  }
  return free;
}

type AddBlock = Extract<PipelineCommand, { op: "add-block" }>;

/**
 * The commands that paste blocks at `index`. An edge stays where a block of that name is here: the
 * code reads it by that name.
 */
export function pasting(
  copied: readonly CopiedBlock[],
  here: readonly string[],
  index: number,
): AddBlock[] {
  const taken = new Set(here);
  return copied.map(({ name, kind, language, text, library, upstream, settings }, offset) => {
    const free = freeName(name, taken);
    const kept = upstream.filter((up) => taken.has(up));
    taken.add(free);
    const source = library === null ? { text: text ?? "" } : { library };
    return {
      ...{ op: "add-block" as const, name: free, kind, language, index: index + offset },
      ...{ upstream: kept, settings, ...source },
    };
  });
}

/** Keeps the selected blocks, with what is typed in them; returns their names. */
export function copy(editor: Editor, { quiet = false }: { quiet?: boolean } = {}): string[] {
  const names = selection(editor);
  const { blocks } = editor.session.store.getState();
  const texts = editor.buffers.store.getState();
  const copied = blocks
    .filter(({ name }) => names.includes(name))
    .map((block) => copiedFrom(block, texts[block.name]?.text ?? ""));
  localStorage.setItem(PLACE, JSON.stringify(copied));
  if (!quiet) toast(`Copied ${names.join(", ")}.`);
  return names;
}

export async function cut(editor: Editor): Promise<void> {
  const names = copy(editor, { quiet: true });
  if (names.length > 0) await remove(editor, names, "Cut");
}

/** Adds what was copied below the selected block, in this pipeline or another one. */
export async function paste(editor: Editor): Promise<void> {
  const copied = kept();
  if (copied.length === 0) {
    toast("Nothing was copied yet.");
    return;
  }
  const names = blockNames(editor);
  const last = indexOf(editor, selection(editor).at(-1) ?? null);
  const index = last < 0 ? names.length : last + 1;
  for (const command of pasting(copied, names, index)) {
    const result = await editor.send<{ blocks: string[] }>(command);
    const name = result?.blocks[0];
    if (name === undefined) return;
    expectBlock(editor, name, "command");
  }
}

function kept(): CopiedBlock[] {
  try {
    return JSON.parse(localStorage.getItem(PLACE) ?? "[]") as CopiedBlock[];
  } catch {
    return [];
  }
}
