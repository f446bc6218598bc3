import { type ReactElement, useCallback, useEffect, useState } from "react";
import { messageOf } from "../client";
import type { Output } from "../protocol";
import { useApi, useConnection } from "../session";
import { Button, formatBytes, formatCount, plural } from "../ui";
import { Grid } from "./grid/Grid";
import { type FrameRows, rowsOf } from "./rows/frame-rows";
import { useRowsError } from "./rows/useRowsError";

export interface FrameViewProps {
  output: Output;
  label: string;
}

/** A whole table: its grid, and below what is in sight of how much. */
export function FrameView({ output, label }: FrameViewProps): ReactElement {
  const rows = rowsOf(useApi(), output);
  const [view, setView] = useState<readonly [first: number, last: number] | null>(null);
  const onView = useCallback((first: number, last: number) => setView([first, last]), []);
  return (
    <div className="frame">
      {output.columns.length === 0 ? (
        <p className="frame-words muted">It has no columns.</p>
      ) : (
        <Grid
          key={output.address}
          rows={rows}
          columns={output.columns}
          label={label}
          onView={onView}
        />
      )}
      <Footer output={output} rows={rows} view={view} />
    </div>
  );
}

function Footer(props: {
  output: Output;
  rows: FrameRows;
  view: readonly [first: number, last: number] | null;
}): ReactElement {
  const { output, rows, view } = props;
  const error = useRowsError(rows);
  const online = useConnection((state) => state.phase === "online");
  useEffect(() => {
    if (online && rows.error !== undefined) rows.retry();
  }, [online, rows]);
  const total = output.rows ?? 0;
  const columns = output.column_count ?? output.columns.length;
  if (error !== undefined) {
    return (
      <div className="frame-footer frame-failed" role="alert">
        <span className="ellipsis">{messageOf(error)}</span>
        <span className="data-space" />
        <Button size="small" onClick={() => rows.retry()}>
          Try again
        </Button>
      </div>
    );
  }
  return (
    <div className="frame-footer">
      <span className="frame-shape">
        {plural(total, "row")} × {plural(columns, "column")}
      </span>
      {output.columns.length < columns && (
        <span>the first {formatCount(output.columns.length)} are shown</span>
      )}
      <span className="data-space" />
      {view !== null && total > 0 && (
        <span className="frame-range">
          rows {formatCount(view[0] + 1)}–{formatCount(view[1] + 1)}
        </span>
      )}
      <span>{formatBytes(output.size_bytes)}</span>
    </div>
  );
}
