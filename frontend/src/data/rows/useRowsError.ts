import { useSyncExternalStore } from "react";
import type { FrameRows } from "./frame-rows";

/** Why rows did not come; undefined while they do. */
export function useRowsError(rows: FrameRows): unknown {
  return useSyncExternalStore(rows.subscribe, () => rows.error);
}
