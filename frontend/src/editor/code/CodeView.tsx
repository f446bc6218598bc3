import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { type ReactElement, useEffect, useRef } from "react";
import type { Language } from "../../protocol";
import { labelled } from "./labelled";
import { languageExtension } from "./languages";
import { type FailedLine, failedLine, showFailedLine } from "./marks";
import { codeTheme } from "./theme";

export interface CodeViewProps {
  text: string;
  language: Language;
  /** Names the text for those who cannot see it. */
  label: string;
  /** Where it failed, and why. */
  failed?: FailedLine | null;
}

/** Code that is only read. */
export default function CodeView(props: CodeViewProps): ReactElement {
  const { text, language, label, failed = null } = props;
  const host = useRef<HTMLDivElement>(null);
  const line = failed?.line ?? null;
  const message = failed?.message ?? "";

  useEffect(() => {
    if (host.current === null) return;
    const view = new EditorView({
      parent: host.current,
      doc: text,
      extensions: [
        lineNumbers(),
        EditorView.lineWrapping,
        EditorState.readOnly.of(true),
        labelled(label),
        languageExtension(language),
        failedLine,
        codeTheme,
      ],
    });
    if (line !== null) showFailedLine(view, { line, message });
    return () => view.destroy();
  }, [text, language, label, line, message]);

  return <div ref={host} className="code-view" />;
}
