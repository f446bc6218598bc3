import { useCallback } from "react";
import { type Finding, useFindings } from "../../ui";
import { useEditor } from "../page/context";
import { select } from "../page/operations";

/** Lets the palette find the blocks of this pipeline, and the columns that they give. */
export function useBlockFindings(): void {
  const editor = useEditor();
  const findings = useCallback((): Finding[] => {
    const { blocks, status } = editor.session.store.getState();
    const go = (name: string) => () => select(editor, name);
    return [
      ...blocks.map(({ name, kind }) => ({
        id: `block:${name}`,
        title: name,
        group: "Blocks",
        detail: kind,
        run: go(name),
      })),
      ...blocks.flatMap(({ name }) =>
        (status[name]?.output?.columns ?? []).map((column) => ({
          id: `column:${name}:${column.name}`,
          title: column.name,
          group: "Columns",
          detail: `column of ${name}`,
          run: go(name),
        })),
      ),
    ];
  }, [editor]);
  useFindings(findings);
}
