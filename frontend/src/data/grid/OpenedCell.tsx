import type { ReactElement } from "react";
import { typeWords } from "../cells/format";
import type { FrameRows } from "../rows/frame-rows";
import { CellPopover } from "./CellPopover";
import type { Place } from "./place";

export function OpenedCell(props: {
  rows: FrameRows;
  order: readonly number[];
  opened: { place: Place; rect: DOMRect };
  onClose(): void;
}): ReactElement | null {
  const { place, rect } = props.opened;
  const at = props.order[place.column] ?? -1;
  const cell = props.rows.cell(place.row, at);
  const column = props.rows.columns[at];
  if (cell === undefined || column === undefined) return null;
  return (
    <CellPopover
      rows={props.rows}
      column={at}
      cell={cell}
      name={column.name}
      type={typeWords(column.type)}
      row={place.row}
      anchor={rect}
      onClose={props.onClose}
    />
  );
}
