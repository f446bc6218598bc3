/**
 * Every command with its keys: feeds menus, palette, tooltips and help.
 *
 * A key is `Ctrl+Shift+Enter` (Ctrl is also the Mac's ⌘), a sequence is `g b`. Where:
 * `anywhere` works while typing too, `page` when nothing is typed into, `blocks` in command mode of
 * the editor, `canvas` on the canvas, `grid` in the data panel, `code` inside a code editor.
 */
export type Where = "anywhere" | "page" | "blocks" | "canvas" | "grid" | "code";

export interface Shortcut {
  title: string;
  section: "Go" | "Run" | "Blocks" | "Edit" | "Canvas" | "Data" | "App";
  where: Where;
  keys: readonly string[];
  /** The palette does not list it: moving the cursor makes no sense there. */
  silent?: boolean;
}

export type CommandId =
  | "palette"
  | "help"
  | "theme"
  | "new-pipeline"
  | "import-notebook"
  | "export-notebook"
  | "export-script"
  | "search-page"
  | "go-home"
  | "go-runs"
  | "go-schedules"
  | "go-settings"
  | "view-blocks"
  | "view-canvas"
  | "view-split"
  | "run-block"
  | "run-and-next"
  | "run-and-insert"
  | "run-all"
  | "run-only"
  | "run-until"
  | "run-from"
  | "run-forced"
  | "run-menu"
  | "retry-failed"
  | "run-everything"
  | "auto-run"
  | "why"
  | "cancel-run"
  | "restart-worker"
  | "open-last-run"
  | "schedule"
  | "publish"
  | "edit-block"
  | "leave-code"
  | "next-block"
  | "previous-block"
  | "extend-down"
  | "extend-up"
  | "add-above"
  | "add-below"
  | "move-up"
  | "move-down"
  | "duplicate-block"
  | "cut-block"
  | "copy-block"
  | "paste-block"
  | "delete-block"
  | "rename-block"
  | "connect-block"
  | "block-settings"
  | "go-upstream"
  | "go-downstream"
  | "to-python"
  | "to-markdown"
  | "to-sql"
  | "to-loader"
  | "to-transformer"
  | "to-exporter"
  | "to-sensor"
  | "undo"
  | "redo"
  | "save"
  | "format"
  | "complete"
  | "definition"
  | "column-lineage"
  | "problems"
  | "tab-indents"
  | "canvas-connect"
  | "focus-ancestors"
  | "focus-descendants"
  | "canvas-fit"
  | "zoom-in"
  | "zoom-out"
  | "focus-preview"
  | "pin-output"
  | "grid-sort"
  | "grid-sort-too"
  | "grid-filter"
  | "grid-only"
  | "grid-without"
  | "grid-search"
  | "grid-clear"
  | "grid-column"
  | "grid-row"
  | "grid-freeze"
  | "grid-hide"
  | "grid-show-columns"
  | "grid-move-left"
  | "grid-move-right"
  | "grid-fit"
  | "grid-menu"
  | "grid-copy-csv"
  | "grid-copy-markdown"
  | "grid-copy-python"
  | "grid-export"
  | "make-block"
  | "grid-rename"
  | "grid-cast"
  | "grid-drop"
  | "view-chart";

export const SHORTCUTS: Readonly<Record<CommandId, Shortcut>> = {
  palette: {
    title: "Find a command, pipeline, block or column",
    section: "App",
    where: "anywhere",
    keys: ["Ctrl+k"],
    silent: true,
  },
  help: { title: "Keyboard shortcuts", section: "App", where: "page", keys: ["?"] },
  theme: { title: "Switch light and dark", section: "App", where: "page", keys: [] },
  "new-pipeline": { title: "New pipeline", section: "App", where: "page", keys: ["n"] },
  "import-notebook": { title: "Import a notebook", section: "App", where: "page", keys: [] },
  "export-notebook": { title: "Save as a notebook", section: "App", where: "page", keys: [] },
  "export-script": { title: "Save as a script", section: "App", where: "page", keys: [] },
  "search-page": { title: "Search this page", section: "App", where: "page", keys: ["/"] },

  "go-home": { title: "Go to pipelines", section: "Go", where: "page", keys: ["g h"] },
  "go-runs": { title: "Go to runs", section: "Go", where: "page", keys: ["g r"] },
  "go-schedules": { title: "Go to schedules", section: "Go", where: "page", keys: ["g t"] },
  "go-settings": { title: "Go to settings", section: "Go", where: "page", keys: ["g ,"] },
  "view-blocks": { title: "View blocks", section: "Go", where: "page", keys: ["g b"] },
  "view-canvas": { title: "View canvas", section: "Go", where: "page", keys: ["g c"] },
  "view-split": { title: "View canvas and blocks", section: "Go", where: "page", keys: ["g s"] },

  "run-block": {
    title: "Run block with its stale ancestors",
    section: "Run",
    where: "anywhere",
    keys: ["Ctrl+Enter"],
  },
  "run-and-next": {
    title: "Run block and go to the next",
    section: "Run",
    where: "anywhere",
    keys: ["Shift+Enter"],
  },
  "run-and-insert": {
    title: "Run block and insert one below",
    section: "Run",
    where: "anywhere",
    keys: ["Alt+Enter"],
  },
  "run-all": {
    title: "Run everything that is stale",
    section: "Run",
    where: "anywhere",
    keys: ["Ctrl+Shift+Enter"],
  },
  "run-menu": {
    title: "Choose how to run the block",
    section: "Run",
    where: "blocks",
    keys: ["e e"],
  },
  "run-only": { title: "Run only this block", section: "Run", where: "blocks", keys: ["e o"] },
  "run-until": {
    title: "Run until here, what is fresh too",
    section: "Run",
    where: "blocks",
    keys: ["e u"],
  },
  "run-from": {
    title: "Run from here, with all below",
    section: "Run",
    where: "blocks",
    keys: ["e d"],
  },
  "run-forced": {
    title: "Run this block, taking nothing from the store",
    section: "Run",
    where: "blocks",
    keys: ["e f"],
  },
  "retry-failed": {
    title: "Retry what failed",
    section: "Run",
    where: "blocks",
    keys: ["e r"],
  },
  "run-everything": {
    title: "Run everything, taking nothing from the store",
    section: "Run",
    where: "blocks",
    keys: ["e a"],
  },
  "auto-run": {
    title: "Let cheap blocks run by themselves, or not",
    section: "Run",
    where: "blocks",
    keys: ["e c"],
  },
  why: { title: "Say why the block is as it is", section: "Run", where: "blocks", keys: ["w"] },
  "cancel-run": { title: "Stop what is running", section: "Run", where: "blocks", keys: ["i i"] },
  "restart-worker": { title: "Restart the worker", section: "Run", where: "blocks", keys: ["0 0"] },
  "open-last-run": {
    title: "Open the last run of the block",
    section: "Run",
    where: "blocks",
    keys: ["r"],
  },
  publish: {
    title: "Publish the draft",
    section: "Run",
    where: "blocks",
    keys: ["e p"],
  },
  schedule: {
    title: "Schedule this pipeline",
    section: "Run",
    where: "anywhere",
    keys: ["Ctrl+Shift+s"],
  },

  "edit-block": {
    title: "Edit the block's code",
    section: "Blocks",
    where: "blocks",
    keys: ["Enter"],
    silent: true,
  },
  "leave-code": {
    title: "Leave the code",
    section: "Blocks",
    where: "code",
    keys: ["Escape"],
    silent: true,
  },
  "next-block": {
    title: "Next block",
    section: "Blocks",
    where: "blocks",
    keys: ["j", "ArrowDown"],
    silent: true,
  },
  "previous-block": {
    title: "Previous block",
    section: "Blocks",
    where: "blocks",
    keys: ["k", "ArrowUp"],
    silent: true,
  },
  "extend-down": {
    title: "Extend the selection down",
    section: "Blocks",
    where: "blocks",
    keys: ["Shift+j", "Shift+ArrowDown"],
    silent: true,
  },
  "extend-up": {
    title: "Extend the selection up",
    section: "Blocks",
    where: "blocks",
    keys: ["Shift+k", "Shift+ArrowUp"],
    silent: true,
  },
  "add-above": { title: "Add a block above", section: "Blocks", where: "blocks", keys: ["a"] },
  "add-below": { title: "Add a block below", section: "Blocks", where: "blocks", keys: ["b"] },
  "move-up": { title: "Move block up", section: "Blocks", where: "blocks", keys: ["Alt+ArrowUp"] },
  "move-down": {
    title: "Move block down",
    section: "Blocks",
    where: "blocks",
    keys: ["Alt+ArrowDown"],
  },
  "duplicate-block": {
    title: "Duplicate block",
    section: "Blocks",
    where: "blocks",
    keys: ["Shift+d"],
  },
  "cut-block": { title: "Cut block", section: "Blocks", where: "blocks", keys: ["x"] },
  "copy-block": { title: "Copy block", section: "Blocks", where: "blocks", keys: ["c c"] },
  "paste-block": { title: "Paste block below", section: "Blocks", where: "blocks", keys: ["v"] },
  "delete-block": { title: "Delete block", section: "Blocks", where: "blocks", keys: ["d d"] },
  "rename-block": {
    title: "Rename block everywhere",
    section: "Blocks",
    where: "anywhere",
    keys: ["F2"],
  },
  "connect-block": {
    title: "Connect block to…",
    section: "Blocks",
    where: "blocks",
    keys: ["c o"],
  },
  "block-settings": { title: "Block settings", section: "Blocks", where: "blocks", keys: ["s"] },
  "go-upstream": {
    title: "Go to the block upstream",
    section: "Blocks",
    where: "blocks",
    keys: ["u"],
  },
  "go-downstream": {
    title: "Go to the block downstream",
    section: "Blocks",
    where: "blocks",
    keys: ["o"],
  },
  "to-python": { title: "Turn into Python", section: "Blocks", where: "blocks", keys: ["y"] },
  "to-markdown": { title: "Turn into text", section: "Blocks", where: "blocks", keys: ["m"] },
  "to-sql": { title: "Turn into SQL", section: "Blocks", where: "blocks", keys: ["q"] },
  "to-loader": { title: "Turn into a loader", section: "Blocks", where: "blocks", keys: ["t l"] },
  "to-transformer": {
    title: "Turn into a transformer",
    section: "Blocks",
    where: "blocks",
    keys: ["t t"],
  },
  "to-exporter": {
    title: "Turn into an exporter",
    section: "Blocks",
    where: "blocks",
    keys: ["t e"],
  },
  "to-sensor": { title: "Turn into a sensor", section: "Blocks", where: "blocks", keys: ["t s"] },

  undo: {
    title: "Undo the last change of blocks",
    section: "Edit",
    where: "blocks",
    keys: ["z", "Ctrl+z"],
  },
  redo: { title: "Redo", section: "Edit", where: "blocks", keys: ["Shift+z", "Ctrl+Shift+z"] },
  save: { title: "Save now", section: "Edit", where: "anywhere", keys: ["Ctrl+s"] },
  format: { title: "Format the code", section: "Edit", where: "code", keys: ["Shift+Alt+f"] },
  complete: {
    title: "Complete",
    section: "Edit",
    where: "code",
    keys: ["Ctrl+Space"],
    silent: true,
  },
  problems: {
    title: "Show problems, with what mends them",
    section: "Edit",
    where: "code",
    keys: ["F8"],
    silent: true,
  },
  definition: {
    title: "Go to the definition",
    section: "Edit",
    where: "code",
    keys: ["F12"],
    silent: true,
  },
  "column-lineage": {
    title: "Show where a column comes from and goes",
    section: "Edit",
    where: "code",
    keys: ["Shift+F12"],
    silent: true,
  },
  "tab-indents": {
    title: "Tab indents or moves on",
    section: "Edit",
    where: "code",
    keys: ["Ctrl+m"],
    silent: true,
  },

  "canvas-connect": { title: "Connect to…", section: "Canvas", where: "canvas", keys: ["c"] },
  "focus-ancestors": {
    title: "Show ancestors only",
    section: "Canvas",
    where: "canvas",
    keys: ["["],
  },
  "focus-descendants": {
    title: "Show descendants only",
    section: "Canvas",
    where: "canvas",
    keys: ["]"],
  },
  "canvas-fit": { title: "Fit all blocks", section: "Canvas", where: "canvas", keys: ["f"] },
  "zoom-in": { title: "Zoom in", section: "Canvas", where: "canvas", keys: ["+"] },
  "zoom-out": { title: "Zoom out", section: "Canvas", where: "canvas", keys: ["-"] },

  "focus-preview": {
    title: "Go to the preview",
    section: "Data",
    where: "blocks",
    keys: ["Space"],
  },
  "pin-output": {
    title: "Keep this output in the panel",
    section: "Data",
    where: "blocks",
    keys: ["p"],
  },
  "grid-sort": {
    title: "Sort by this column",
    section: "Data",
    where: "grid",
    keys: ["s"],
  },
  "grid-sort-too": {
    title: "Sort by this column as well",
    section: "Data",
    where: "grid",
    keys: ["Shift+s"],
  },
  "grid-filter": {
    title: "Filter this column",
    section: "Data",
    where: "grid",
    keys: ["f"],
  },
  "grid-only": {
    title: "Keep rows with this value",
    section: "Data",
    where: "grid",
    keys: ["="],
  },
  "grid-without": {
    title: "Leave out rows with this value",
    section: "Data",
    where: "grid",
    keys: ["-"],
  },
  "grid-search": {
    title: "Search all columns",
    section: "Data",
    where: "grid",
    keys: ["Ctrl+f"],
  },
  "grid-clear": {
    title: "Show all rows, in their order",
    section: "Data",
    where: "grid",
    keys: ["x"],
  },
  "grid-column": {
    title: "Find a column",
    section: "Data",
    where: "grid",
    keys: ["/"],
  },
  "grid-row": {
    title: "Go to a row",
    section: "Data",
    where: "grid",
    keys: ["Ctrl+g"],
  },
  "grid-freeze": {
    title: "Freeze this column, or let it scroll",
    section: "Data",
    where: "grid",
    keys: ["z"],
  },
  "grid-hide": {
    title: "Hide this column",
    section: "Data",
    where: "grid",
    keys: ["h"],
  },
  "grid-show-columns": {
    title: "Show all columns",
    section: "Data",
    where: "grid",
    keys: ["Shift+h"],
  },
  "grid-move-left": {
    title: "Move this column to the left",
    section: "Data",
    where: "grid",
    keys: ["Alt+ArrowLeft"],
  },
  "grid-move-right": {
    title: "Move this column to the right",
    section: "Data",
    where: "grid",
    keys: ["Alt+ArrowRight"],
  },
  "grid-fit": {
    title: "Make this column as wide as its cells",
    section: "Data",
    where: "grid",
    keys: ["w"],
  },
  "grid-menu": {
    title: "Menu of this cell or column",
    section: "Data",
    where: "grid",
    keys: ["m"],
  },
  "grid-copy-csv": {
    title: "Copy as CSV",
    section: "Data",
    where: "grid",
    keys: ["c"],
  },
  "grid-copy-markdown": {
    title: "Copy as Markdown",
    section: "Data",
    where: "grid",
    keys: [],
  },
  "grid-copy-python": {
    title: "Copy as Python",
    section: "Data",
    where: "grid",
    keys: [],
  },
  "make-block": {
    title: "Make a block of these rows",
    section: "Data",
    where: "grid",
    keys: ["b"],
  },
  "grid-rename": {
    title: "Rename this column in a block",
    section: "Data",
    where: "grid",
    keys: ["n"],
  },
  "grid-cast": {
    title: "Turn this column into another type in a block",
    section: "Data",
    where: "grid",
    keys: ["t"],
  },
  "grid-drop": {
    title: "Drop this column in a block",
    section: "Data",
    where: "grid",
    keys: ["d"],
  },
  "view-chart": {
    title: "Show the chart of the data, or its rows",
    section: "Data",
    where: "page",
    keys: ["g d"],
  },
  "grid-export": {
    title: "Download these rows",
    section: "Data",
    where: "grid",
    keys: ["e"],
  },
};

/** Places whose keys can be live at the same time as those of a place. */
const TOGETHER: Readonly<Record<Where, readonly Where[]>> = {
  anywhere: ["anywhere", "page", "blocks", "canvas", "grid", "code"],
  page: ["anywhere", "page", "blocks", "canvas"],
  blocks: ["anywhere", "page", "blocks"],
  canvas: ["anywhere", "page", "canvas"],
  grid: ["anywhere", "grid"],
  code: ["anywhere", "code"],
};

/** Pairs of commands that one key would start, or whose sequence another key cuts short. */
export function clashes(table: Readonly<Record<string, Shortcut>> = SHORTCUTS): string[] {
  const found: string[] = [];
  const all = Object.entries(table).flatMap(([id, shortcut]) =>
    shortcut.keys.map((keys) => ({ id, keys: keys.toLowerCase(), where: shortcut.where })),
  );
  for (const [index, one] of all.entries()) {
    for (const other of all.slice(index + 1)) {
      if (one.id === other.id || !TOGETHER[one.where].includes(other.where)) continue;
      const cut = one.keys.startsWith(`${other.keys} `) || other.keys.startsWith(`${one.keys} `);
      if (one.keys === other.keys || cut) found.push(`${one.keys}: ${one.id}, ${other.id}`);
    }
  }
  return found;
}

/** First key of a command for a tooltip or menu, e.g. "Ctrl+Enter". */
export function keysOf(id: CommandId): string | undefined {
  return SHORTCUTS[id].keys[0];
}
