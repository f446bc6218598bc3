/** The ways of all columns for those outside of React, asked for once for each state of the texts. */
import type { ColumnOf, Lineage } from "../../protocol";
import type { SessionState } from "../../session";
import type { Editor } from "../page/model";
import { Traces } from "./trace";

const kept = new WeakMap<Editor, { key: string; traces: Promise<Traces> }>();

/** Changes with every text and every result: all that lineage is read from. */
export function keyOf(state: SessionState): string {
  const outputs = state.blocks.map(
    ({ name, hash, upstream }) =>
      `${name} ${hash} ${upstream.join(",")} ${state.status[name]?.output?.address ?? ""}`,
  );
  return outputs.join("\n");
}

export function askTraces(editor: Editor): Promise<Traces> {
  const key = keyOf(editor.session.store.getState());
  const known = kept.get(editor);
  if (known?.key === key) return known.traces;
  const traces = editor.session
    .send<Lineage>({ op: "show-lineage" })
    .then((lineage) => new Traces(lineage));
  kept.set(editor, { key, traces });
  traces.catch(() => kept.delete(editor));
  return traces;
}

/** Some lines about columns: where each comes from, and what depends on it. */
export async function wordsOf(editor: Editor, columns: readonly ColumnOf[]): Promise<string> {
  const traces = await askTraces(editor);
  return columns
    .map(({ block, column }) => {
      const words = traces.words(block, column);
      return columns.length > 1 ? `${block}.${column}\n${words}`.trim() : words;
    })
    .filter(Boolean)
    .join("\n");
}
