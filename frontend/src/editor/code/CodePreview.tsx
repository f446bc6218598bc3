import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { type ReactElement, useEffect, useRef } from "react";
import type { Language } from "../../protocol";
import { languageExtension } from "./languages";
import { codeTheme } from "./theme";

interface Props {
  text: string;
  language: Language;
  label: string;
}

/** Code that is only looked at; loaded when it is first shown. */
export default function CodePreview({ text, language, label }: Props): ReactElement {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (host.current === null) return;
    const view = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: text,
        extensions: [
          lineNumbers(),
          EditorView.lineWrapping,
          EditorState.readOnly.of(true),
          EditorView.contentAttributes.of({ "aria-label": label }),
          languageExtension(language),
          codeTheme,
        ],
      }),
    });
    return () => view.destroy();
  }, [text, language, label]);
  return <div className="code-preview" ref={host} />;
}
