import { ArrowDown, ArrowUp, Ellipsis, Undo2 } from "lucide-react";
import type { PointerEvent, ReactElement } from "react";
import type { Column } from "../../protocol";
import { typeWords } from "../cells/format";
import type { ColumnProfiles } from "../profiles";
import { type Pending, pendingWords } from "../steps/store";
import {
  type ColumnReference,
  type Condition,
  referenceTo,
  type SortSign,
  sameReference,
  signOfSort,
  type View,
} from "../view";
import type { Layout } from "./columns";
import { FilterField } from "./FilterField";
import { MiniProfile, nullWords, profileWords } from "./MiniProfile";

/** What a header asks of its grid. Columns count as they are shown. */
export interface HeadCalls {
  onFilter(reference: ColumnReference, conditions: readonly Condition[]): void;
  onLeaveFilter(at: number): void;
  onMenu(at: number, anchor: DOMRect): void;
  onTakeBack(column: string): void;
  onResize(at: number, width: number): void;
  onFit(at: number): void;
  /** A name was taken hold of and moved: follows it until it is let go. */
  onDrag(at: number, event: PointerEvent<HTMLElement>): void;
}

export interface HeadCellProps {
  columns: readonly Column[];
  layout: Layout;
  /** As the column is shown, from 0. */
  at: number;
  /** Pixels. */
  left: number;
  numeric: readonly boolean[];
  active: number | null;
  /** Selected as a whole, from and to. */
  selectedFrom: number;
  selectedTo: number;
  view: View;
  profiles: ColumnProfiles | null;
  /** Rows of the whole table. */
  rows: number;
  hasFilters: boolean;
  /** Where the column comes from and goes, in some lines. */
  waysOf(name: string): string;
  /** What a block will make of columns, by their names. */
  pending: ReadonlyMap<string, Pending>;
  refusalOf(reference: ColumnReference): string | undefined;
  calls: HeadCalls;
}

/** A column's name, type, share of nulls, spread and filter; its right edge is dragged. */
export function HeadCell(props: HeadCellProps): ReactElement | null {
  const { columns, layout, at, left, active, view, profiles, rows, calls } = props;
  const place = layout.order[at] ?? -1;
  const column = columns[place];
  if (column === undefined) return null;
  const { name, type } = column;
  const reference = referenceTo(columns, place);
  const sign = signOfSort(view.sort, reference);
  const profile = profiles?.of(place);
  const words = typeWords(type);
  const facts = profileWords(profile, rows);
  const nulls = nullWords(profile, rows);
  const pending = props.pending.get(name);
  const becomes = pending === undefined ? "" : pendingWords(pending, name);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table cannot leave out rows
    <div
      role="columnheader"
      aria-colindex={at + 2}
      aria-sort={ariaSort(sign)}
      aria-selected={at >= props.selectedFrom && at <= props.selectedTo}
      tabIndex={active === at ? 0 : -1}
      className="grid-head-cell"
      data-column={at}
      data-name={name}
      data-tip={[`${name}  ${words}`, becomes, facts, props.waysOf(name)]
        .filter(Boolean)
        .join("\n")}
      data-numeric={props.numeric[place] || undefined}
      data-active={active === at || undefined}
      data-sorted={sign !== null || undefined}
      data-pending={pending === undefined ? undefined : pending.name === null ? "drop" : "change"}
      style={{ left, width: layout.widths[at] }}
    >
      <div className="grid-head-hold" onPointerDown={(event) => calls.onDrag(at, event)}>
        <span className="grid-head-title">
          <ColumnName name={name} becomes={pending?.name} />
          {sign !== null && <SortMark sign={sign} />}
        </span>
        <span className="grid-head-type">
          <ColumnType words={words} pending={pending} />
          {nulls !== "" && <span className="grid-head-nulls">{nulls}</span>}
        </span>
        {profiles !== null && <MiniProfile profile={profile} rows={rows} />}
        {becomes !== "" && <span className="visually-hidden">{becomes}</span>}
        {facts !== "" && <span className="visually-hidden">{facts}</span>}
      </div>
      {pending !== undefined && (
        <button
          type="button"
          className="grid-head-undo"
          tabIndex={-1}
          aria-label={`Take back what becomes of ${name}`}
          data-tip="Take it back"
          onClick={() => calls.onTakeBack(name)}
        >
          <Undo2 size={13} aria-hidden="true" />
        </button>
      )}
      <button
        type="button"
        className="grid-head-menu"
        tabIndex={-1}
        aria-label={`Menu of ${name}`}
        aria-haspopup="menu"
        onClick={(event) => calls.onMenu(at, event.currentTarget.getBoundingClientRect())}
      >
        <Ellipsis size={14} aria-hidden="true" />
      </button>
      {props.hasFilters && (
        <FilterField
          column={column}
          reference={reference}
          conditions={view.filter.filter((one) => sameReference(one.column, reference))}
          refusal={props.refusalOf(reference)}
          onChange={(conditions) => calls.onFilter(reference, conditions)}
          onLeave={() => calls.onLeaveFilter(at)}
        />
      )}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: for the pointer; keys do it by Alt+Shift+arrows */}
      <span
        className="grid-resizer"
        onPointerDown={(event) => resize(event, layout.widths[at] ?? 0, at, calls.onResize)}
        onDoubleClick={() => calls.onFit(at)}
      />
    </div>
  );
}

/** The old name struck through before the new one. */
function ColumnName(props: { name: string; becomes: string | null | undefined }): ReactElement {
  const { becomes } = props;
  const name = props.name === "" ? '""' : props.name;
  if (becomes === undefined || becomes === props.name) {
    return <span className="grid-head-name">{name}</span>;
  }
  return (
    <span className="grid-head-name" data-pending={true}>
      <s>{name}</s>
      {becomes !== null && (
        <>
          <span aria-hidden="true"> → </span>
          {becomes}
        </>
      )}
    </span>
  );
}

function ColumnType(props: { words: string; pending: Pending | undefined }): ReactElement {
  const { words, pending } = props;
  if (pending === undefined) return <span className="ellipsis">{words}</span>;
  if (pending.name === null) return <span className="grid-head-next">dropped</span>;
  if (pending.type === null) return <span className="ellipsis">{words}</span>;
  return (
    <span className="ellipsis">
      <s>{words}</s>
      <span aria-hidden="true"> → </span>
      <span className="grid-head-next">{pending.type}</span>
    </span>
  );
}

function ariaSort(sign: SortSign | null): "ascending" | "descending" | "none" {
  if (sign === null) return "none";
  return sign.descending ? "descending" : "ascending";
}

function SortMark({ sign }: { sign: SortSign }): ReactElement {
  const Icon = sign.descending ? ArrowDown : ArrowUp;
  return (
    <span className="grid-sort">
      <Icon size={13} strokeWidth={2.5} aria-hidden="true" />
      {sign.order !== null && <span className="grid-sort-order">{sign.order}</span>}
    </span>
  );
}

/** Follows the pointer until it is let go. */
function resize(
  event: PointerEvent<HTMLElement>,
  width: number,
  at: number,
  onResize: HeadCalls["onResize"],
): void {
  event.preventDefault();
  event.stopPropagation();
  const handle = event.currentTarget;
  const from = event.clientX;
  handle.setPointerCapture(event.pointerId);
  const move = (next: globalThis.PointerEvent): void => {
    if (next.clientX !== from) onResize(at, width + next.clientX - from);
  };
  const end = (): void => {
    handle.removeEventListener("pointermove", move);
    handle.removeEventListener("lostpointercapture", end);
  };
  handle.addEventListener("pointermove", move);
  handle.addEventListener("lostpointercapture", end);
}
