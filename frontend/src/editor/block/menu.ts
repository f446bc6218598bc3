/** The menu of a block: all that can be done to it, each with its key. */
import type { BlockTable } from "../../protocol";
import { type MenuEntry, toast } from "../../ui";
import type { Editor } from "../page/model";
import {
  blockNames,
  duplicate,
  indexOf,
  move,
  openDialog,
  remove,
  runWay,
} from "../page/operations";
import { waysOfBlock } from "../page/ways";

export function menuOf(editor: Editor, block: BlockTable): MenuEntry[] {
  const { name } = block;
  const index = indexOf(editor, name);
  const last = index === blockNames(editor).length - 1;
  const text = block.kind === "markdown";
  return [
    ...(text ? [] : ([...runEntries(editor, name), "line"] satisfies MenuEntry[])),
    {
      label: "Rename…",
      command: "rename-block",
      onSelect: () => openDialog(editor, { kind: "rename", block: name }),
    },
    {
      label: "Settings…",
      command: "block-settings",
      onSelect: () => openDialog(editor, { kind: "configure", block: name }),
    },
    ...(text || block.kind === "sensor"
      ? []
      : ([
          {
            label: block.contract === null ? "Freeze schema…" : "Contract…",
            onSelect: () => openDialog(editor, { kind: "contract", block: name }),
          },
        ] satisfies MenuEntry[])),
    ...(text
      ? []
      : ([
          {
            label: "Connect to…",
            command: "connect-block",
            onSelect: () => openDialog(editor, { kind: "connect", block: name }),
          },
        ] satisfies MenuEntry[])),
    ...(block.language === "sql"
      ? ([
          {
            label: "Translate SQL…",
            onSelect: () => openDialog(editor, { kind: "translate", block: name }),
          },
        ] satisfies MenuEntry[])
      : []),
    {
      label: "Duplicate",
      command: "duplicate-block",
      onSelect: () => void duplicate(editor, name),
    },
    "line",
    {
      label: "Move up",
      command: "move-up",
      impossible: index === 0 ? "It is the first block." : undefined,
      onSelect: () => void move(editor, name, -1),
    },
    {
      label: "Move down",
      command: "move-down",
      impossible: last ? "It is the last block." : undefined,
      onSelect: () => void move(editor, name, 1),
    },
    {
      label: "Add block above…",
      command: "add-above",
      onSelect: () => openDialog(editor, { kind: "add", index }),
    },
    {
      label: "Add block below…",
      command: "add-below",
      onSelect: () => openDialog(editor, { kind: "add", index: index + 1 }),
    },
    { label: "Copy file path", detail: block.file, onSelect: () => void copy(block.file) },
    "line",
    {
      label: "Delete",
      command: "delete-block",
      danger: true,
      onSelect: () => void remove(editor, [name]),
    },
  ];
}

/** The ways to run a block, each with what it would run. */
export function runEntries(editor: Editor, name: string): MenuEntry[] {
  return waysOfBlock(editor.session.store.getState(), name).map((way) => ({
    ...way,
    onSelect: () => void runWay(editor, way, name),
  }));
}

async function copy(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
  toast("Path copied.");
}
