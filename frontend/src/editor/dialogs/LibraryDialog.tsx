import { type ReactElement, useState } from "react";
import type { LibraryBlock } from "../../protocol";
import { Button, Dialog, Input, KindChip, LoadFailed, ParametersForm } from "../../ui";
import { useEditor } from "../page/context";
import { addFromLibrary, closeDialog } from "../page/operations";
import { matches, useLibrary } from "./useLibrary";

interface Props {
  index: number;
  onClose(): void;
}

/** Shared blocks: found by word, shown with their settings, added with one key. */
export function LibraryDialog({ index, onClose }: Props): ReactElement {
  const editor = useEditor();
  const { blocks, error, retry } = useLibrary();
  const [query, setQuery] = useState("");
  const [path, setPath] = useState<string | null>(null);
  const [settings, setSettings] = useState<Record<string, unknown>>({});
  const found = (blocks ?? []).filter((block) => matches(block, query));
  const chosen = found.find((block) => block.path === path) ?? found[0];
  const choose = (block: LibraryBlock): void => {
    setPath(block.path);
    setSettings({});
  };
  const keep = (): void => {
    if (chosen === undefined) return;
    closeDialog(editor);
    void addFromLibrary(editor, chosen, index, settings);
  };
  return (
    <Dialog
      title="Add from the library"
      wide
      onClose={onClose}
      onSubmit={keep}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={chosen === undefined}>
            {chosen === undefined ? "Add" : `Add ${chosen.title}`}
          </Button>
        </>
      }
    >
      <Input
        data-autofocus
        type="search"
        aria-label="Search the library"
        placeholder="Search: csv, join, postgres…"
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      {error !== null && <LoadFailed error={error} onRetry={retry} />}
      <div className="library">
        <div className="choice-list choice-scroll">
          {found.map((block) => (
            <button
              key={block.path}
              type="button"
              className="choice"
              aria-pressed={block === chosen}
              onClick={() => choose(block)}
              onDoubleClick={keep}
            >
              <KindChip kind={block.kind} />
              <span className="choice-name ellipsis" title={block.path}>
                {block.title}
              </span>
            </button>
          ))}
          {blocks !== null && found.length === 0 && (
            <p className="muted choice-none">Nothing in the library says “{query}”.</p>
          )}
        </div>
        {chosen !== undefined && (
          <div className="library-detail">
            <h3>{chosen.title}</h3>
            <p className="muted">
              {chosen.language} · {chosen.path}
              {inputsOf(chosen).length > 0 && ` · takes ${inputsOf(chosen).join(", ")}`}
            </p>
            <p>{chosen.description}</p>
            <ParametersForm
              key={chosen.path}
              parameters={chosen.form}
              values={settings}
              stacked
              onChange={setSettings}
            />
          </div>
        )}
      </div>
    </Dialog>
  );
}

/** Arguments that wait for another block: those that no setting can give. */
function inputsOf({ arguments: names, form }: LibraryBlock): string[] {
  return names.filter((name) => form.every((field) => field.name !== name));
}
