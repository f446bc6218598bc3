import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import type { Output } from "../../protocol";
import { useApi } from "../../session";
import { FIRST_LOOK, rowsInPlace } from "../rows/frame-rows";
import type { FramePlace } from "../view";

/** How long a table stays on the screen after the next one is there, at the longest. */
const HELD_MS = 100;

const forNothing = (): (() => void) => () => {};

/**
 * The output to show in a place: the one before, until the first rows of the next one are here. So a
 * table gives way to the next in one step, without an empty one in between.
 */
export function useArrived(output: Output, place: FramePlace): Output {
  const api = useApi();
  const [shown, setShown] = useState(output);
  const isShown = shown.address === output.address;
  const next = useMemo(
    () => (isShown ? null : rowsInPlace(api, output, place)),
    [api, isShown, output, place],
  );
  const hasArrived = useSyncExternalStore(
    next?.subscribe ?? forNothing,
    () => next === null || next.isReady || next.error !== undefined,
  );
  if (!isShown && hasArrived) setShown(output);
  useEffect(() => {
    if (next === null) return;
    const self = {};
    next.look(self, FIRST_LOOK);
    const timer = setTimeout(() => setShown(output), HELD_MS);
    return () => {
      clearTimeout(timer);
      next.leave(self);
    };
  }, [next, output]);
  return isShown || hasArrived ? output : shown;
}
