import { type ReactElement, useState } from "react";
import type { BlockTable, Parameter } from "../../protocol";
import { Button, ParametersForm, plural, toastError } from "../../ui";
import { useEditor } from "../page/context";
import { duplicate } from "../page/operations";
import { CodeArea } from "./CodeArea";
import { NotebookSource } from "./NotebookSource";

/** Own blocks show their code; shared ones and notebooks their settings, with the code folded below. */
export function BlockSource(props: { block: BlockTable; near: boolean }): ReactElement | null {
  const { block, near } = props;
  const isNotebook = block.language === "notebook";
  if (!block.shared && !isNotebook) return <CodeArea block={block} near={near} writable />;
  if (!near) return null;
  return (
    <>
      <Settings block={block} />
      {isNotebook ? <NotebookSource block={block} /> : <SharedCode block={block} />}
    </>
  );
}

function Settings({ block }: { block: BlockTable }): ReactElement | null {
  const editor = useEditor();
  // What was typed stays on the screen until the files say it.
  const [typed, setTyped] = useState<Record<string, unknown> | null>(null);
  const { shown, folded, open } = useFoldedSettings(block);
  if (block.form.length === 0) return null;
  const change = (settings: Record<string, unknown>): void => {
    setTyped(settings);
    editor.session
      .send({ op: "configure-block", block: block.name, settings })
      .then(() => setTyped((now) => (now === settings ? null : now)))
      .catch(toastError);
  };
  const missing = block.form.filter((field) => isMissing(field, block.settings));
  return (
    <div className="block-settings">
      {block.description !== "" && <p className="muted">{block.description}</p>}
      {missing.length > 0 && (
        <p className="bar-note" role="status">
          Needed before it can run: {missing.map((field) => field.name).join(", ")}
        </p>
      )}
      <ParametersForm parameters={shown} values={typed ?? block.settings} onChange={change} />
      {folded === 0 ? null : (
        <button type="button" className="shared-code-toggle" aria-expanded={false} onClick={open}>
          <span aria-hidden="true">▸</span> {plural(folded, "more setting")}
        </button>
      )}
    </div>
  );
}

const FEW = 2;

/**
 * Settings that have their defaults are folded away, unless they are few. Which ones is decided
 * once, so that a field does not jump while it is typed into.
 */
function useFoldedSettings(block: BlockTable): {
  shown: Parameter[];
  folded: number;
  open(): void;
} {
  const [given] = useState(() => new Set(Object.keys(block.settings)));
  const [isOpen, setOpen] = useState(false);
  const first = block.form.filter((field) => field.required || given.has(field.name));
  const folded = block.form.length - first.length;
  const isFolded = !isOpen && first.length > 0 && folded > FEW;
  return {
    shown: isFolded ? first : block.form,
    folded: isFolded ? folded : 0,
    open: () => setOpen(true),
  };
}

function isMissing(field: Parameter, settings: BlockTable["settings"]): boolean {
  const value = settings[field.name];
  return field.required && (value === undefined || value === null || value === "");
}

function SharedCode({ block }: { block: BlockTable }): ReactElement {
  const editor = useEditor();
  const [isOpen, setOpen] = useState(false);
  const [writable, setWritable] = useState(false);
  const [file, isShipped] = placeOf(block.file);
  const others = block.used_in > 1 ? `used in ${block.used_in} pipelines` : "shared";
  return (
    <div className="shared-code">
      <button
        type="button"
        className="shared-code-toggle"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <span aria-hidden="true">{isOpen ? "▾" : "▸"}</span> Code
        <span className="muted"> {file}</span>
      </button>
      {isOpen && (
        <>
          {!writable && (
            <div className="bar bar-row">
              <span className="bar-words muted">
                {isShipped ? "This code comes with Headrace." : `This code is ${others}.`}
              </span>
              <Button size="small" onClick={() => void duplicate(editor, block.name)}>
                Duplicate to change it here
              </Button>
              {!isShipped && (
                <Button size="small" onClick={() => setWritable(true)}>
                  Edit for all
                </Button>
              )}
            </div>
          )}
          <CodeArea block={block} near writable={writable} />
        </>
      )}
    </div>
  );
}

/** What to call a file, and whether it ships with the product: then it lies outside of the project. */
function placeOf(file: string): [words: string, isShipped: boolean] {
  const isShipped = /^(?:\/|[A-Za-z]:)/.test(file);
  return isShipped ? [`library · ${file.split(/[\\/]/).slice(-2).join("/")}`, true] : [file, false];
}
