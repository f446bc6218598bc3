import type { View as WireView } from "../../protocol";
import type { View } from "./view";

/** A view in the words of a command. */
export function wireView({ sort, filter, search, columns }: View): WireView {
  return {
    sort: [...sort],
    filter: [...filter],
    search: search === "" ? null : search,
    columns: columns === null ? null : [...columns],
  };
}
