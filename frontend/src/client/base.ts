/** Where this app is mounted: "/" or, inside a Jupyter Server, e.g. "/headrace/". */
export const base: string =
  typeof document === "undefined"
    ? "/"
    : (document.querySelector<HTMLMetaElement>('meta[name="headrace-base"]')?.content ?? "/");

/** Address of something below the API, e.g. `apiUrl("runs", { limit: 5 })`. */
export function apiUrl(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue;
    search.append(name, String(value));
  }
  const text = search.toString();
  return `${base}api/${path}${text === "" ? "" : `?${text}`}`;
}

export type Query = Record<string, string | number | boolean | null | undefined>;
