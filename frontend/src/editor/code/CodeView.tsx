import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { type ReactElement, useEffect, useRef } from "react";
import type { Language } from "../../protocol";
import { languageExtension } from "./languages";
import { codeTheme } from "./theme";

export interface CodeViewProps {
  text: string;
  language: Language;
  /** Names the text for those who cannot see it. */
  label: string;
}

/** Code that is only read. */
export default function CodeView({ text, language, label }: CodeViewProps): ReactElement {
  const host = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (host.current === null) return;
    const view = new EditorView({
      parent: host.current,
      doc: text,
      extensions: [
        lineNumbers(),
        EditorView.lineWrapping,
        EditorState.readOnly.of(true),
        EditorView.contentAttributes.of({ "aria-label": label }),
        languageExtension(language),
        codeTheme,
      ],
    });
    return () => view.destroy();
  }, [text, language, label]);

  return <div ref={host} className="code-view" />;
}
