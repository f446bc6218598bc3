/** The live editor of one block: CodeMirror on one side, buffer, session and selection on the other. */
import { Annotation, EditorState } from "@codemirror/state";
import { EditorView, placeholder } from "@codemirror/view";
import type { BlockTable, Completions, Fix, Inspection } from "../../protocol";
import { blockNamed, signOf, statusOf } from "../../session";
import { failureWords } from "../../ui";
import { wordsOf } from "../lineage/ask";
import type { Editor } from "../page/model";
import { edit, openDialog, select, step } from "../page/operations";
import { serverCompletion } from "./completion";
import { codeKeys, definitionOf } from "./definition";
import { serverInspection } from "./inspection";
import { labelled } from "./labelled";
import { languageExtension } from "./languages";
import { type FailedLine, lineMarks, showDiagnostics, showFailedLine } from "./marks";
import { replacement } from "./replacement";
import { editing, readOnly } from "./setup";
import { tablesRead } from "./tables";

/** Marks changes that come from the buffer, so that they are not taken for typing. */
const fromBuffer = Annotation.define<boolean>();

const HINTS: Record<BlockTable["language"], string> = {
  python: "A function with a decorator, e.g. @transformer",
  sql: "select … from an upstream block",
  markdown: "Text in Markdown",
  notebook: "",
};

/** Puts an editor for `block` into `parent`; the returned function takes it away again. */
export function mountCode(
  parent: HTMLElement,
  editor: Editor,
  block: BlockTable,
  writable: boolean,
): () => void {
  const { name } = block;
  const buffer = () => editor.buffers.store.getState()[name];
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: buffer()?.text ?? "",
      extensions: [
        editing({
          onEscape: () => select(editor, name),
          onLeave: (direction) => leave(editor, name, direction),
        }),
        lineMarks,
        languageExtension(block.language),
        placeholder(HINTS[block.language]),
        labelled(`Code of ${name}`),
        codeKeys(editor, name),
        writable ? knowledge(editor, block) : readOnly,
        EditorView.updateListener.of((update) => {
          const typed = update.transactions.some(
            (transaction) => transaction.docChanged && !transaction.annotation(fromBuffer),
          );
          if (typed) {
            editor.buffers.edit(name, update.state.doc.toString());
            noteTables(editor, name, update.state);
          }
          if (update.focusChanged && update.view.hasFocus) edit(editor, name);
        }),
      ],
    }),
  });
  const stops = [
    followBuffer(view, editor, name),
    followSession(view, editor, name),
    followMode(view, editor, name),
  ];
  return () => {
    for (const stop of stops) stop();
    view.destroy();
  };
}

/** Tells the canvas at once which blocks a SQL text reads; the server draws their edges later. */
function noteTables(editor: Editor, name: string, state: EditorState): void {
  const all = editor.session.store.getState();
  const block = blockNamed(all, name);
  if (block?.language !== "sql" || block.connection !== null) return;
  const names = all.blocks.map((other) => other.name);
  const read = tablesRead(state)
    .map((table) => definitionOf(table, block.inputs, names))
    .filter((found): found is string => found !== null && !block.upstream.includes(found));
  const { typed } = editor.store.getState();
  if (read.join("\n") === (typed[name] ?? []).join("\n")) return;
  editor.set({ typed: { ...typed, [name]: read } });
}

function knowledge(editor: Editor, { name, language }: BlockTable) {
  if (language === "markdown" || language === "notebook") return [];
  const { session } = editor;
  return [
    serverCompletion((text, place) =>
      session.send<Completions>({ op: "complete", block: name, text, ...place }),
    ),
    serverInspection(
      async (text, place) => {
        const found = await session.send<Inspection>({
          op: "inspect",
          block: name,
          text,
          ...place,
        });
        // The server leaves out the name of the block that it was asked about.
        const columns = found.columns.map((one) => ({ ...one, block: one.block || name }));
        return { ...found, columns };
      },
      {
        words: (columns) => wordsOf(editor, columns),
        show: ({ block, column }) => openDialog(editor, { kind: "lineage", block, column }),
      },
    ),
  ];
}

/** Past the first or last line the cursor goes on into the neighbour. */
function leave(editor: Editor, name: string, direction: 1 | -1): void {
  select(editor, name);
  step(editor, direction);
}

function followBuffer(view: EditorView, editor: Editor, name: string): () => void {
  const follow = (): void => {
    const text = editor.buffers.store.getState()[name]?.text;
    if (text === undefined) return;
    const changes = replacement(view.state.doc.toString(), text);
    if (changes !== null) view.dispatch({ changes, annotations: fromBuffer.of(true) });
  };
  return editor.buffers.store.subscribe((buffers, before) => {
    if (buffers[name] !== before[name]) follow();
  });
}

function followSession(view: EditorView, editor: Editor, name: string): () => void {
  const { store } = editor.session;
  const fix = ({ command }: Fix): void => {
    if (command.op === "translate-source") {
      openDialog(editor, { kind: "translate", block: name });
      return;
    }
    void editor.buffers.flush([name]).then(() => editor.send(command));
  };
  const diagnose = (): void => {
    const mine = store.getState().diagnostics.filter(({ block }) => block === name);
    showDiagnostics(view, mine, fix);
  };
  const fail = (): void => showFailedLine(view, failedLine(editor, name));
  diagnose();
  fail();
  return store.subscribe((state, before) => {
    if (state.diagnostics !== before.diagnostics) diagnose();
    if (state.status[name] !== before.status[name]) fail();
  });
}

function failedLine(editor: Editor, name: string): FailedLine | null {
  const status = statusOf(editor.session.store.getState(), name);
  const { failure } = status;
  if (failure?.line == null || signOf(status) !== "failed") return null;
  return { line: failure.line, message: failureWords(failure) };
}

/** In edit mode the text of the selected block has the keyboard. */
function followMode(view: EditorView, editor: Editor, name: string): () => void {
  const follow = (): void => {
    const { selected, mode, dialog } = editor.store.getState();
    const mine = selected === name && mode === "edit" && dialog === null;
    if (mine && !view.hasFocus) view.focus();
  };
  follow();
  return editor.store.subscribe(follow);
}
