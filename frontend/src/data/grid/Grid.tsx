import {
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
  type ReactElement,
  useEffect,
  useId,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { isNumericName } from "../cells/format";
import { withMove } from "../layout";
import { useProfilesVersion } from "../profiles";
import { type ColumnReference, type Condition, referenceTo, sortBy } from "../view";
import { useAutoscroll } from "./autoscroll";
import { columnsInView, gutterWidth, revealColumn, shownColumns } from "./columns";
import type { GridControl, GridProps } from "./control";
import { followHeader } from "./drag";
import { GridHead, sheetWidth } from "./GridHead";
import { GridRow } from "./GridRow";
import type { HeadCalls } from "./HeadCell";
import { OpenedCell } from "./OpenedCell";
import { HEADER, type Place, placeAfter } from "./place";
import { ROW_HEIGHT, revealRow, rowsInView } from "./scroll";
import { goTo, type Selection, selectedRange, selectionAt, selectWhole, within } from "./selection";
import {
  focusActive,
  focusField,
  isControl,
  isGutter,
  isInside,
  placeOf,
  samePlace,
  selectedColumns,
  withOne,
} from "./targets";
import { useColumns, useFitting } from "./useColumns";
import { useNotes, useStable } from "./useHead";
import { FILTER_HEIGHT, HEADER_HEIGHT, PROFILE_HEIGHT, useViewport } from "./useViewport";

const RESIZE_STEP = 16;
/** Pixels for the words that stand in place of rows. */
const EMPTY_HEIGHT = 96;

/** A table of any length and width, of which only what is in sight exists. */
export function Grid(props: GridProps): ReactElement {
  const { rows, columnLayout, label, view, profiles, hasFilters, onSight, onSelect } = props;
  const { columns } = rows;
  const version = useSyncExternalStore(rows.subscribe, rows.version);
  const profilesVersion = useProfilesVersion(profiles);
  const shape = useMemo(
    () => ({ rows: rows.shape.rows, columns: columnLayout.arrangement.order.length }),
    [rows.shape.rows, columnLayout.arrangement],
  );
  const header =
    HEADER_HEIGHT + (profiles === null ? 0 : PROFILE_HEIGHT) + (hasFilters ? FILTER_HEIGHT : 0);
  const viewport = useViewport(shape.rows, header);
  const { element, extent, top, left, width, height } = viewport;
  const gutter = gutterWidth(Math.max(props.total, shape.rows));
  const notes = useNotes(profiles, profilesVersion, props.total);
  const frame = useColumns(rows, columnLayout, width - gutter, { notes, pending: props.pending });
  const { layout } = frame;
  const [chosen, setSelection] = useState<Selection>(() =>
    selectionAt({ row: shape.rows === 0 ? HEADER : 0, column: 0 }),
  );
  const selection = within(chosen, shape);
  const { active } = selection;
  const [opened, setOpened] = useState<{ place: Place; rect: DOMRect } | null>(null);
  const [gap, setGap] = useState<number | null>(null);
  const hasFocus = useRef(false);
  const dragged = useRef<"cells" | "rows" | null>(null);
  /** Where the active cell was brought into sight; elsewhere the user has scrolled. */
  const revealed = useRef({ top: 0, left: 0 });
  const cameFrom = useRef<HTMLElement | null>(null);
  const help = useId();

  const { firstRow, lastRow } = rowsInView(shape.rows, top, extent.view);
  const { firstColumn, lastColumn } = columnsInView(layout, left, left + width - gutter);
  const sight = useMemo(() => {
    const shown = shownColumns(layout, { firstColumn, lastColumn });
    return { firstRow, lastRow, columns: shown.map((at) => layout.order[at] ?? 0) };
  }, [firstRow, lastRow, firstColumn, lastColumn, layout]);
  useFitting(frame, sight, version);

  const viewer = useRef({});
  // Before the paint: the request leaves a frame earlier.
  useLayoutEffect(() => {
    if (height > 0) rows.look(viewer.current, sight);
  }, [height, rows, sight]);
  useEffect(() => {
    const self = viewer.current;
    return () => rows.leave(self);
  }, [rows]);
  useEffect(() => {
    if (height === 0) return;
    onSight(sight);
    profiles?.look(sight.columns);
  }, [height, onSight, profiles, sight]);

  // Another order of the same table begins at its top.
  const before = useRef(rows);
  useLayoutEffect(() => {
    if (before.current === rows) return;
    before.current = rows;
    viewport.moveTo(0, element.current?.scrollLeft ?? 0);
    setSelection(({ active: { row, column } }) =>
      selectionAt({ row: row === HEADER ? HEADER : 0, column }),
    );
  });
  // The active column stays the same column when columns move.
  const order = useRef(layout.order);
  useLayoutEffect(() => {
    if (order.current === layout.order) return;
    const place = order.current[active.column];
    order.current = layout.order;
    const at = layout.order.indexOf(place ?? -1);
    setSelection(selectionAt({ row: active.row, column: at < 0 ? active.column : at }));
  });

  const range = useMemo(() => selectedRange(selection, shape), [selection, shape]);
  const { firstRow: fromRow, lastRow: toRow, firstColumn: from, lastColumn: to } = range ?? {};
  // biome-ignore lint/correctness/useExhaustiveDependencies: the same cells are the same selection
  useEffect(() => onSelect(range), [fromRow, toRow, from, to, onSelect]);

  const numeric = useMemo(() => columns.map(({ type }) => isNumericName(type)), [columns]);
  const shown = useMemo(() => {
    const found = shownColumns(layout, { firstColumn, lastColumn });
    return withOne(found, Math.min(active.column, shape.columns - 1));
  }, [firstColumn, lastColumn, layout, active.column, shape.columns]);
  const inSight = Array.from({ length: lastRow - firstRow + 1 }, (_, at) => firstRow + at);
  const shownRows =
    shape.rows === 0 ? [] : withOne(inSight, active.row === HEADER ? -1 : active.row);

  const reveal = (place: Place, isStart = false): void => {
    const next = {
      top: place.row === HEADER ? top : revealRow(extent, top, place.row),
      left: isStart ? 0 : revealColumn(layout, left, width - gutter, place.column),
    };
    viewport.moveTo(next.top, next.left);
    revealed.current = { top: next.top, left: element.current?.scrollLeft ?? 0 };
  };
  const go = (place: Place, extend: boolean): void => {
    hasFocus.current = true;
    setSelection(goTo(selection, place, extend));
    reveal(place);
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus goes with the active cell
  useLayoutEffect(() => {
    if (hasFocus.current) focusActive(element.current);
  }, [chosen]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only widths push a cell out of sight
  useLayoutEffect(() => {
    const isWhereItWas = revealed.current.top === top && revealed.current.left === left;
    if (hasFocus.current && isWhereItWas) reveal(active);
  }, [layout]);

  const open = (place: Place): void => {
    const rect = element.current?.querySelector("[data-active]")?.getBoundingClientRect();
    if (place.row !== HEADER && rect !== undefined) setOpened({ place, rect });
  };
  const sort = (at: number, more: boolean): void => {
    const place = layout.order[at];
    if (place === undefined) return;
    props.onView({ sort: sortBy(view.sort, referenceTo(columns, place), more) });
  };
  const filter = (reference: ColumnReference, conditions: readonly Condition[]): void => {
    const name = JSON.stringify(reference);
    const others = view.filter.filter(({ column }) => JSON.stringify(column) !== name);
    props.onView({ filter: [...others, ...conditions] });
  };

  const control: GridControl = {
    active: () => active,
    selected: () => range,
    go: (place) => go(place, false),
    select: setSelection,
    focus: () => focusActive(element.current),
    contains: (one) => element.current?.contains(one) ?? false,
    focusFilter: (at) => {
      reveal({ row: HEADER, column: at });
      // At once where it can be: what is typed next belongs into the field.
      if (!focusField(element.current, at)) {
        requestAnimationFrame(() => focusField(element.current, at));
      }
    },
    fit: frame.refit,
    widen: (at, by) => frame.resize(at, (layout.widths[at] ?? 0) + by),
    open: () => open(active),
    openMenu: () => {
      const cell = element.current?.querySelector("[data-active]") ?? element.current;
      if (cell !== null) props.onMenu(active, cell.getBoundingClientRect());
    },
  };
  useImperativeHandle(props.control, () => control);

  const calls: HeadCalls = {
    onFilter: filter,
    onLeaveFilter: (column) =>
      go({ row: shape.rows === 0 ? HEADER : Math.max(0, active.row), column }, false),
    onMenu: (column, anchor) => {
      setSelection(selectionAt({ row: HEADER, column }));
      props.onMenu({ row: HEADER, column }, anchor);
    },
    onTakeBack: props.onTakeBack,
    onResize: frame.resize,
    onFit: frame.refit,
    onDrag: (at, event) =>
      followHeader(event, {
        at,
        layout,
        gutter,
        scroller: element.current,
        onGap: setGap,
        onClick: (more) => sort(at, more),
        onDrop: (to) => columnLayout.change((now) => withMove(now, columns, { from: at, to })),
      }),
  };
  const stableCalls = useStable(calls);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target instanceof HTMLInputElement) return;
    if (event.altKey && event.shiftKey) {
      const step = { ArrowLeft: -RESIZE_STEP, ArrowRight: RESIZE_STEP }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      control.widen(active.column, step);
      return;
    }
    if (event.altKey) return;
    const isControl = event.ctrlKey || event.metaKey;
    const page = Math.floor(extent.view / ROW_HEIGHT) - 1;
    const next = placeAfter(`${isControl ? "Ctrl+" : ""}${event.key}`, active, shape, page);
    const isSpace = event.key === " " && active.row !== HEADER;
    if (next !== undefined) {
      go(next, event.shiftKey);
      // Where the first column is frozen it is in sight anyway: then the others come back.
      if (event.key === "Home" || (isControl && event.key === "ArrowLeft")) reveal(next, true);
    } else if (isControl && event.key === "a") setSelection(selectWhole(selection, "all"));
    else if (isSpace && isControl) setSelection(selectWhole(selection, "columns"));
    else if (isSpace && event.shiftKey) setSelection(selectWhole(selection, "rows"));
    else if (isControl || event.shiftKey) return;
    else if (event.key === "Enter" && active.row === HEADER) sort(active.column, false);
    else if (event.key === "Enter" || event.key === "F2") open(active);
    else if (event.key === "Escape") opened === null ? leave() : closeCell();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const closeCell = (): void => {
    setOpened(null);
    focusActive(element.current);
  };
  const leave = (): void => {
    if (selection.anchor !== null) {
      setSelection(selectionAt(active));
      return;
    }
    const back = cameFrom.current;
    if (back?.isConnected === true) back.focus();
    else (document.activeElement as HTMLElement | null)?.blur();
  };

  const followDrag = useAutoscroll({
    element: element.current,
    ...{ extent, layout, header, gutter, top, left, rows: shape.rows },
    moveTo: viewport.moveTo,
    onReach: (place) => {
      const isRows = dragged.current === "rows";
      const at = { row: place.row, column: isRows ? active.column : place.column };
      if (dragged.current === null || samePlace(at, active)) return;
      setSelection(isRows ? selectWhole(selection, "rows", at, true) : goTo(selection, at, true));
    },
  });
  const onPointer = (event: PointerEvent): void => {
    const place = placeOf(event.target);
    if (event.type === "pointerdown") {
      dragged.current = null;
      if (event.button !== 0 || place === undefined) return;
      if (place.row !== HEADER) dragged.current = isGutter(event.target) ? "rows" : "cells";
      if (dragged.current !== null) followDrag();
      if (dragged.current === "rows") {
        hasFocus.current = true;
        const at = { row: place.row, column: active.column };
        setSelection(selectWhole(selection, "rows", at, event.shiftKey));
      } else go(place, event.shiftKey && place.row !== HEADER);
      return;
    }
    if (event.buttons !== 1) dragged.current = null;
    if (dragged.current === null || place === undefined || place.row === HEADER) return;
    if (dragged.current === "rows") {
      if (place.row === active.row) return;
      const at = { row: place.row, column: active.column };
      setSelection(selectWhole(selection, "rows", at, true));
      reveal(at);
    } else if (!samePlace(place, active) && !isGutter(event.target)) go(place, true);
  };
  const onContextMenu = (event: MouseEvent): void => {
    const place = placeOf(event.target) ?? (event.target === element.current ? active : undefined);
    if (place === undefined || isGutter(event.target)) return;
    event.preventDefault();
    if (range === null || !isInside(place, range)) go(place, false);
    const cell = (event.target as Element).closest("[data-column]");
    const isByKey = event.clientX === 0 && event.clientY === 0;
    const anchor =
      isByKey && cell !== null
        ? cell.getBoundingClientRect()
        : new DOMRect(event.clientX, event.clientY, 0, 0);
    props.onMenu(place, anchor);
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
        aria-busy={props.isPending}
        className="grid"
        data-keys="grid"
        onScroll={viewport.onScroll}
        onKeyDown={onKeyDown}
        onCopy={(event) => !(event.target instanceof HTMLInputElement) && props.onCopy(event)}
        onPointerDown={onPointer}
        onPointerOver={onPointer}
        onContextMenu={onContextMenu}
        onMouseDown={(event) => placeOf(event.target) !== undefined && event.preventDefault()}
        onDoubleClick={(event) => {
          const place = placeOf(event.target);
          if (place !== undefined && !isGutter(event.target)) open(place);
        }}
        onFocus={(event) => {
          if (opened !== null || event.currentTarget.contains(event.relatedTarget)) return;
          // Null also when the cell that had the focus was scrolled away: then this is no arrival.
          if (event.relatedTarget !== null) cameFrom.current = event.relatedTarget as HTMLElement;
          if (isControl(event.target)) return;
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
            height: header + (shape.rows === 0 ? EMPTY_HEIGHT : extent.canvas),
            width: sheetWidth(layout, gutter),
          }}
        >
          <div role="presentation" className="grid-window" style={{ height }}>
            <GridHead
              columns={columns}
              shown={shown}
              layout={layout}
              numeric={numeric}
              gutter={gutter}
              height={header}
              active={active.row === HEADER ? active.column : null}
              selectedFrom={selection.whole === "columns" ? (range?.firstColumn ?? 0) : 0}
              selectedTo={selection.whole === "columns" ? (range?.lastColumn ?? -1) : -1}
              view={view}
              profiles={profiles}
              rows={props.total}
              hasFilters={hasFilters}
              gap={gap}
              pending={props.pending}
              refusalOf={props.refusalOf}
              waysOf={props.waysOf}
              version={profilesVersion}
              calls={stableCalls}
            />
            <div role="presentation" className="grid-body" data-old={props.isPending || undefined}>
              {shape.rows === 0 && (
                <div className="grid-empty" style={{ width }}>
                  {props.empty}
                </div>
              )}
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
                      shown={shown}
                      numeric={numeric}
                      decimals={frame.decimals}
                      gutter={gutter}
                      pending={props.pending}
                      active={row === active.row ? active.column : null}
                      {...selectedColumns(range, row)}
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
        Arrow keys move, Enter shows a whole value or sorts by a header, S sorts, F filters, slash
        finds a column, Control G goes to a row, Alt Shift and arrow left or right change the width
        of a column, Escape leaves. The question mark lists all keys.
      </p>
      {opened !== null && (
        <OpenedCell rows={rows} order={layout.order} opened={opened} onClose={closeCell} />
      )}
    </>
  );
}
