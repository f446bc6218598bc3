import { memo, type ReactElement } from "react";
import { classes, formatCount } from "../../ui";
import { showCell } from "../cells/format";
import type { FrameRows } from "../rows/frame-rows";
import type { Pending } from "../steps/store";
import { frozenWidth, type Layout, PADDING } from "./columns";
import { sheetWidth } from "./GridHead";
import { textWidth } from "./text-width";

/** Longest text of a tooltip; Enter shows the rest. */
const TIP = 700;

export interface GridRowProps {
  rows: FrameRows;
  row: number;
  layout: Layout;
  /** Columns that are drawn, as they are shown; ascending. */
  shown: readonly number[];
  numeric: readonly boolean[];
  decimals(place: number): number;
  gutter: number;
  /** What a block will make of columns, by their names. */
  pending: ReadonlyMap<string, Pending>;
  /** Column that has the focus or would get it. */
  active: number | null;
  selectedFrom: number;
  selectedTo: number;
  /** Kept only for its focus. */
  isAway: boolean;
  /** Makes a row read its cells again. */
  version: number;
}

/** One row: its number, and the cells of the columns in sight. */
export const GridRow: React.NamedExoticComponent<GridRowProps> = memo(function GridRow(
  props: GridRowProps,
): ReactElement {
  const { row, layout, shown, gutter, isAway } = props;
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: its cells have the focus
    // biome-ignore lint/a11y/useSemanticElements: a table cannot leave out rows
    <div
      role="row"
      aria-rowindex={row + 2}
      className={classes("grid-row", isAway && "grid-row-away")}
      data-row={row}
      style={{ width: sheetWidth(layout, gutter) }}
    >
      <div
        role="presentation"
        className="grid-fixed"
        data-frozen={layout.frozen > 0 || undefined}
        style={{ width: gutter + frozenWidth(layout) }}
      >
        {/* biome-ignore lint/a11y/useFocusableInteractive: a number to read, nothing to do */}
        {/* biome-ignore lint/a11y/useSemanticElements: a table cannot leave out rows */}
        <div role="rowheader" aria-colindex={1} className="grid-gutter" style={{ width: gutter }}>
          {formatCount(row + 1)}
        </div>
        {shown.map((at) => at < layout.frozen && <GridCell key={at} {...props} at={at} />)}
      </div>
      {shown.map((at) => at >= layout.frozen && <GridCell key={at} {...props} at={at} />)}
    </div>
  );
});

function GridCell(props: GridRowProps & { at: number }): ReactElement {
  const { rows, row, at, layout, gutter, active, selectedFrom, selectedTo } = props;
  const place = layout.order[at] ?? 0;
  const cell = rows.cell(row, place);
  const text = cell && showCell(cell, props.decimals(place));
  const width = layout.widths[at] ?? 0;
  const isActive = at === active;
  const isSelected = at >= selectedFrom && at <= selectedTo;
  const isCut = text !== undefined && textWidth(text.text, "cell") > width - PADDING + 1;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table cannot leave out rows
    <div
      role="gridcell"
      aria-colindex={at + 2}
      aria-selected={isSelected}
      tabIndex={isActive ? 0 : -1}
      className="grid-cell"
      data-column={at}
      data-numeric={props.numeric[place] || undefined}
      data-look={text?.look}
      data-active={isActive || undefined}
      data-dropped={props.pending.get(rows.columns[place]?.name ?? "")?.name === null || undefined}
      data-tip={isCut ? text.text.slice(0, TIP) : undefined}
      style={{ left: gutter + (layout.lefts[at] ?? 0), width }}
    >
      <CellText shown={text} />
    </div>
  );
}

function CellText({ shown }: { shown: ReturnType<typeof showCell> | undefined }): ReactElement {
  if (shown === undefined) return <span className="grid-waiting" />;
  if (shown.look === "null") {
    return (
      <span role="img" aria-label="null">
        {shown.text}
      </span>
    );
  }
  return <span className="grid-text">{shown.text}</span>;
}
