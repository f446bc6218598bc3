import { Copy, X } from "lucide-react";
import { type ReactElement, useLayoutEffect, useRef } from "react";
import { announce, formatCount, IconButton, toastError } from "../../ui";
import { CellContent } from "../cells/CellContent";
import { wholeText } from "../cells/format";
import { writeClipboard } from "../frame/copying";
import type { Cell } from "../rows/frame-rows";

export interface CellPopoverProps {
  cell: Cell;
  name: string;
  type: string;
  row: number;
  /** The cell on the page. */
  anchor: DOMRect;
  onClose(): void;
}

const GAP = 4;
/** Characters of a text, or bytes, that the server sends with its row. */
const SENT = 4_096;

/** The whole value of a cell, to read and to copy. */
export function CellPopover(props: CellPopoverProps): ReactElement {
  const { cell, name, type, row, anchor, onClose } = props;
  const panel = useRef<HTMLDivElement>(null);
  const text = useRef<HTMLPreElement>(null);
  useLayoutEffect(() => {
    const element = panel.current;
    if (element === null) return;
    element.showPopover();
    const own = element.getBoundingClientRect();
    const isBelow = anchor.bottom + GAP + own.height < window.innerHeight;
    const top = isBelow ? anchor.bottom + GAP : anchor.top - own.height - GAP;
    const left = Math.min(anchor.left, window.innerWidth - own.width - GAP);
    element.style.top = `${Math.max(GAP, top)}px`;
    element.style.left = `${Math.max(GAP, left)}px`;
    text.current?.focus();
  }, [anchor]);
  const copy = (): void => {
    writeClipboard(wholeText(cell)).then(() => announce("Copied."), toastError);
  };
  return (
    <div
      ref={panel}
      popover="auto"
      className="cell-popover"
      role="dialog"
      aria-label={`${name}, row ${formatCount(row + 1)}`}
      onToggle={(event) => event.newState === "closed" && onClose()}
    >
      <div className="cell-popover-head">
        <strong className="ellipsis">{name}</strong>
        <span className="muted ellipsis">
          {type} · row {formatCount(row + 1)}
        </span>
        <span className="data-space" />
        <IconButton label="Copy the value" icon={Copy} onClick={copy} />
        <IconButton label="Close" icon={X} onClick={() => panel.current?.hidePopover()} />
      </div>
      <CellContent cell={cell} ref={text} />
      {isCut(cell) && (
        <p className="cell-popover-note">
          The first {formatCount(SENT)} {typeof cell.value === "string" ? "characters" : "bytes"}.
          An export holds them all.
        </p>
      )}
    </div>
  );
}

function isCut({ value }: Cell): boolean {
  if (value instanceof Uint8Array) return value.length >= SENT;
  return typeof value === "string" && value.length > SENT && value.endsWith("…");
}
