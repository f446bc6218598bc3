import { type KeyboardEvent, type ReactElement, useEffect, useRef } from "react";
import { Dialog, Kbd } from "../../ui";
import { NEW_BLOCKS } from "../block/newBlocks";
import { useEditor } from "../page/context";
import { add, closeDialog, openDialog } from "../page/operations";

interface Props {
  index: number;
  onClose(): void;
}

/** The type menu: one more key chooses what is added. */
export function AddDialog({ index, onClose }: Props): ReactElement {
  const editor = useEditor();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => list.current?.querySelector("button")?.focus(), []);

  const choose = (id: string): void => {
    if (id === "library") openDialog(editor, { kind: "library", index });
    const choice = NEW_BLOCKS.find((one) => one.id === id);
    if (choice === undefined) return;
    closeDialog(editor);
    void add(editor, choice, index);
  };
  const handleKey = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const choice = NEW_BLOCKS.find((one) => one.letter === event.key.toLowerCase());
    if (choice !== undefined) choose(choice.id);
    else if (event.key.toLowerCase() === "b") choose("library");
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      focusNext(event.currentTarget, event.key === "ArrowDown" ? 1 : -1);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const all = [
    ...NEW_BLOCKS,
    {
      id: "library",
      title: "from the library…",
      detail: "A shared block",
      letter: "b",
      kind: null,
    },
  ];
  return (
    <Dialog title="Add a block" onClose={onClose}>
      <div className="choice-list" role="menu" aria-label="Kinds" ref={list} onKeyDown={handleKey}>
        {all.map((choice) => (
          <button
            key={choice.id}
            type="button"
            role="menuitem"
            className="choice"
            data-kind={choice.kind ?? undefined}
            onClick={() => choose(choice.id)}
          >
            <span className="choice-dot" aria-hidden="true" />
            <span className="choice-name">{choice.title}</span>
            <span className="choice-detail ellipsis">{choice.detail}</span>
            <Kbd keys={choice.letter} />
          </button>
        ))}
      </div>
    </Dialog>
  );
}

function focusNext(list: HTMLElement, by: 1 | -1): void {
  const items = [...list.querySelectorAll("button")];
  const index = items.indexOf(document.activeElement as HTMLButtonElement);
  items[(index + by + items.length) % items.length]?.focus();
}
