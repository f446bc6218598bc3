/** All that a block's editor can do, apart from its language and what the server knows. */
import {
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  completionStatus,
} from "@codemirror/autocomplete";
import {
  defaultKeymap,
  history,
  historyKeymap,
  indentWithTab,
  temporarilySetTabFocusMode,
  toggleTabFocusMode,
} from "@codemirror/commands";
import { bracketMatching, indentOnInput } from "@codemirror/language";
import { diagnosticCount, openLintPanel } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension, Prec } from "@codemirror/state";
import {
  type Command,
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  type KeyBinding,
  keymap,
  lineNumbers,
  tooltips,
} from "@codemirror/view";
import { codeTheme } from "./theme";

export interface Leaving {
  /** Esc: back to command mode. */
  onEscape: () => void;
  /** The cursor left the text by its first (-1) or last (1) line. */
  onLeave: (direction: -1 | 1) => void;
}

/**
 * Esc closes what can be seen open first; only then it leaves the text, and Tab moves on. A
 * completion that is only asked for must not cost a second press.
 */
function closeOrLeave({ onEscape }: Leaving): Command {
  return (view) => {
    const open = completionStatus(view.state) === "active" || view.dom.querySelector(".cm-panel");
    if (open || view.state.selection.ranges.length > 1) {
      return false;
    }
    temporarilySetTabFocusMode(view);
    onEscape();
    return true;
  };
}

function leave(direction: -1 | 1, { onLeave }: Leaving): Command {
  return (view) => {
    const { main } = view.state.selection;
    const end = direction < 0 ? 0 : view.state.doc.length;
    if (!main.empty || main.head !== end || completionStatus(view.state) !== null) {
      return false;
    }
    onLeave(direction);
    return true;
  };
}

/** Enter with Ctrl or Shift belongs to the page: it runs blocks. */
const textKeys: KeyBinding[] = defaultKeymap.flatMap((binding) => {
  if (binding.key === "Mod-Enter") return [];
  if (binding.key !== "Enter") return [binding];
  return [{ key: "Enter", ...(binding.run && { run: binding.run }) }];
});

const editingKeys: KeyBinding[] = [
  ...closeBracketsKeymap,
  ...textKeys,
  ...searchKeymap,
  ...historyKeymap,
  ...completionKeymap,
  { key: "F8", run: (view) => diagnosticCount(view.state) > 0 && openLintPanel(view) },
  { key: "Ctrl-m", run: toggleTabFocusMode },
  indentWithTab,
];

export function editing(leaving: Leaving): Extension {
  return [
    lineNumbers(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    history(),
    drawSelection(),
    // A block cuts off what hangs over its border.
    tooltips({ parent: document.body }),
    EditorState.allowMultipleSelections.of(true),
    EditorView.lineWrapping,
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    highlightSelectionMatches(),
    Prec.highest(keymap.of([{ key: "Escape", run: closeOrLeave(leaving) }])),
    keymap.of([
      { key: "ArrowUp", run: leave(-1, leaving) },
      { key: "ArrowDown", run: leave(1, leaving) },
      ...editingKeys,
    ]),
    codeTheme,
  ];
}

export const readOnly: Extension = [EditorState.readOnly.of(true), EditorView.editable.of(false)];
