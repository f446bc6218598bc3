import { MergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { type ReactElement, useEffect, useRef } from "react";
import type { DifferenceProps } from "../../ui";
import { languageExtension } from "./languages";
import { codeTheme } from "./theme";

/** Two texts side by side, such as those of a conflict; loaded only when it is asked for. */
export default function Difference(props: DifferenceProps): ReactElement {
  const { mine, theirs, language, titles = ["Mine", "Theirs"] } = props;
  const host = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (host.current === null) return;
    const extensions = [
      lineNumbers(),
      EditorView.lineWrapping,
      EditorState.readOnly.of(true),
      languageExtension(language),
      codeTheme,
    ];
    const view = new MergeView({
      parent: host.current,
      a: { doc: mine, extensions },
      b: { doc: theirs, extensions },
      gutter: true,
    });
    return () => view.destroy();
  }, [mine, theirs, language]);

  return (
    <div className="difference">
      <div className="difference-titles" aria-hidden="true">
        <span>{titles[0]}</span>
        <span>{titles[1]}</span>
      </div>
      <div ref={host} />
    </div>
  );
}
