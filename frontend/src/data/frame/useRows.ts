import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { Column, Output } from "../../protocol";
import { useApi } from "../../session";
import { type FrameRows, rowsOf } from "../rows/frame-rows";
import type { View } from "../view";

export interface ShownRows {
  /** What is on the screen: the rows of an earlier view until those of this one are here. */
  rows: FrameRows;
  isPending: boolean;
  /** Why the rows of this view did not come. */
  error: unknown;
  retry(): void;
}

const FIRST_ROWS = 60;

/**
 * Rows of a view. While they are fetched, those before stay on the screen; what was asked for in
 * between and is not wanted any more is called off.
 */
export function useRows(
  output: Output,
  columns: readonly Column[],
  view: View,
  columnsInSight: () => readonly number[],
): ShownRows {
  const api = useApi();
  const wanted = rowsOf(api, output, view, columns);
  const [shown, setShown] = useState(wanted);
  // Another table has nothing to do with what was there before.
  const current = shown.columns === columns && shown.address === output.address ? shown : wanted;
  if (current !== shown) setShown(current);
  const viewer = useRef({});
  const isReady = useSyncExternalStore(
    wanted.subscribe,
    useCallback(() => wanted.isReady, [wanted]),
  );
  const error = useSyncExternalStore(wanted.subscribe, () => wanted.error);

  useEffect(() => {
    if (wanted === current) return;
    if (isReady) {
      setShown(wanted);
      return;
    }
    const self = viewer.current;
    wanted.look(self, { firstRow: 0, lastRow: FIRST_ROWS, columns: columnsInSight() });
    return () => wanted.leave(self);
  }, [columnsInSight, current, isReady, wanted]);

  return {
    rows: current,
    isPending: wanted !== current && error === undefined,
    error,
    retry: () => wanted.retry(),
  };
}

/** True once something has lasted: what is over at once is not worth saying. */
export function useLate(isTrue: boolean, afterMs: number): boolean {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    if (!isTrue) return;
    const timer = setTimeout(() => setLate(true), afterMs);
    return () => {
      clearTimeout(timer);
      setLate(false);
    };
  }, [afterMs, isTrue]);
  return isTrue && isLate;
}
