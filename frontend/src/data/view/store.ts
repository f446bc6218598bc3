/** The view of each table that is looked at, shared by everyone who shows it. */
import { useCallback, useSyncExternalStore } from "react";
import { createStore } from "zustand/vanilla";
import { type View, WHOLE } from "./view";

/** Names what a view belongs to: a block, so that a new output of it is looked at in the same way. */
export type FramePlace = string;

/** The place of a block's output. */
export function placeOfBlock(pipeline: string, block: string): FramePlace {
  return `${pipeline}/${block}`;
}

/** The place of an output that belongs to no block, such as one of a past run. */
export function placeOfOutput(address: string): FramePlace {
  return `:${address}`;
}

const store = createStore<Readonly<Record<FramePlace, View>>>(() => ({}));

/** The view of a place; all rows where nobody has said anything. */
export function viewOf(place: FramePlace): View {
  return store.getState()[place] ?? WHOLE;
}

/** Replaces parts of a view: what is not named stays. */
export function changeView(place: FramePlace, change: Partial<View>): void {
  store.setState({ [place]: { ...viewOf(place), ...change } });
}

/** All rows again, in their order; the choice of columns stays. */
export function clearView(place: FramePlace): void {
  changeView(place, { sort: [], filter: [], search: null });
}

/** Calls `listener` after each change of the view of a place, until the answer is called. */
export function subscribeView(place: FramePlace, listener: (view: View) => void): () => void {
  return store.subscribe((now, before) => {
    if (now[place] !== before[place]) listener(now[place] ?? WHOLE);
  });
}

/** The view of a place as it is now. May name columns that the table has lost: see `viewFor`. */
export function useView(place: FramePlace): View {
  return useSyncExternalStore(
    useCallback((listener) => subscribeView(place, listener), [place]),
    () => viewOf(place),
  );
}
