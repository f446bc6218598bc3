import {
  type ClipboardEvent,
  type KeyboardEvent,
  type PointerEvent,
  type ReactElement,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import type { Column } from "../../protocol";
import { announce, plural, toast, toastError } from "../../ui";
import { isNumericName, typeWords, wholeText } from "../cells/format";
import type { FrameRows } from "../rows/frame-rows";
import type { Range } from "../rows/windows";
import { CellPopover } from "./CellPopover";
import { writeClipboard } from "./clipboard";
import { columnsInView, gutterWidth, revealColumn } from "./columns";
import { GridHead } from "./GridHead";
import { GridRow } from "./GridRow";
import { between, countCells, HEADER, type Place, placeAfter, toTsv, tsvLine } from "./place";
import { ROW_HEIGHT, revealRow, rowsInView } from "./scroll";
import { useColumns, useFitting } from "./useColumns";
import { HEADER_HEIGHT, useViewport } from "./useViewport";

export interface GridProps {
  rows: FrameRows;
  columns: readonly Column[];
  label: string;
  /** Rows in sight, from 0. */
  onView?(firstRow: number, lastRow: number): void;
}

/** Cells that one copy may hold. */
const COPY_CELLS = 500_000;
const RESIZE_STEP = 16;

/** A table of any length and width, of which only what is in sight exists. */
export function Grid({ rows, columns, label, onView }: GridProps): ReactElement {
  const { shape } = rows;
  const version = useSyncExternalStore(rows.subscribe, rows.version);
  const viewport = useViewport(shape.rows);
  const { element, extent, top, left, width, height } = viewport;
  const gutter = gutterWidth(shape.rows);
  const frame = useColumns(rows, columns, width - gutter);
  const { layout } = frame;
  const [active, setActive] = useState<Place>({ row: shape.rows === 0 ? HEADER : 0, column: 0 });
  const [anchor, setAnchor] = useState<Place | null>(null);
  const [opened, setOpened] = useState<{ place: Place; rect: DOMRect } | null>(null);
  const hasFocus = useRef(false);
  const isDragging = useRef(false);
  /** Where the active cell was brought into sight; elsewhere the user has scrolled. */
  const revealed = useRef({ top: 0, left: 0 });
  const cameFrom = useRef<HTMLElement | null>(null);
  const help = useId();

  const { firstRow, lastRow } = rowsInView(shape.rows, top, extent.view);
  const { firstColumn, lastColumn } = columnsInView(layout, left, left + width - gutter);
  const range = useMemo(
    () => ({ firstRow, lastRow, firstColumn, lastColumn }),
    [firstRow, lastRow, firstColumn, lastColumn],
  );
  useFitting(frame, range, version);

  const viewer = useRef({});
  // Before the paint: the request leaves a frame earlier.
  useLayoutEffect(() => {
    if (height > 0) rows.look(viewer.current, range);
  }, [height, range, rows]);
  useEffect(() => {
    const self = viewer.current;
    return () => rows.leave(self);
  }, [rows]);
  useEffect(() => {
    if (height > 0) onView?.(firstRow, lastRow);
  }, [firstRow, height, lastRow, onView]);

  const numeric = useMemo(() => columns.map(({ type }) => isNumericName(type)), [columns]);
  const shownColumns = useMemo(
    () => withOne(firstColumn, lastColumn, Math.min(active.column, shape.columns - 1)),
    [firstColumn, lastColumn, active.column, shape.columns],
  );
  const shownRows =
    shape.rows === 0 ? [] : withOne(firstRow, lastRow, active.row === HEADER ? null : active.row);
  const selected = anchor === null ? null : between(anchor, active);

  const reveal = (place: Place): void => {
    const next = {
      top: place.row === HEADER ? top : revealRow(extent, top, place.row),
      left: revealColumn(layout, left, width - gutter, place.column),
    };
    viewport.moveTo(next.top, next.left);
    revealed.current = { top: next.top, left: element.current?.scrollLeft ?? 0 };
  };
  const go = (place: Place, extend: boolean): void => {
    hasFocus.current = true;
    setAnchor(extend ? (anchor ?? active) : null);
    setActive(place);
    reveal(place);
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus goes with the active cell
  useLayoutEffect(() => {
    if (hasFocus.current) focusActive(element.current);
  }, [active]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only widths push a cell out of sight
  useLayoutEffect(() => {
    const isWhereItWas = revealed.current.top === top && revealed.current.left === left;
    if (hasFocus.current && isWhereItWas) reveal(active);
  }, [layout]);

  const open = (place: Place): void => {
    const rect = element.current?.querySelector("[data-active]")?.getBoundingClientRect();
    if (place.row !== HEADER && rect !== undefined) setOpened({ place, rect });
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.altKey && event.shiftKey) {
      const step = { ArrowLeft: -RESIZE_STEP, ArrowRight: RESIZE_STEP }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      frame.resize(active.column, (layout.widths[active.column] ?? 0) + step);
      return;
    }
    if (event.altKey) return;
    const isControl = event.ctrlKey || event.metaKey;
    const page = Math.floor(extent.view / ROW_HEIGHT) - 1;
    const next = placeAfter(`${isControl ? "Ctrl+" : ""}${event.key}`, active, shape, page);
    if (next !== undefined) go(next, event.shiftKey);
    else if (isControl && event.key === "a") selectAll();
    else if (!isControl && (event.key === "Enter" || event.key === "F2")) open(active);
    else if (event.key === "Escape") leave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const selectAll = (): void => {
    if (shape.rows === 0) return;
    setAnchor({ row: 0, column: 0 });
    setActive({ row: shape.rows - 1, column: shape.columns - 1 });
  };
  const leave = (): void => {
    if (anchor !== null) {
      setAnchor(null);
      return;
    }
    const back = cameFrom.current;
    if (back?.isConnected === true) back.focus();
    else (document.activeElement as HTMLElement | null)?.blur();
  };

  const onCopy = (event: ClipboardEvent): void => {
    event.preventDefault();
    if (active.row === HEADER) {
      event.clipboardData.setData("text/plain", columns[active.column]?.name ?? "");
      return;
    }
    const cells = selected ?? between(active, active);
    if (countCells(cells) > COPY_CELLS) {
      toast(`A copy holds at most ${plural(COPY_CELLS, "cell")}; an export holds all.`);
      return;
    }
    copyCells(rows, cells, (text) => event.clipboardData.setData("text/plain", text));
  };

  const onPointer = (event: PointerEvent): void => {
    const place = placeOf(event.target);
    if (event.type === "pointerdown") {
      isDragging.current = event.button === 0 && place !== undefined && place.row !== HEADER;
      if (event.button === 0 && place !== undefined) go(place, event.shiftKey);
      return;
    }
    if (event.buttons !== 1) isDragging.current = false;
    if (!isDragging.current || place === undefined || place.row === HEADER) return;
    if (!samePlace(place, active)) go(place, true);
  };

  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a table cannot leave out rows */}
      <div
        ref={element}
        role="grid"
        aria-label={label}
        aria-describedby={help}
        aria-rowcount={shape.rows + 1}
        aria-colcount={shape.columns + 1}
        aria-multiselectable="true"
        aria-readonly="true"
        className="grid"
        data-keys="grid"
        onScroll={viewport.onScroll}
        onKeyDown={onKeyDown}
        onCopy={onCopy}
        onPointerDown={onPointer}
        onPointerOver={onPointer}
        onMouseDown={(event) => placeOf(event.target) !== undefined && event.preventDefault()}
        onDoubleClick={(event) => {
          const place = placeOf(event.target);
          if (place !== undefined) open(place);
        }}
        onFocus={(event) => {
          if (opened !== null || event.currentTarget.contains(event.relatedTarget)) return;
          // Null also when the cell that had the focus was scrolled away: then this is no arrival.
          if (event.relatedTarget !== null) cameFrom.current = event.relatedTarget as HTMLElement;
          hasFocus.current = true;
          reveal(active);
        }}
        onBlur={(event) => {
          if (!event.currentTarget.contains(event.relatedTarget)) hasFocus.current = false;
        }}
      >
        <div
          role="presentation"
          className="grid-canvas"
          style={{
            height: HEADER_HEIGHT + extent.canvas,
            width: (layout.lefts.at(-1) ?? 0) + gutter,
          }}
        >
          <div role="presentation" className="grid-window" style={{ height }}>
            <GridHead
              columns={columns}
              shown={shownColumns}
              layout={layout}
              numeric={numeric}
              gutter={gutter}
              active={active.row === HEADER ? active.column : null}
              onResize={frame.resize}
              onFit={(column) => frame.refit(column, range)}
            />
            <div role="presentation" className="grid-body">
              <div
                role="presentation"
                className="grid-rows"
                style={{ transform: `translateY(${firstRow * ROW_HEIGHT - top}px)` }}
              >
                {height > 0 &&
                  shownRows.map((row) => (
                    <GridRow
                      key={row}
                      rows={rows}
                      row={row}
                      layout={layout}
                      columns={shownColumns}
                      numeric={numeric}
                      decimals={frame.decimals}
                      gutter={gutter}
                      active={row === active.row ? active.column : null}
                      {...selectedColumns(selected, row)}
                      isAway={row < firstRow || row > lastRow}
                      version={version}
                    />
                  ))}
              </div>
            </div>
          </div>
        </div>
      </div>
      <p id={help} className="visually-hidden">
        Arrow keys move, Enter shows a whole value, Alt Shift and arrow left or right change the
        width of a column, Escape leaves.
      </p>
      {opened !== null && (
        <OpenedCell
          rows={rows}
          columns={columns}
          opened={opened}
          onClose={() => {
            setOpened(null);
            focusActive(element.current);
          }}
        />
      )}
    </>
  );
}

function OpenedCell(props: {
  rows: FrameRows;
  columns: readonly Column[];
  opened: { place: Place; rect: DOMRect };
  onClose(): void;
}): ReactElement | null {
  const { place, rect } = props.opened;
  const cell = props.rows.cell(place.row, place.column);
  const column = props.columns[place.column];
  if (cell === undefined || column === undefined) return null;
  return (
    <CellPopover
      cell={cell}
      name={column.name}
      type={typeWords(column.type)}
      row={place.row}
      anchor={rect}
      onClose={props.onClose}
    />
  );
}

/** Without the browser's own scroll, which knows nothing of rows that do not exist. */
function focusActive(grid: HTMLElement | null): void {
  grid?.querySelector<HTMLElement>("[data-active]")?.focus({ preventScroll: true });
}

/** At once when the cells are here; else after they have come, where the browser allows it. */
function copyCells(rows: FrameRows, cells: Range, now: (text: string) => void): void {
  const words = `Copied ${plural(countCells(cells), "cell")}.`;
  const text = (): string =>
    toTsv(cells, (row, column) => {
      const cell = rows.cell(row, column);
      return cell === undefined ? "" : wholeText(cell);
    });
  if (isHere(rows, cells)) {
    now(text());
    announce(words);
    return;
  }
  writeRead(rows, cells).then(() => announce(words), toastError);
}

async function writeRead(rows: FrameRows, cells: Range): Promise<void> {
  const lines: string[] = [];
  for await (const row of rows.read(cells)) lines.push(tsvLine(row.map(wholeText)));
  await writeClipboard(lines.join("\n"));
}

function isHere(rows: FrameRows, cells: Range): boolean {
  for (let row = cells.firstRow; row <= cells.lastRow; row++) {
    for (let column = cells.firstColumn; column <= cells.lastColumn; column++) {
      if (rows.cell(row, column) === undefined) return false;
    }
  }
  return true;
}

/** `first` to `last`, and one more that may lie outside; ascending. */
function withOne(first: number, last: number, one: number | null): number[] {
  const found = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
  if (one === null || one < 0) return found;
  if (one < first) found.unshift(one);
  if (one > last) found.push(one);
  return found;
}

function selectedColumns(
  range: Range | null,
  row: number,
): { selectedFrom: number; selectedTo: number } {
  if (range === null || row < range.firstRow || row > range.lastRow) {
    return { selectedFrom: 0, selectedTo: -1 };
  }
  return { selectedFrom: range.firstColumn, selectedTo: range.lastColumn };
}

function placeOf(target: EventTarget): Place | undefined {
  if (!(target instanceof Element)) return undefined;
  const cell = target.closest<HTMLElement>("[data-column]");
  const row = cell?.closest<HTMLElement>("[data-row]");
  if (cell === null || row === null || row === undefined) return undefined;
  return { row: Number(row.dataset["row"]), column: Number(cell.dataset["column"]) };
}

function samePlace(one: Place, other: Place): boolean {
  return one.row === other.row && one.column === other.column;
}
