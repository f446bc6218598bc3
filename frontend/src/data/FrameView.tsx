import { Waypoints } from "lucide-react";
import {
  type ReactElement,
  type ReactNode,
  use,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { createStore } from "zustand/vanilla";
import { ApiError } from "../client";
import type { Output } from "../protocol";
import { useApi } from "../session";
import {
  announce,
  Button,
  ContextMenu,
  formatCount,
  LineageContext,
  type MenuEntry,
  plural,
} from "../ui";
import { useExpectEntries } from "./expect/ExpectMenu";
import { FrameActions } from "./frame/actions";
import { ColumnFinder } from "./frame/ColumnFinder";
import { copyCells } from "./frame/copying";
import { enter, isCurrent, touch } from "./frame/current";
import { FrameBar } from "./frame/FrameBar";
import { FrameFooter, type InSight } from "./frame/FrameFooter";
import { GoToRow } from "./frame/GoToRow";
import { cellMenu, columnMenu, exportMenu } from "./frame/menus";
import { useArrived } from "./frame/useArrived";
import { useColumnsOf } from "./frame/useColumnsOf";
import { useFiltersShown } from "./frame/useFiltersShown";
import { useFrameCommands } from "./frame/useFrameCommands";
import { useRows } from "./frame/useRows";
import { askStatistics, useStatistics } from "./frame/useStatistics";
import { ViewLine } from "./frame/ViewLine";
import type { GridControl } from "./grid/control";
import type { CopyFormat } from "./grid/copy";
import { Grid } from "./grid/Grid";
import { between, HEADER, type Place } from "./grid/place";
import { recallChoice, useColumnLayout } from "./layout";
import { useProfiles } from "./profiles";
import type { Range, Sight } from "./rows/windows";
import { type Making, useMaking } from "./steps/useMaking";
import {
  type ColumnReference,
  changeView,
  clearView,
  type FramePlace,
  isWhole,
  leavesOut,
  sameReference,
  useView,
  type View,
  viewFor,
} from "./view";

export interface FrameViewProps {
  output: Output;
  /** What the view and the arrangement of columns belong to. */
  place: FramePlace;
  label: string;
  /** In the data panel, with all that belongs to it; else rows alone, and the rest by keys. */
  isPanel?: boolean;
  /** The block whose output it is. */
  block?: string | undefined;
  /** What others do with a view, beside its search. */
  actions?: ReactNode;
}

const NOTHING_PENDING: Making["pending"] = new Map();

type Layer =
  | { kind: "columns" }
  | { kind: "row" }
  | { kind: "menu"; label: string; entries: readonly MenuEntry[]; anchor: DOMRect };

/** A whole table: search, filters and sort above its rows, and below what is in sight of how much. */
export function FrameView(props: FrameViewProps): ReactElement {
  const output = useArrived(props.output, props.place);
  return <Frame {...props} output={output} />;
}

function Frame(props: FrameViewProps): ReactElement {
  const { output, place, label, isPanel = false } = props;
  const api = useApi();
  const columns = useColumnsOf(output);
  const said = useView(place);
  const view = useMemo(() => viewFor(said, columns), [said, columns]);
  const columnLayout = useColumnLayout(place, columns);
  const { order } = columnLayout.arrangement;
  useEffect(() => recallChoice(place, columns), [place, columns]);

  const sight = useRef<Sight>({ firstRow: 0, lastRow: 0, columns: order.slice(0, 8) });
  const [inSight] = useState(() => createStore<InSight>(() => ({ rows: null })));
  const onSight = useCallback(
    (next: Sight) => {
      sight.current = next;
      inSight.setState({ rows: [next.firstRow, next.lastRow] });
    },
    [inSight],
  );
  const shown = useRows(
    output,
    columns,
    view,
    useCallback(() => sight.current.columns, []),
  );
  const { rows } = shown;
  const profiles = useProfiles(output, columns);
  const expectEntries = useExpectEntries(output);
  const lineage = use(LineageContext);
  const { block } = props;
  const [selection, setSelection] = useState<Range | null>(null);
  const ask = useMemo(
    () => askStatistics(api, output, columns, view),
    [api, output, columns, view],
  );
  const statistics = useStatistics(rows, order, selection, ask);

  const [filtersWanted, setFiltersWanted] = useFiltersShown();
  const [isOpen, setOpen] = useState({ bar: false, filters: false });
  const hasBar = isPanel || isOpen.bar;
  const hasFilters = isPanel ? filtersWanted : isOpen.filters;
  const [layer, setLayer] = useState<Layer | null>(null);
  const grid = useRef<GridControl>(null);
  const frame = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const self = useRef({});
  useEffect(() => enter(self.current, isPanel), [isPanel]);

  const actionsOf = (): FrameActions => {
    if (grid.current === null) throw new Error("There is no grid.");
    return new FrameActions({ place, rows, view, columnLayout, grid: grid.current });
  };
  const focusGrid = (): void => grid.current?.focus();
  const making = useMaking({ place, block: props.block, view, columns, onLeave: focusGrid });
  const openCasts = (column: string, anchor?: DOMRect): void => {
    if (making === null) return;
    const entries = making.casts(column);
    const at = anchor ?? document.activeElement?.getBoundingClientRect() ?? new DOMRect();
    setLayer({ kind: "menu", label: `Turn ${column} into`, entries, anchor: at });
  };
  const later = useRef<(() => void) | null>(null);
  // After what was asked for has been drawn: a column that was hidden, a field that was not there.
  useEffect(() => {
    later.current?.();
    later.current = null;
  });

  const goToColumn = (at: number): void => {
    if (!actionsOf().goToColumn(at)) later.current = () => void actionsOf().goToColumn(at);
  };
  const filter = (at: number): void => {
    if (hasFilters) grid.current?.focusFilter(at);
    else {
      later.current = () => grid.current?.focusFilter(at);
      if (isPanel) setFiltersWanted(true);
      else setOpen((before) => ({ ...before, filters: true }));
    }
  };
  const copy = (format: CopyFormat): void => {
    const control = grid.current;
    if (control === null) return;
    const active = control.active();
    if (active.row === HEADER && control.selected() === null) return;
    copyCells({ rows, order, range: control.selected() ?? between(active, active) }, format);
  };
  const openMenu = ({ row, column: at }: Place, anchor: DOMRect): void => {
    const actions = actionsOf();
    const name = actions.name(at);
    const isHeader = row === HEADER;
    const expectations = expectEntries(name, profiles.of(order[at] ?? at));
    const entries = isHeader
      ? [
          ...columnMenu({
            actions,
            at,
            columns: order.length,
            onFilter: filter,
            onFit: (one) => grid.current?.fit(one),
            more: making?.entries(name, () => openCasts(name, anchor)) ?? [],
          }),
          ...(lineage === null || block === undefined
            ? []
            : [
                {
                  label: "Where it comes from and goes",
                  icon: Waypoints,
                  onSelect: () => lineage.open(block, name),
                },
              ]),
          ...(expectations.length > 0 ? ["line" as const, ...expectations] : []),
        ]
      : cellMenu({ actions, row, at, onCopy: copy, onOpen: () => grid.current?.open() });
    const words = isHeader ? `Column ${name}` : `${name}, row ${formatCount(row + 1)}`;
    setLayer({ kind: "menu", label: words, entries, anchor });
  };
  useFrameCommands({
    isCurrent: () => isCurrent(self.current),
    actions: actionsOf,
    grid: () => grid.current,
    canClear: !isWhole(view),
    hasRows: rows.shape.rows > 0,
    copy,
    filter,
    search: () => {
      later.current = () => search.current?.select();
      setOpen((before) => ({ ...before, bar: true }));
      search.current?.select();
    },
    openColumns: () => setLayer({ kind: "columns" }),
    openRow: () => setLayer({ kind: "row" }),
    making,
    openCasts,
    openDownloads: () => {
      const button = frame.current?.querySelector<HTMLElement>("[data-purpose=download-rows]");
      if (button !== null && button !== undefined) button.click();
      else openDownloads();
    },
  });
  const openDownloads = (): void => {
    const anchor = frame.current?.getBoundingClientRect() ?? new DOMRect();
    const entries = exportMenu(output, view, rows.shape.rows);
    setLayer({ kind: "menu", label: "Download", entries, anchor });
  };

  useAnnounced(shown.isPending, view, rows.shape.rows, output.rows ?? 0);
  const waysOf = useCallback(
    (name: string) => (block === undefined ? "" : (lineage?.words(block, name) ?? "")),
    [lineage, block],
  );
  const refusalOf = useRefusals(shown.error, view);
  const total = output.rows ?? 0;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only hears that something in it is used
    <div
      ref={frame}
      className="frame"
      data-panel={isPanel || undefined}
      onFocus={() => touch(self.current)}
      onPointerEnter={() => isPanel && lineage?.look()}
      onPointerDown={() => touch(self.current)}
    >
      {hasBar && (
        <FrameBar
          search={view.search ?? ""}
          searchRef={search}
          hasFilters={hasFilters}
          downloads={() => exportMenu(output, view, rows.shape.rows)}
          actions={props.actions}
          onSearch={(text) => changeView(place, { search: text === "" ? null : text })}
          onLeave={focusGrid}
          onFilters={(next) =>
            isPanel ? setFiltersWanted(next) : setOpen({ ...isOpen, filters: next })
          }
          onColumns={() => setLayer({ kind: "columns" })}
          onRow={() => setLayer({ kind: "row" })}
        />
      )}
      {hasBar && (
        <ViewLine
          place={place}
          view={view}
          columns={columns}
          hidden={columns.length - order.length}
          onShowColumns={() => actionsOf().showColumns()}
        >
          {making !== null && !making.hasSteps && making.button}
        </ViewLine>
      )}
      {hasBar && making?.line}
      {columns.length === 0 ? (
        <p className="frame-words muted">It has no columns.</p>
      ) : (
        <div className="frame-rows">
          <Grid
            key={output.address}
            rows={rows}
            columnLayout={columnLayout}
            label={label}
            view={view}
            total={total}
            profiles={isPanel ? profiles : null}
            hasFilters={hasFilters}
            isPending={shown.isPending}
            control={grid}
            empty={<Empty view={view} total={total} onClear={() => clearView(place)} />}
            pending={making?.pending ?? NOTHING_PENDING}
            onTakeBack={(column) => {
              making?.takeBack(column);
              focusGrid();
            }}
            refusalOf={refusalOf}
            waysOf={waysOf}
            onView={(change) => changeView(place, change)}
            onSight={onSight}
            onSelect={setSelection}
            onCopy={(event) => {
              event.preventDefault();
              const control = grid.current;
              const range = control?.selected() ?? null;
              const active = control?.active() ?? { row: HEADER, column: 0 };
              if (range === null && active.row === HEADER) {
                event.clipboardData.setData("text/plain", actionsOf().name(active.column));
                return;
              }
              copyCells({ rows, order, range: range ?? between(active, active) }, "tsv", event);
            }}
            onMenu={openMenu}
          />
          {shown.isPending && <span className="frame-progress" />}
        </div>
      )}
      <FrameFooter
        output={output}
        view={view}
        shape={rows.shape}
        columns={columns.length}
        isPending={shown.isPending}
        error={shown.error}
        onRetry={shown.retry}
        onClear={() => clearView(place)}
        inSight={inSight}
        selection={selection}
        statistics={statistics}
        isAlone={!hasBar}
      />
      {making?.dialog}
      {layer?.kind === "columns" && (
        <ColumnFinder
          columns={columns}
          columnLayout={columnLayout}
          onChoose={goToColumn}
          onClose={() => setLayer(null)}
        />
      )}
      {layer?.kind === "row" && (
        <GoToRow
          rows={rows.shape.rows}
          onChoose={(row) => actionsOf().goToRow(row)}
          onClose={() => setLayer(null)}
        />
      )}
      {layer?.kind === "menu" && (
        <ContextMenu
          label={layer.label}
          entries={layer.entries}
          anchor={layer.anchor}
          onClose={() => {
            setLayer(null);
            focusGrid();
          }}
        />
      )}
    </div>
  );
}

function Empty(props: { view: View; total: number; onClear(): void }): ReactElement {
  const isNarrowed = leavesOut(props.view) && props.total > 0;
  return (
    <div className="frame-empty">
      <span>{isNarrowed ? `None of ${plural(props.total, "row")} fits.` : "It has no rows."}</span>
      {isNarrowed && <Button onClick={props.onClear}>Show all rows</Button>}
    </div>
  );
}

/** Tells those who do not see the rows how many a view has left. */
function useAnnounced(isPending: boolean, view: View, rows: number, total: number): void {
  const wasPending = useRef(false);
  useEffect(() => {
    if (wasPending.current && !isPending) {
      announce(
        leavesOut(view)
          ? `${formatCount(rows)} of ${plural(total, "row")}.`
          : `${plural(total, "row")}.`,
      );
    }
    wasPending.current = isPending;
  }, [isPending, rows, total, view]);
}

/** What the server has said of the filters of single columns. */
function useRefusals(
  error: unknown,
  view: View,
): (reference: ColumnReference) => string | undefined {
  return useMemo(() => {
    const field = error instanceof ApiError ? String(error.details["field"] ?? "") : "";
    const at = /^filter\[(\d+)\]/.exec(field)?.[1];
    const column = at === undefined ? undefined : view.filter[Number(at)]?.column;
    const message = error instanceof Error ? error.message : undefined;
    return (reference) =>
      column !== undefined && sameReference(column, reference) ? message : undefined;
  }, [error, view]);
}
