import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";

const KEY = "headrace-column-filters";

const store = createStore<{ shown: boolean }>(() => ({
  shown: typeof localStorage === "undefined" || localStorage.getItem(KEY) !== "off",
}));

/** Are the filters of columns shown in the data panel; one choice for all tables. */
export function useFiltersShown(): readonly [boolean, (shown: boolean) => void] {
  return [useStore(store, (state) => state.shown), setShown];
}

function setShown(shown: boolean): void {
  store.setState({ shown });
  if (shown) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, "off");
}
