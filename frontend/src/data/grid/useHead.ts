/** What keeps the headers of a grid from being drawn anew at each frame of a scroll. */
import { useCallback, useMemo, useRef } from "react";
import type { ColumnProfiles } from "../profiles";
import type { HeadCalls } from "./HeadCell";
import { nullWords } from "./MiniProfile";

/** The same functions at every render, which call those of the last one: headers are not drawn again. */
export function useStable(calls: HeadCalls): HeadCalls {
  const latest = useRef(calls);
  latest.current = calls;
  return useMemo(
    () => ({
      onFilter: (...said) => latest.current.onFilter(...said),
      onLeaveFilter: (...said) => latest.current.onLeaveFilter(...said),
      onMenu: (...said) => latest.current.onMenu(...said),
      onTakeBack: (...said) => latest.current.onTakeBack(...said),
      onResize: (...said) => latest.current.onResize(...said),
      onFit: (...said) => latest.current.onFit(...said),
      onDrag: (...said) => latest.current.onDrag(...said),
    }),
    [],
  );
}

/** What stands beside the types of columns: their shares of nulls. */
export function useNotes(
  profiles: ColumnProfiles | null,
  version: number,
  total: number,
): (place: number) => string {
  // biome-ignore lint/correctness/useExhaustiveDependencies: each version may bring a share
  return useCallback(
    (place: number) => nullWords(profiles?.of(place), total),
    [profiles, version, total],
  );
}
