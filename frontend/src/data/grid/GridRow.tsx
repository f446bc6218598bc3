import { memo, type ReactElement } from "react";
import { classes, formatCount } from "../../ui";
import { showCell } from "../cells/format";
import type { FrameRows } from "../rows/frame-rows";
import { type Layout, PADDING } from "./columns";
import { textWidth } from "./text-width";

/** Longest text of a tooltip; Enter shows the rest. */
const TIP = 700;

export interface GridRowProps {
  rows: FrameRows;
  row: number;
  layout: Layout;
  /** Ascending. */
  columns: readonly number[];
  numeric: readonly boolean[];
  decimals(column: number): number;
  gutter: number;
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
  const { row, layout, columns, gutter, isAway } = props;
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: its cells have the focus
    // biome-ignore lint/a11y/useSemanticElements: a table cannot leave out rows
    <div
      role="row"
      aria-rowindex={row + 2}
      className={classes("grid-row", isAway && "grid-row-away")}
      data-row={row}
      style={{ width: (layout.lefts.at(-1) ?? 0) + gutter }}
    >
      {/* biome-ignore lint/a11y/useFocusableInteractive: a number to read, nothing to do */}
      {/* biome-ignore lint/a11y/useSemanticElements: a table cannot leave out rows */}
      <div role="rowheader" aria-colindex={1} className="grid-gutter" style={{ width: gutter }}>
        {formatCount(row + 1)}
      </div>
      {columns.map((column) => (
        <GridCell key={column} {...props} column={column} />
      ))}
    </div>
  );
});

function GridCell(props: GridRowProps & { column: number }): ReactElement {
  const { rows, row, column, layout, gutter, active, selectedFrom, selectedTo } = props;
  const cell = rows.cell(row, column);
  const shown = cell && showCell(cell, props.decimals(column));
  const width = layout.widths[column] ?? 0;
  const isActive = column === active;
  const isSelected = column >= selectedFrom && column <= selectedTo;
  const isCut = shown !== undefined && textWidth(shown.text, "cell") > width - PADDING + 1;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table cannot leave out rows
    <div
      role="gridcell"
      aria-colindex={column + 2}
      aria-selected={isSelected}
      tabIndex={isActive ? 0 : -1}
      className="grid-cell"
      data-column={column}
      data-numeric={props.numeric[column] || undefined}
      data-look={shown?.look}
      data-active={isActive || undefined}
      data-tip={isCut ? shown.text.slice(0, TIP) : undefined}
      style={{ left: gutter + (layout.lefts[column] ?? 0), width }}
    >
      <CellText shown={shown} />
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
