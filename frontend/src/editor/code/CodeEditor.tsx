import { type ReactElement, useEffect, useRef } from "react";
import type { BlockTable } from "../../protocol";
import { useEditor } from "../page/context";
import { mountCode } from "./mount";

interface Props {
  block: BlockTable;
  writable: boolean;
}

/** CodeMirror for one block; all of its behaviour is in `mountCode`. */
export function CodeEditor({ block, writable }: Props): ReactElement {
  const host = useRef<HTMLDivElement>(null);
  const editor = useEditor();
  const current = useRef(block);
  current.current = block;
  const { name, language } = block;

  // biome-ignore lint/correctness/useExhaustiveDependencies: other news of the block need no new editor
  useEffect(() => {
    if (host.current === null) return;
    return mountCode(host.current, editor, current.current, writable);
  }, [editor, name, language, writable]);

  return <div className="block-code-live" ref={host} />;
}
