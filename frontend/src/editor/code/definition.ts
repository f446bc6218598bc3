/** F12 and Shift+Alt+F in the code of a block. */
import type { Extension } from "@codemirror/state";
import { type EditorView, keymap } from "@codemirror/view";
import { blockNamed } from "../../session";
import { toast } from "../../ui";
import type { Editor } from "../page/model";
import { format, select } from "../page/operations";

export function codeKeys(editor: Editor, name: string): Extension {
  return keymap.of([
    { key: "F12", run: (view) => goToDefinition(view, editor, name) },
    {
      key: "Shift-Alt-f",
      run: () => {
        void format(editor, name);
        return true;
      },
    },
  ]);
}

/** Goes to the block that the word at the cursor stands for. */
function goToDefinition(view: EditorView, editor: Editor, name: string): boolean {
  const { state } = view;
  const word = state.wordAt(state.selection.main.head);
  if (word === null) return true;
  const text = state.sliceDoc(word.from, word.to);
  const all = editor.session.store.getState();
  const inputs = blockNamed(all, name)?.inputs ?? {};
  const meant = definitionOf(
    text,
    inputs,
    all.blocks.map((block) => block.name),
  );
  if (meant === null || meant === name) toast(`${text} is no other block.`);
  else select(editor, meant);
  return true;
}

/** The block that a word names: an input by another name, or a block; in SQL in any case. */
export function definitionOf(
  word: string,
  inputs: Readonly<Record<string, string>>,
  blocks: readonly string[],
): string | null {
  const input = inputs[word] ?? inputs[word.toLowerCase()];
  if (input !== undefined) return input;
  return blocks.find((block) => block === word || block === word.toLowerCase()) ?? null;
}
