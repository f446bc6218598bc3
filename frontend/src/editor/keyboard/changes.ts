/** Turning a block into another kind or language. */
import type { BlockTable, Kind, Language } from "../../protocol";
import type { Editor } from "../page/model";

export async function changeKind(editor: Editor, block: BlockTable, kind: Kind): Promise<void> {
  if (block.kind === kind) return;
  await editor.buffers.flush([block.name]);
  await editor.send({ op: "configure-block", block: block.name, kind });
}

export async function changeLanguage(
  editor: Editor,
  block: BlockTable,
  language: Language,
): Promise<void> {
  if (block.language === language) return;
  await editor.buffers.flush([block.name]);
  await editor.send({
    op: "configure-block",
    block: block.name,
    language,
    ...kindFor(block.kind, language),
  });
}

/** Text has a kind of its own; what stops being text becomes a transformer. */
function kindFor(kind: Kind, language: Language): { kind?: Kind } {
  if (language === "markdown") return { kind: "markdown" };
  return kind === "markdown" ? { kind: "transformer" } : {};
}
