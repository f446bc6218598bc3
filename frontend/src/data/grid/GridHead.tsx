import type { PointerEvent, ReactElement } from "react";
import type { Column } from "../../protocol";
import { typeWords } from "../cells/format";
import type { Layout } from "./columns";
import { HEADER } from "./place";

export interface GridHeadProps {
  columns: readonly Column[];
  shown: readonly number[];
  layout: Layout;
  numeric: readonly boolean[];
  gutter: number;
  active: number | null;
  onResize(column: number, width: number): void;
  onFit(column: number): void;
}

/** Names and types of the columns in sight; their right edges are dragged. */
export function GridHead(props: GridHeadProps): ReactElement {
  const { shown, layout, gutter } = props;
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: its cells have the focus
    // biome-ignore lint/a11y/useSemanticElements: a table cannot leave out rows
    <div
      role="row"
      aria-rowindex={1}
      className="grid-head"
      data-row={HEADER}
      style={{ width: (layout.lefts.at(-1) ?? 0) + gutter }}
    >
      {/* biome-ignore lint/a11y/useFocusableInteractive: nothing to do */}
      {/* biome-ignore lint/a11y/useSemanticElements: a table cannot leave out rows */}
      <div role="columnheader" aria-colindex={1} className="grid-corner" style={{ width: gutter }}>
        <span className="visually-hidden">Row</span>
      </div>
      {shown.map((column) => (
        <HeadCell key={column} {...props} column={column} />
      ))}
    </div>
  );
}

function HeadCell(props: GridHeadProps & { column: number }): ReactElement | null {
  const { columns, column, layout, gutter, active } = props;
  const described = columns[column];
  if (described === undefined) return null;
  const { name, type } = described;
  const words = typeWords(type);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table cannot leave out rows
    <div
      role="columnheader"
      aria-colindex={column + 2}
      tabIndex={active === column ? 0 : -1}
      className="grid-head-cell"
      data-column={column}
      data-numeric={props.numeric[column] || undefined}
      data-active={active === column || undefined}
      data-tip={`${name}  ${words}`}
      style={{ left: gutter + (layout.lefts[column] ?? 0), width: layout.widths[column] }}
    >
      <span className="grid-head-name">{name === "" ? '""' : name}</span>
      <span className="grid-head-type">{words}</span>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: for the pointer; keys do it by Alt+Shift+arrows */}
      <span
        className="grid-resizer"
        onPointerDown={(event) => drag(event, layout.widths[column] ?? 0, column, props.onResize)}
        onDoubleClick={() => props.onFit(column)}
      />
    </div>
  );
}

/** Follows the pointer until it is let go. */
function drag(
  event: PointerEvent<HTMLElement>,
  width: number,
  column: number,
  onResize: GridHeadProps["onResize"],
): void {
  event.preventDefault();
  event.stopPropagation();
  const handle = event.currentTarget;
  const from = event.clientX;
  handle.setPointerCapture(event.pointerId);
  const move = (next: globalThis.PointerEvent): void => {
    if (next.clientX !== from) onResize(column, width + next.clientX - from);
  };
  const end = (): void => {
    handle.removeEventListener("pointermove", move);
    handle.removeEventListener("lostpointercapture", end);
  };
  handle.addEventListener("pointermove", move);
  handle.addEventListener("lostpointercapture", end);
}
