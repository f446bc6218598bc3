import { Copy, Download, X } from "lucide-react";
import { type ReactElement, useLayoutEffect, useMemo, useRef, useState } from "react";
import { messageOf } from "../../client";
import {
  announce,
  Button,
  formatBytes,
  formatCount,
  IconButton,
  Segmented,
  toast,
  toastError,
} from "../../ui";
import { CellContent } from "../cells/CellContent";
import { wholeText } from "../cells/format";
import { readingOf, readingOfPart, type Way } from "../cells/reading";
import { writeClipboard } from "../frame/copying";
import { save } from "../frame/saving";
import type { Cell, FrameRows } from "../rows/frame-rows";
import { isCut, MOST, readCell, useWholeCell } from "../rows/whole-cell";

export interface CellPopoverProps {
  rows: FrameRows;
  cell: Cell;
  name: string;
  type: string;
  row: number;
  /** The place of its column in the table. */
  column: number;
  /** The cell on the page. */
  anchor: DOMRect;
  onClose(): void;
}

const GAP = 4;
const WAYS: Readonly<Record<Way, string>> = {
  picture: "Picture",
  json: "JSON",
  text: "Text",
  bytes: "Bytes",
};

/** The whole value of a cell, to read, to copy and to save. */
export function CellPopover(props: CellPopoverProps): ReactElement {
  const { rows, cell, name, type, row, column, anchor, onClose } = props;
  const panel = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLElement>(null);
  const isLong = isCut(cell);
  const { part, isLoading, error, more } = useWholeCell(rows, { row, column }, isLong);
  const reading = useMemo(
    () => (part === null ? readingOf(cell) : readingOfPart(part)),
    [cell, part],
  );
  const [chosen, setWay] = useState<Way | null>(null);
  const way = reading.ways.find((one) => one === chosen) ?? reading.ways[0] ?? "text";
  useLayoutEffect(() => {
    const element = panel.current;
    if (element === null) return;
    element.showPopover();
    const place = (): void => moveBeside(element, anchor);
    place();
    content.current?.focus();
    const observer = new ResizeObserver(place);
    observer.observe(element);
    return () => observer.disconnect();
  }, [anchor]);

  /** All of it, fetched if it is not here. */
  const all = async (): Promise<{ text: string; bytes: Uint8Array | null }> => {
    if (!isLong) {
      const bytes = cell.value instanceof Uint8Array ? cell.value : null;
      return { text: wholeText(cell), bytes };
    }
    const whole = await readCell(rows, { row, column }, { before: part, until: MOST });
    if (whole.bytes.length < whole.total) {
      throw new Error(`It has ${formatBytes(whole.total)}; an export of the table holds it.`);
    }
    const text =
      whole.kind === "bytes" ? readingOfPart(whole).textIn(way) : readingOfPart(whole).whole;
    return { text, bytes: whole.bytes };
  };
  const copy = (): void => {
    writeClipboard(all().then(({ text }) => text)).then(() => announce("Copied."), toastError);
  };
  const toFile = (): void => {
    all().then(({ text, bytes }) => {
      const isText = way === "text" || way === "json";
      const ending = way === "json" ? "json" : isText ? "txt" : "bin";
      const blob = new Blob([bytes === null ? text : (bytes as Uint8Array<ArrayBuffer>)]);
      save(blob, `${fileName(name)}-${row + 1}.${extensionOf(reading.picture) ?? ending}`);
      toast("Saved the whole value as a file.");
    }, toastError);
  };
  return (
    <div
      ref={panel}
      popover="auto"
      className="cell-popover"
      role="dialog"
      aria-label={`${name}, row ${formatCount(row + 1)}`}
      aria-busy={isLoading}
      onToggle={(event) => event.newState === "closed" && onClose()}
      onKeyDown={(event) => event.key === "Escape" && panel.current?.hidePopover()}
    >
      <div className="cell-popover-head">
        <strong className="ellipsis">{name}</strong>
        <span className="muted ellipsis">
          {type} · row {formatCount(row + 1)}
        </span>
        <span className="data-space" />
        <IconButton label="Copy the value" icon={Copy} onClick={copy} />
        <IconButton label="Save the value as a file" icon={Download} onClick={toFile} />
        <IconButton label="Close" icon={X} onClick={() => panel.current?.hidePopover()} />
      </div>
      {reading.ways.length > 1 && (
        <div className="cell-popover-ways">
          <Segmented<Way>
            label="Read it as"
            value={way}
            choices={reading.ways.map((one) => ({ value: one, label: WAYS[one] }))}
            onChange={setWay}
          />
        </div>
      )}
      <CellContent reading={reading} way={way} ref={content} />
      {isLong && (
        <div className="cell-popover-note">
          {error !== undefined ? (
            <span role="alert">{messageOf(error)}</span>
          ) : (
            <span role="status">{sizeWords(part, isLoading)}</span>
          )}
          <span className="data-space" />
          {part !== null && part.bytes.length < part.total && (
            <Button size="small" disabled={isLoading} onClick={more}>
              Show more
            </Button>
          )}
        </div>
      )}
    </div>
  );
}

function sizeWords(part: { bytes: Uint8Array; total: number } | null, isLoading: boolean): string {
  if (part === null) return "Fetching the whole value…";
  const { bytes, total } = part;
  if (bytes.length >= total) return `All of it: ${formatBytes(total)}`;
  return `${isLoading ? "Fetching: " : ""}${formatBytes(bytes.length)} of ${formatBytes(total)}`;
}

function moveBeside(element: HTMLElement, anchor: DOMRect): void {
  const own = element.getBoundingClientRect();
  const isBelow = anchor.bottom + GAP + own.height < window.innerHeight;
  const above = anchor.top - own.height - GAP;
  const left = Math.min(anchor.left, window.innerWidth - own.width - GAP);
  const lowest = Math.max(GAP, window.innerHeight - own.height - GAP);
  // With room on neither side it ends where the window does, and covers what is below its cell.
  const top = isBelow ? anchor.bottom + GAP : above >= GAP ? above : lowest;
  element.style.top = `${top}px`;
  element.style.left = `${Math.max(GAP, left)}px`;
}

function extensionOf(picture: ReturnType<typeof readingOf>["picture"]): string | undefined {
  return typeof picture === "object" ? picture.type.replace("image/", "") : undefined;
}

function fileName(column: string): string {
  return column.replace(/[^\p{L}\p{N}_-]+/gu, "_").slice(0, 60) || "value";
}
