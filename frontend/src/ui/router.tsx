import type { AnchorHTMLAttributes, MouseEvent, ReactElement } from "react";
import { useSyncExternalStore } from "react";
import { base } from "../client";

/** Where the app is: a path below its base, starting with "/", and what follows "?". */
export interface Place {
  path: string;
  query: URLSearchParams;
}

const listeners = new Set<() => void>();
let current = "";
let place: Place = { path: "/", query: new URLSearchParams() };

function read(): Place {
  if (window.location.href === current) return place;
  current = window.location.href;
  const { pathname, search } = window.location;
  const path = pathname.startsWith(base) ? `/${pathname.slice(base.length)}` : pathname;
  place = { path, query: new URLSearchParams(search) };
  return place;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}

export function usePlace(): Place {
  return useSyncExternalStore(subscribe, read);
}

/** Goes to a path of the app, e.g. `navigate("/runs?pipeline=daily")`. */
export function navigate(to: string, { replace = false }: { replace?: boolean } = {}): void {
  const url = href(to);
  if (replace) window.history.replaceState(null, "", url);
  else window.history.pushState(null, "", url);
  for (const listener of [...listeners]) listener();
}

/** Address of a path of the app for a link. */
export function href(to: string): string {
  return base + to.replace(/^\//, "");
}

/** Values of the `:names` in a pattern, or null: `matchPath("/p/:pipeline", "/p/daily")`. */
export function matchPath(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/").filter(Boolean);
  const given = path.split("/").filter(Boolean);
  if (wanted.length !== given.length) return null;
  const values: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = decodeURIComponent(given[index] ?? "");
    if (part.startsWith(":")) values[part.slice(1)] = value;
    else if (part !== value) return null;
  }
  return values;
}

export interface LinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  to: string;
}

/** A link inside the app; with a modifier key it opens a new tab as any link does. */
export function Link({ to, onClick, ...rest }: LinkProps): ReactElement {
  const handleClick = (event: MouseEvent<HTMLAnchorElement>): void => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  };
  return <a href={href(to)} onClick={handleClick} {...rest} />;
}
