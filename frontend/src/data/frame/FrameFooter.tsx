import { type ReactElement, useEffect } from "react";
import { type StoreApi, useStore } from "zustand";
import { messageOf } from "../../client";
import type { Output } from "../../protocol";
import { useConnection } from "../../session";
import { Button, formatBytes, formatCount, plural } from "../../ui";
import { countCells } from "../grid/place";
import type { Range, Shape } from "../rows/windows";
import { leavesOut, type View } from "../view";
import { useLate } from "./useRows";
import type { SelectionStatistics } from "./useStatistics";

/** Rows in sight, from 0: it changes with every frame of a scroll, and nothing else does. */
export interface InSight {
  rows: readonly [first: number, last: number] | null;
}

export interface FrameFooterProps {
  output: Output;
  view: View;
  shape: Shape;
  /** Columns that are not hidden. */
  columns: number;
  isPending: boolean;
  error: unknown;
  onRetry(): void;
  onClear(): void;
  inSight: StoreApi<InSight>;
  selection: Range | null;
  statistics: SelectionStatistics;
  /** Says by itself how it is sorted: nothing else does. */
  isAlone: boolean;
}

/** What is shown of how much, and what is selected. */
export function FrameFooter(props: FrameFooterProps): ReactElement {
  const { output, view, shape, error, onRetry } = props;
  const online = useConnection((state) => state.phase === "online");
  // biome-ignore lint/correctness/useExhaustiveDependencies: only coming back asks again
  useEffect(() => {
    if (online && error !== undefined) onRetry();
  }, [online]);
  const isLate = useLate(props.isPending, 100);
  const total = output.rows ?? 0;
  if (error !== undefined) {
    return (
      <div className="frame-footer frame-failed" role="alert">
        <span className="ellipsis" title={messageOf(error)}>
          {messageOf(error)}
        </span>
        <span className="data-space" />
        {leavesOut(view) || view.sort.length > 0 ? (
          <Button size="small" onClick={props.onClear}>
            Clear
          </Button>
        ) : null}
        <Button size="small" onClick={onRetry}>
          Try again
        </Button>
      </div>
    );
  }
  const { inSight, selection } = props;
  const isNarrowed = leavesOut(view);
  const isTold = props.isAlone && (isNarrowed || view.sort.length > 0);
  const isSelected = selection !== null && countCells(selection) > 1;
  return (
    <div className="frame-footer" data-selected={isSelected || undefined}>
      <span className="frame-shape">
        {isNarrowed && !props.isPending
          ? `${formatCount(shape.rows)} of ${plural(total, "row")}`
          : plural(total, "row")}{" "}
        × {plural(props.columns, "column")}
      </span>
      {isLate && <span className="frame-wait">{waitingWords(view)}</span>}
      {isTold && (
        <span>
          {[view.sort.length > 0 && "sorted", isNarrowed && "filtered"].filter(Boolean).join(", ")}{" "}
          <button type="button" className="frame-clear" onClick={props.onClear}>
            Clear
          </button>
        </span>
      )}
      <span className="data-space" />
      {isSelected ? (
        <Selected range={selection} statistics={props.statistics} />
      ) : (
        <>
          {shape.rows > 0 && <RowsInSight inSight={inSight} />}
          <span>{formatBytes(output.size_bytes)}</span>
        </>
      )}
    </div>
  );
}

function RowsInSight({ inSight }: { inSight: StoreApi<InSight> }): ReactElement | null {
  const rows = useStore(inSight, (state) => state.rows);
  if (rows === null) return null;
  return (
    <span className="frame-range">
      rows {formatCount(rows[0] + 1)}–{formatCount(rows[1] + 1)}
    </span>
  );
}

function waitingWords(view: View): string {
  if (view.search !== null && view.search !== "") return "Searching…";
  if (view.sort.length > 0) return "Sorting…";
  return "Filtering…";
}

function Selected(props: { range: Range; statistics: SelectionStatistics }): ReactElement {
  const { range, statistics } = props;
  const rows = range.lastRow - range.firstRow + 1;
  const columns = range.lastColumn - range.firstColumn + 1;
  const { found, error } = statistics;
  return (
    <span className="frame-selection" role="status">
      <Fact word="selected" value={`${formatCount(rows)} × ${formatCount(columns)}`} />
      {error !== undefined && <span>{messageOf(error)}</span>}
      {found !== null && (
        <>
          <Fact word="count" value={formatCount(found.count)} />
          {found.nulls > 0 && <Fact word="nulls" value={formatCount(found.nulls)} />}
          {found.sum !== null && <Fact word="sum" value={groupDigits(found.sum)} />}
          {found.mean !== null && (
            <Fact word="mean" value={groupDigits(String(Number(found.mean.toPrecision(8))))} />
          )}
        </>
      )}
      {found === null && error === undefined && <span>counting…</span>}
    </span>
  );
}

function Fact({ word, value }: { word: string; value: string }): ReactElement {
  return (
    <span className="frame-fact">
      {word} <strong>{value}</strong>
    </span>
  );
}

/** "1234567.5" → "1,234,567.5", exactly. */
export function groupDigits(text: string): string {
  return text.replace(/\.0$/, "").replace(/^([+-]?)(\d+)/, (_, sign: string, digits: string) => {
    return sign + digits.replace(/\B(?=(\d{3})+$)/g, ",");
  });
}
