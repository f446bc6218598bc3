import { type ReactElement, useState } from "react";
import { useEditor } from "../page/context";
import { add, openDialog } from "../page/operations";
import { NEW_BLOCKS } from "./newBlocks";

/** Between any two blocks: one click adds a block of a kind right there. */
export function InsertRow({
  index,
  open = false,
}: {
  index: number;
  open?: boolean;
}): ReactElement {
  const [isHovered, setHovered] = useState(false);
  return (
    <div
      className="insert-row"
      data-open={open || undefined}
      onPointerEnter={() => setHovered(true)}
      onPointerLeave={() => setHovered(false)}
    >
      {(open || isHovered) && <Choices index={index} open={open} />}
    </div>
  );
}

function Choices({ index, open }: { index: number; open: boolean }): ReactElement {
  const editor = useEditor();
  return (
    <>
      <span className="insert-line" aria-hidden="true" />
      <span className="insert-choices">
        <span aria-hidden="true">+</span>
        {NEW_BLOCKS.filter((choice) => choice.inRow).map((choice) => (
          <button
            key={choice.id}
            type="button"
            tabIndex={open ? 0 : -1}
            aria-label={`Add ${choice.title} at place ${index + 1}`}
            onClick={() => void add(editor, choice, index)}
          >
            {choice.short}
          </button>
        ))}
        <button
          type="button"
          tabIndex={open ? 0 : -1}
          aria-label={`Add from the library at place ${index + 1}`}
          onClick={() => openDialog(editor, { kind: "library", index })}
        >
          library…
        </button>
      </span>
      <span className="insert-line" aria-hidden="true" />
    </>
  );
}
