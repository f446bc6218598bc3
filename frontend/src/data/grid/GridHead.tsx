import { memo, type ReactElement } from "react";
import { frozenWidth, type Layout } from "./columns";
import { HeadCell, type HeadCellProps } from "./HeadCell";
import { HEADER } from "./place";

export interface GridHeadProps extends Omit<HeadCellProps, "at" | "left"> {
  /** Columns that are drawn, as they are shown; frozen ones first. */
  shown: readonly number[];
  gutter: number;
  height: number;
  /** Makes the headers read their statistics again. */
  version: number;
  /** Where a column that is dragged would go, in columns before it. */
  gap: number | null;
}

/** Names, types and filters of the columns in sight; what is frozen does not scroll with them. */
export const GridHead: React.NamedExoticComponent<GridHeadProps> = memo(function GridHead(
  props: GridHeadProps,
): ReactElement {
  const { shown, layout, gutter, height, gap } = props;
  const frozen = shown.filter((at) => at < layout.frozen);
  const others = shown.filter((at) => at >= layout.frozen);
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: its cells have the focus
    // biome-ignore lint/a11y/useSemanticElements: a table cannot leave out rows
    <div
      role="row"
      aria-rowindex={1}
      className="grid-head"
      data-row={HEADER}
      style={{ width: sheetWidth(layout, gutter), height }}
    >
      <div
        role="presentation"
        className="grid-fixed"
        data-frozen={layout.frozen > 0 || undefined}
        style={{ width: gutter + frozenWidth(layout) }}
      >
        {/* biome-ignore lint/a11y/useFocusableInteractive: nothing to do */}
        {/* biome-ignore lint/a11y/useSemanticElements: a table cannot leave out rows */}
        <div
          role="columnheader"
          aria-colindex={1}
          className="grid-corner"
          style={{ width: gutter }}
        >
          <span className="visually-hidden">Row</span>
        </div>
        {frozen.map((at) => (
          <HeadCell
            key={layout.order[at]}
            {...props}
            at={at}
            left={gutter + (layout.lefts[at] ?? 0)}
          />
        ))}
      </div>
      {others.map((at) => (
        <HeadCell
          key={layout.order[at]}
          {...props}
          at={at}
          left={gutter + (layout.lefts[at] ?? 0)}
        />
      ))}
      {gap !== null && (
        <span className="grid-gap" style={{ left: gutter + (layout.lefts[gap] ?? 0) }} />
      )}
    </div>
  );
});

export function sheetWidth({ lefts }: Layout, gutter: number): number {
  return (lefts.at(-1) ?? 0) + gutter;
}
