import { type KeyboardEvent, type ReactElement, useState } from "react";
import { useSession } from "../../session";
import { useEditor } from "../page/context";

/** The title, a heading until it is clicked. */
export function TitleField(): ReactElement {
  const editor = useEditor();
  const title = useSession((state) => state.title);
  const [typed, setTyped] = useState<string | null>(null);
  const keep = (): void => {
    const next = typed?.trim() ?? "";
    setTyped(null);
    if (next !== "" && next !== title) {
      void editor.send({ op: "configure-pipeline", title: next });
    }
  };
  const handleKey = (event: KeyboardEvent): void => {
    if (event.key === "Enter") keep();
    if (event.key === "Escape") setTyped(null);
  };
  if (typed === null) {
    return (
      <h1 className="editor-title">
        <button
          type="button"
          className="ellipsis"
          data-tip="Click to change the title"
          onClick={() => setTyped(title)}
        >
          {title}
        </button>
      </h1>
    );
  }
  return (
    <input
      className="input editor-title-input"
      aria-label="Title of the pipeline"
      // biome-ignore lint/a11y/noAutofocus: the field replaces the title that was just clicked
      autoFocus
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      onFocus={(event) => event.target.select()}
      onBlur={keep}
      onKeyDown={handleKey}
    />
  );
}
