import type { BlockTable } from "../../protocol";
import { blockNamed } from "../../session";
import { type Handlers, navigate, toast, useCommands } from "../../ui";
import * as clipboard from "../page/clipboard";
import type { Editor } from "../page/model";
import * as operations from "../page/operations";
import {
  type BlockCommand,
  type PipelineCommandId,
  waysOfBlock,
  waysOfPipeline,
} from "../page/ways";
import { changeKind, changeLanguage } from "./changes";

type WithBlock = (block: BlockTable) => unknown;

/** Binds every command of the editor; keys, palette, menus and help all come from the one table. */
export function useEditorCommands(editor: Editor): void {
  useCommands({ ...pageCommands(editor), ...blockCommands(editor), ...turnCommands(editor) });
}

/** A command of the selected block; without one its key is left alone. */
function onBlock(editor: Editor, act: WithBlock): { run(): void; enabled(): boolean } {
  const current = (): BlockTable | undefined => {
    const { selected, dialog } = editor.store.getState();
    if (selected === null || dialog !== null) return undefined;
    return blockNamed(editor.session.store.getState(), selected);
  };
  return {
    enabled: () => current() !== undefined,
    run: () => {
      const block = current();
      if (block !== undefined) act(block);
    },
  };
}

function pageCommands(editor: Editor): Handlers {
  const add = (offset: 0 | 1) => () => {
    const index = operations.indexOf(editor, editor.store.getState().selected);
    operations.openDialog(editor, { kind: "add", index: index < 0 ? 0 : index + offset });
  };
  return {
    "view-blocks": () => editor.set({ view: "blocks" }),
    "view-canvas": () => editor.set({ view: "canvas" }),
    "view-split": () => editor.set({ view: "split" }),
    "paste-block": {
      run: () => void clipboard.paste(editor),
      enabled: () => editor.store.getState().dialog === null,
    },
    "run-all": () => void operations.run(editor, []),
    "auto-run": () => void operations.switchAutoRun(editor),
    "retry-failed": () => void runPipeline(editor, "retry-failed"),
    "run-everything": () => void runPipeline(editor, "run-everything"),
    "cancel-run": () => void editor.send({ op: "cancel-run" }),
    "export-notebook": () => void operations.exportAs(editor, "notebook"),
    "export-script": () => void operations.exportAs(editor, "script"),
    "restart-worker": () => void operations.restart(editor),
    "add-above": add(0),
    "add-below": add(1),
    undo: () => void operations.undo(editor),
    redo: () => void operations.redo(editor),
    save: () => void operations.saveNow(editor),
    "focus-preview": () => operations.focusPreview(),
    "pin-output": () => {
      const { pinned, selected } = editor.store.getState();
      editor.set({ pinned: pinned === null ? selected : null });
    },
  };
}

function blockCommands(editor: Editor): Handlers {
  const on = (act: WithBlock) => onBlock(editor, act);
  return {
    "edit-block": on(({ name }) => operations.edit(editor, name)),
    "next-block": on(() => operations.step(editor, 1)),
    "previous-block": on(() => operations.step(editor, -1)),
    "run-block": on(({ name }) => operations.runSelected(editor, name)),
    "run-and-next": on(({ name }) => operations.runAndNext(editor, name)),
    "run-and-insert": on(({ name }) => operations.runAndInsert(editor, name)),
    "run-only": on(({ name }) => runBlock(editor, name, "run-only")),
    "run-until": on(({ name }) => runBlock(editor, name, "run-until")),
    "run-from": on(({ name }) => runBlock(editor, name, "run-from")),
    "run-forced": on(({ name }) => runBlock(editor, name, "run-forced")),
    "run-menu": on(({ name }) => operations.pressInBlock(name, "run-menu")),
    why: on(({ name }) => {
      if (!operations.pressInBlock(name, "why")) toast(`There is nothing to explain of ${name}.`);
    }),
    "open-last-run": on(({ name }) => openLastRun(editor, name)),
    "move-up": on(({ name }) => operations.move(editor, name, -1)),
    "move-down": on(({ name }) => operations.move(editor, name, 1)),
    "duplicate-block": on(({ name }) => operations.duplicate(editor, name)),
    "delete-block": on(() => operations.remove(editor, operations.selection(editor))),
    "extend-down": on(() => operations.extend(editor, 1)),
    "extend-up": on(() => operations.extend(editor, -1)),
    "cut-block": on(() => clipboard.cut(editor)),
    "copy-block": on(() => clipboard.copy(editor)),
    format: on(({ name }) => operations.format(editor, name)),
    "rename-block": on(({ name }) =>
      operations.openDialog(editor, { kind: "rename", block: name }),
    ),
    "connect-block": on(({ name }) =>
      operations.openDialog(editor, { kind: "connect", block: name }),
    ),
    "block-settings": on(({ name }) =>
      operations.openDialog(editor, { kind: "configure", block: name }),
    ),
    "go-upstream": on(() => operations.jump(editor, "upstream")),
    "go-downstream": on(() => operations.jump(editor, "downstream")),
  };
}

async function runBlock(editor: Editor, name: string, command: BlockCommand): Promise<void> {
  const ways = waysOfBlock(editor.session.store.getState(), name);
  const way = ways.find((one) => one.command === command);
  if (way !== undefined) await operations.runWay(editor, way);
}

async function runPipeline(editor: Editor, command: PipelineCommandId): Promise<void> {
  const ways = waysOfPipeline(editor.session.store.getState());
  const way = ways.find((one) => one.command === command);
  if (way !== undefined) await operations.runWay(editor, way);
}

function turnCommands(editor: Editor): Handlers {
  const language = (to: "python" | "sql" | "markdown") =>
    onBlock(editor, (block) => changeLanguage(editor, block, to));
  const kind = (to: "loader" | "transformer" | "exporter" | "sensor") =>
    onBlock(editor, (block) => changeKind(editor, block, to));
  return {
    "to-python": language("python"),
    "to-sql": language("sql"),
    "to-markdown": language("markdown"),
    "to-loader": kind("loader"),
    "to-transformer": kind("transformer"),
    "to-exporter": kind("exporter"),
    "to-sensor": kind("sensor"),
  };
}

function openLastRun(editor: Editor, name: string): void {
  const run = editor.session.store.getState().status[name]?.run ?? null;
  if (run === null) toast(`${name} was not run yet.`);
  else navigate(`/p/${editor.session.pipeline}/runs/${run}`);
}
