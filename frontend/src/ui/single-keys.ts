import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";

const KEY = "headrace-single-keys";

const store = createStore<{ on: boolean }>(() => ({ on: stored() !== "off" }));

/** Whether keys without Ctrl or Alt do anything (WCAG 2.1.4). */
export function singleKeysOn(): boolean {
  return store.getState().on;
}

export function useSingleKeys(): boolean {
  return useStore(store, (state) => state.on);
}

/** Switches keys without a modifier off and on, for people who speak to their computer. */
export function setSingleKeys(on: boolean): void {
  store.setState({ on });
  if (on) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, "off");
}

function stored(): string | null {
  return typeof localStorage === "undefined" ? null : localStorage.getItem(KEY);
}
