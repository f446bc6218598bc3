import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";

export type Theme = "system" | "light" | "dark";

const KEY = "headrace-theme";

const store = createStore<{ theme: Theme }>(() => ({ theme: stored() }));

/** Puts the remembered theme on the page; call before the first paint. */
export function applyTheme(): void {
  const { theme } = store.getState();
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

export function useTheme(): Theme {
  return useStore(store, (state) => state.theme);
}

export function setTheme(theme: Theme): void {
  store.setState({ theme });
  if (theme === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme);
  applyTheme();
}

/** From what is seen now to its opposite. */
export function toggleTheme(): void {
  setTheme(isDark() ? "light" : "dark");
}

export function isDark(): boolean {
  const { theme } = store.getState();
  if (theme !== "system") return theme === "dark";
  return window.matchMedia("(prefers-color-scheme: dark)").matches;
}

function stored(): Theme {
  if (typeof localStorage === "undefined") return "system";
  const found = localStorage.getItem(KEY);
  return found === "light" || found === "dark" ? found : "system";
}
