import { ArrowDown, ArrowUp, Ellipsis } from "lucide-react";
import type { PointerEvent, ReactElement } from "react";
import type { Column } from "../../protocol";
import { typeWords } from "../cells/format";
import type { ColumnProfiles } from "../profiles";
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
      data-tip={[`${name}  ${words}`, facts, props.waysOf(name)].filter(Boolean).join("\n")}
      data-numeric={props.numeric[place] || undefined}
      data-active={active === at || undefined}
      data-sorted={sign !== null || undefined}
      style={{ left, width: layout.widths[at] }}
    >
      <div className="grid-head-hold" onPointerDown={(event) => calls.onDrag(at, event)}>
        <span className="grid-head-title">
          <span className="grid-head-name">{name === "" ? '""' : name}</span>
          {sign !== null && <SortMark sign={sign} />}
        </span>
        <span className="grid-head-type">
          <span className="ellipsis">{words}</span>
          {nulls !== "" && <span className="grid-head-nulls">{nulls}</span>}
        </span>
        {profiles !== null && <MiniProfile profile={profile} rows={rows} />}
        {facts !== "" && <span className="visually-hidden">{facts}</span>}
      </div>
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
