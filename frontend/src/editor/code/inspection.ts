/** Signature while a call is typed, and help on the name under the pointer. */
import { type EditorState, type Extension, StateEffect, StateField } from "@codemirror/state";
import {
  type EditorView,
  hoverTooltip,
  keymap,
  showTooltip,
  type Tooltip,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";
import type { ColumnOf, Inspection } from "../../protocol";
import { type Place, placeAt } from "./positions";

export type AskInspection = (text: string, place: Place) => Promise<Inspection | null>;

/** What can be told of columns that stand in SQL, and where all of it is shown. */
export interface Columns {
  words(columns: readonly ColumnOf[]): Promise<string>;
  show(column: ColumnOf): void;
}

const WAIT_MS = 120;
const SHOWN_LINES = 12;
const setSignature = StateEffect.define<Tooltip | null>();

const signature = StateField.define<Tooltip | null>({
  create: () => null,
  update(shown, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(setSignature)) {
        return effect.value;
      }
    }
    return shown;
  },
  provide: (field) => showTooltip.from(field),
});

/** The signature in three parts: before, inside and after the argument that is being typed. */
export function signatureParts(text: string, argument: number | null): [string, string, string] {
  const open = text.indexOf("(");
  if (argument === null || open < 0) {
    return [text, "", ""];
  }
  let depth = 0;
  let index = 0;
  let from = open + 1;
  for (let at = open + 1; at < text.length; at += 1) {
    const char = text[at] ?? "";
    const closes = depth === 0 && char === ")";
    if (closes || (depth === 0 && char === ",")) {
      if (index === argument) {
        return [text.slice(0, from), text.slice(from, at), text.slice(at)];
      }
      if (closes) {
        break;
      }
      index += 1;
      from = at + 1;
    }
    depth += "([{".includes(char) ? 1 : ")]}".includes(char) ? -1 : 0;
  }
  return [text, "", ""];
}

/** Where columns come from and go, below what is said of the name. */
function renderColumns(root: HTMLElement, words: string, show: (() => void) | null): void {
  if (words !== "") {
    const lines = root.appendChild(document.createElement("p"));
    lines.className = "cm-lineage";
    lines.textContent = words;
  }
  if (show === null) return;
  const button = root.appendChild(document.createElement("button"));
  button.type = "button";
  button.textContent = "Lineage (Shift+F12)";
  button.onclick = show;
}

function render(found: Inspection): HTMLElement {
  const root = document.createElement("div");
  root.className = "cm-inspection";
  if (found.signature) {
    const line = root.appendChild(document.createElement("code"));
    const [before, current, after] = signatureParts(found.signature, found.argument ?? null);
    const strong = document.createElement("strong");
    strong.textContent = current;
    line.append(before, strong, after);
  }
  if (found.documentation) {
    const words = root.appendChild(document.createElement("p"));
    words.textContent = found.documentation.split("\n").slice(0, SHOWN_LINES).join("\n");
  }
  return root;
}

/** Is the cursor inside parentheses that were opened within the last 20 lines? */
function insideCall(state: EditorState): boolean {
  const head = state.selection.main.head;
  const text = state.sliceDoc(Math.max(0, head - 2000), head);
  let depth = 0;
  for (let at = text.length - 1; at >= 0; at -= 1) {
    depth += text[at] === ")" ? 1 : text[at] === "(" ? -1 : 0;
    if (depth < 0) {
      return /\w$/.test(text.slice(0, at));
    }
  }
  return false;
}

function signatureHelp(ask: AskInspection): Extension {
  return ViewPlugin.define((view) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = (tooltip: Tooltip | null) => {
      if (tooltip !== null || view.state.field(signature) !== null) {
        view.dispatch({ effects: setSignature.of(tooltip) });
      }
    };
    const look = async () => {
      if (!(view.hasFocus && insideCall(view.state))) {
        return show(null);
      }
      const { head } = view.state.selection.main;
      const doc = view.state.doc;
      const found = await ask(doc.toString(), placeAt(doc, head)).catch(() => null);
      if (view.state.doc === doc && view.state.selection.main.head === head) {
        const dom = found?.signature ? render({ ...found, documentation: "" }) : null;
        show(dom && { pos: head, above: true, create: () => ({ dom }) });
      }
    };
    return {
      update(update: ViewUpdate) {
        if (update.docChanged || update.selectionSet || update.focusChanged) {
          clearTimeout(timer);
          timer = setTimeout(look, WAIT_MS);
        }
      },
      destroy: () => clearTimeout(timer),
    };
  });
}

function hover(ask: AskInspection, known: Columns): Extension {
  return hoverTooltip(async (view, pos) => {
    const doc = view.state.doc;
    const found = await ask(doc.toString(), placeAt(doc, pos)).catch(() => null);
    const [column] = found?.columns ?? [];
    if (!(found && (found.signature || found.documentation || column))) {
      return null;
    }
    const words = column === undefined ? "" : await known.words(found.columns).catch(() => "");
    const show = column === undefined ? null : () => known.show(column);
    const create = () => {
      const dom = render(found);
      renderColumns(dom, words, show);
      return { dom };
    };
    return { pos, above: true, create };
  });
}

/** Shift+F12 shows all of the column at the cursor. */
function columnKey(ask: AskInspection, known: Columns): Extension {
  const show = async (view: EditorView): Promise<void> => {
    const { doc, selection } = view.state;
    const found = await ask(doc.toString(), placeAt(doc, selection.main.head)).catch(() => null);
    const [column] = found?.columns ?? [];
    if (column !== undefined) known.show(column);
  };
  return keymap.of([
    {
      key: "Shift-F12",
      run: (view) => {
        void show(view);
        return true;
      },
    },
  ]);
}

export function serverInspection(ask: AskInspection, known: Columns): Extension {
  return [signature, signatureHelp(ask), hover(ask, known), columnKey(ask, known)];
}
