/** Everything a user can do to blocks; keys, buttons, menus and the canvas all come here. */
import { createApi } from "../../client";
import type { Expectation, Kind, Language, LibraryBlock, RunBlocks } from "../../protocol";
import { downstreamOf, isFresh } from "../../session";
import { toast, toastError } from "../../ui";
import { focusBlock, letFocus } from "./focus";
import type { Dialog, Editor, EditorState } from "./model";
import type { Way } from "./ways";

export function blockNames(editor: Editor): string[] {
  return editor.session.store.getState().blocks.map((block) => block.name);
}

export function indexOf(editor: Editor, block: string | null): number {
  return block === null ? -1 : blockNames(editor).indexOf(block);
}

export function select(editor: Editor, name: string | null): void {
  editor.set({ selected: name, mode: "command" });
  if (name !== null) focusBlock(name);
}

export function step(editor: Editor, by: 1 | -1): void {
  const names = blockNames(editor);
  const index = indexOf(editor, editor.store.getState().selected);
  const next = names[Math.min(Math.max(index + by, 0), names.length - 1)];
  if (next !== undefined) select(editor, next);
}

/** Takes the next block, or the one before, into the selection, or lets the last one go. */
export function extend(editor: Editor, by: 1 | -1): void {
  const { selected, anchor } = editor.store.getState();
  const next = blockNames(editor)[indexOf(editor, selected) + by];
  if (selected === null || next === undefined) return;
  const from = anchor ?? selected;
  editor.set({ selected: next, anchor: from === next ? null : from, mode: "command" });
  focusBlock(next);
}

/** The blocks that are selected, in order: the one with the keyboard, or all up to the anchor. */
export function marked(
  names: readonly string[],
  { selected, anchor }: Pick<EditorState, "selected" | "anchor">,
): string[] {
  if (selected === null) return [];
  const ends = [names.indexOf(selected), names.indexOf(anchor ?? selected)];
  if (ends.includes(-1)) return [selected];
  return names.slice(Math.min(...ends), Math.max(...ends) + 1);
}

export function selection(editor: Editor): string[] {
  return marked(blockNames(editor), editor.store.getState());
}

export function edit(editor: Editor, name: string): void {
  letFocus();
  editor.set({ selected: name, mode: "edit" });
}

export function openDialog(editor: Editor, dialog: Dialog): void {
  editor.set({ dialog });
}

/** Closes the dialog and gives the keyboard back to the block. */
export function closeDialog(editor: Editor): void {
  editor.set({ dialog: null });
  const { selected, mode } = editor.store.getState();
  if (selected !== null && mode === "command") focusBlock(selected);
}

export interface RunChoice {
  scope?: NonNullable<RunBlocks["scope"]>;
  force?: boolean;
}

/** Saves what is typed, then runs; a conflict has to be settled first. No blocks: all stale ones. */
export async function run(
  editor: Editor,
  blocks: readonly string[],
  choice: RunChoice = {},
): Promise<void> {
  if (!(await editor.buffers.flush())) {
    toast("Not started: settle the unsaved text first, so that what runs is what is saved.", {
      tone: "failed",
    });
    return;
  }
  await editor.send({ op: "run-blocks", blocks: [...blocks], ...choice });
}

/** A fresh block is run again when it is asked for by name. */
export function runSelected(editor: Editor, name: string): Promise<void> {
  return run(editor, [name], { force: isFresh(editor.session.store.getState(), name) });
}

/** Runs blocks in one of the ways that menus offer; the keyboard stays at the block. */
export async function runWay(editor: Editor, way: Way, at?: string): Promise<void> {
  if (at !== undefined) select(editor, at);
  if (way.impossible === undefined) await run(editor, way.blocks, way.choice);
  else toast(way.impossible);
}

/** Lets cheap blocks run by themselves after an edit, or not; for all who look at the pipeline. */
export async function switchAutoRun(editor: Editor): Promise<void> {
  const on = !editor.session.store.getState().auto_run;
  const result = await editor.send<{ on: boolean }>({ op: "set-auto-run", on });
  if (result === null) return;
  toast(result.on ? "Cheap blocks now run by themselves." : "Blocks run only when asked to.");
}

/** Presses a button in the header of a block; false when it shows none. */
export function pressInBlock(name: string, purpose: string): boolean {
  const place = `#block-${CSS.escape(name)} [data-purpose='${purpose}']`;
  const button = document.querySelector<HTMLElement>(place);
  button?.click();
  return button !== null;
}

export async function runAndNext(editor: Editor, name: string): Promise<void> {
  const names = blockNames(editor);
  const next = names[names.indexOf(name) + 1];
  const running = runSelected(editor, name);
  if (next === undefined) openDialog(editor, { kind: "add", index: names.length });
  else select(editor, next);
  await running;
}

export async function runAndInsert(editor: Editor, name: string): Promise<void> {
  const running = runSelected(editor, name);
  openDialog(editor, { kind: "add", index: indexOf(editor, name) + 1 });
  await running;
}

export interface NewBlock {
  kind: Kind;
  language: Language;
}

/** Adds a block and opens its text; `index` counts among all blocks. */
export async function add(editor: Editor, what: NewBlock, index: number): Promise<void> {
  await insert(editor, { ...what, index });
}

export async function addFromLibrary(
  editor: Editor,
  block: LibraryBlock,
  index: number,
  settings: Record<string, unknown>,
): Promise<void> {
  const { kind, language, path } = block;
  await insert(editor, { kind, language, library: path, index, settings });
}

interface Addition extends NewBlock {
  index: number;
  library?: string;
  settings?: Record<string, unknown>;
}

async function insert(editor: Editor, addition: Addition): Promise<void> {
  const result = await editor.send<{ blocks: string[] }>({ op: "add-block", ...addition });
  const name = result?.blocks[0];
  if (name === undefined) return;
  expectBlock(editor, name, addition.library === undefined ? "edit" : "command");
}

/** Gives the keyboard to a block that was just made, now or as soon as it is here. */
export function expectBlock(editor: Editor, name: string, mode: "command" | "edit"): void {
  if (!blockNames(editor).includes(name)) editor.set({ awaited: { name, mode } });
  else if (mode === "edit") edit(editor, name);
  else select(editor, name);
}

export async function remove(
  editor: Editor,
  blocks: readonly string[],
  done = "Deleted",
): Promise<void> {
  const names = blockNames(editor);
  const last = names.indexOf(blocks.at(-1) ?? "");
  const first = names.indexOf(blocks[0] ?? "");
  const next = names[last + 1] ?? names[first - 1] ?? null;
  await editor.buffers.flush(blocks);
  const result = await editor.send({ op: "delete-blocks", blocks: [...blocks] });
  if (result === null) return;
  select(editor, next);
  toast(`${done} ${blocks.join(", ")}.`, {
    action: { label: "Undo", run: () => void undo(editor) },
  });
}

export async function move(editor: Editor, name: string, by: 1 | -1): Promise<void> {
  const index = indexOf(editor, name) + by;
  if (index < 0 || index >= blockNames(editor).length) return;
  await editor.send({ op: "move-block", block: name, index });
  focusBlock(name);
}

export async function rename(editor: Editor, block: string, name: string): Promise<void> {
  if (block === name) return;
  await editor.buffers.flush();
  editor.set({ awaited: { name, mode: "command" } });
  await editor.send({ op: "rename-block", block, name });
}

export async function connect(editor: Editor, upstream: string, downstream: string): Promise<void> {
  await editor.buffers.flush([downstream]);
  await editor.send({ op: "connect", upstream, downstream });
}

/** Removes an edge together with the argument it fed; `undo` brings both back. */
export async function disconnect(
  editor: Editor,
  upstream: string,
  downstream: string,
): Promise<void> {
  await editor.buffers.flush([downstream]);
  await editor.send({ op: "disconnect", upstream, downstream, remove_argument: true });
}

export function jump(editor: Editor, direction: "upstream" | "downstream"): void {
  const { selected } = editor.store.getState();
  if (selected === null) return;
  const state = editor.session.store.getState();
  const upstream = state.blocks.find((block) => block.name === selected)?.upstream ?? [];
  const [next] = direction === "upstream" ? upstream : downstreamOf(state, selected);
  if (next !== undefined) select(editor, next);
}

export async function duplicate(editor: Editor, block: string): Promise<void> {
  await editor.buffers.flush([block]);
  const result = await editor.send<{ blocks: string[] }>({ op: "duplicate-block", block });
  const name = result?.blocks[0];
  if (name === undefined) return;
  expectBlock(editor, name, "command");
}

/** Puts the text of a block into its standard form, as far as it did not change meanwhile. */
export async function format(editor: Editor, block: string): Promise<void> {
  const textNow = () => editor.buffers.store.getState()[block]?.text;
  const text = textNow();
  if (text === undefined) return;
  const result = await editor.send<{ text: string }>({ op: "format-source", block, text });
  if (result === null || textNow() !== text) return;
  if (result.text === text) toast(`${block} has its standard form.`);
  else editor.buffers.edit(block, result.text);
}

export async function undo(editor: Editor): Promise<void> {
  await told(editor, "undo", "Taken back");
}

export async function redo(editor: Editor): Promise<void> {
  await told(editor, "redo", "Done again");
}

async function told(editor: Editor, op: "undo" | "redo", word: string): Promise<void> {
  const what = editor.session.store.getState()[op];
  if (what === null) {
    toast(`Nothing to ${op}.`);
    return;
  }
  await editor.buffers.flush();
  const result = await editor.send({ op });
  if (result !== null) toast(`${word}: ${what}`);
}

export async function restart(editor: Editor): Promise<void> {
  await editor.send({ op: "restart-worker" });
  toast("The worker is being restarted.");
}

export async function saveNow(editor: Editor): Promise<void> {
  const isSaved = await editor.buffers.flush();
  toast(isSaved ? "Saved." : "Not saved: see the marked block.");
}

/** Saves what is typed, and gives the whole pipeline to the browser as a file. */
export async function exportAs(editor: Editor, form: "notebook" | "script"): Promise<void> {
  if (!(await editor.buffers.flush())) {
    toast("Not saved: see the marked block.");
    return;
  }
  const { pipeline } = editor.session;
  try {
    const path = `pipelines/${pipeline}/export`;
    const bytes = await createApi().bytes(path, { query: { to: form } });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([bytes]));
    link.download = `${pipeline}${form === "notebook" ? ".ipynb" : ".py"}`;
    link.click();
    URL.revokeObjectURL(link.href);
  } catch (thrown) {
    toastError(thrown);
  }
}

/** Where the keyboard goes for rows: into a grid rather than onto the tabs above it. */
const PREVIEWS = [
  ".zone-data [role='grid'] [tabindex='0']",
  ".zone-data [tabindex='0']",
  ".block[data-selected] .result-panel [role='grid'] [tabindex='0']",
  ".block[data-selected] .result-panel [tabindex='0']",
];

/** Into the grid of the data panel, or of the selected block. */
export function focusPreview(): void {
  for (const place of PREVIEWS) {
    const found = document.querySelector<HTMLElement>(place);
    if (found !== null) {
      found.focus();
      return;
    }
  }
}

/** Writes a check of a block's output into its code or its entry; what is typed is saved first. */
export async function addCheck(
  editor: Editor,
  block: string,
  expectation: Partial<Expectation>,
  typeName: string,
): Promise<void> {
  if (!(await editor.buffers.flush([block]))) {
    toast("Not written: settle the unsaved text of the block first.", { tone: "failed" });
    return;
  }
  const answer = await editor.send({ op: "add-check", block, expectation, type_name: typeName });
  if (answer === null) return;
  toast(`A check was written into ${block}. Run it to see what it says.`);
}
