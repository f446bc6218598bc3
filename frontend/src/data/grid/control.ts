/** What a grid is given, and what it lets others do. Columns count as they are shown. */
import type { ClipboardEvent, ReactNode, Ref } from "react";
import type { ColumnLayout } from "../layout";
import type { ColumnProfiles } from "../profiles";
import type { FrameRows } from "../rows/frame-rows";
import type { Range, Sight } from "../rows/windows";
import type { Pending } from "../steps/store";
import type { ColumnReference, View } from "../view";
import type { Place } from "./place";
import type { Selection } from "./selection";

export interface GridControl {
  active(): Place;
  selected(): Range | null;
  go(place: Place): void;
  select(selection: Selection): void;
  /** Puts the keyboard on the active cell. */
  focus(): void;
  contains(element: Element | null): boolean;
  /** Puts the keyboard into the filter of a column. */
  focusFilter(at: number): void;
  fit(at: number): void;
  widen(at: number, by: number): void;
  open(): void;
  /** The menu of the active cell, or of its column. */
  openMenu(): void;
}

export interface GridProps {
  rows: FrameRows;
  columnLayout: ColumnLayout;
  label: string;
  view: View;
  /** Rows of the whole table. */
  total: number;
  /** Statistics for the headers; null for none. */
  profiles: ColumnProfiles | null;
  hasFilters: boolean;
  /** Rows of another view are on their way. */
  isPending: boolean;
  control: Ref<GridControl>;
  /** What stands in place of rows when there are none. */
  empty: ReactNode;
  /** What a block will make of columns, by their names. */
  pending: ReadonlyMap<string, Pending>;
  /** Takes back what was last to be made of a column. */
  onTakeBack(column: string): void;
  refusalOf(reference: ColumnReference): string | undefined;
  /** Where a column comes from and goes, in some lines. */
  waysOf(name: string): string;
  onView(change: Partial<View>): void;
  onSight(sight: Sight): void;
  onSelect(range: Range | null): void;
  onCopy(event: ClipboardEvent): void;
  onMenu(place: Place, anchor: DOMRect): void;
}
