/** Menus of columns, of cells, and of what can be downloaded. */
import {
  ArrowDown,
  ArrowLeft,
  ArrowRight,
  ArrowUp,
  ArrowUpDown,
  Copy,
  Download,
  Eye,
  EyeOff,
  Filter,
  FilterX,
  Maximize2,
  MoveHorizontal,
  Snowflake,
  X,
} from "lucide-react";
import { apiUrl } from "../../client";
import type { Output } from "../../protocol";
import { formatCount, type MenuEntry, plural } from "../../ui";
import { COPY_FORMATS, type CopyFormat } from "../grid/copy";
import { isWhole, type View, viewQuery } from "../view";
import type { FrameActions } from "./actions";

export interface ColumnMenuOptions {
  actions: FrameActions;
  at: number;
  columns: number;
  onFilter(at: number): void;
  onFit(at: number): void;
  /** What others do with a column. */
  more: readonly MenuEntry[];
}

export function columnMenu(options: ColumnMenuOptions): MenuEntry[] {
  const { actions, at, columns } = options;
  const isFrozen = actions.isFrozen(at);
  const { hidden } = actions;
  return [
    { label: "Sort ascending", icon: ArrowUp, onSelect: () => actions.sortOnly(at, false) },
    { label: "Sort descending", icon: ArrowDown, onSelect: () => actions.sortOnly(at, true) },
    ...(actions.isSorted(at)
      ? [{ label: "Do not sort by it", icon: X, onSelect: () => actions.unsort(at) }]
      : [
          {
            label: "Sort by it as well",
            icon: ArrowUpDown,
            command: "grid-sort-too" as const,
            onSelect: () => actions.sort(at, true),
          },
        ]),
    {
      label: "Filter…",
      icon: Filter,
      command: "grid-filter",
      onSelect: () => options.onFilter(at),
    },
    "line",
    {
      label: isFrozen ? "Let it scroll" : "Freeze at the left",
      icon: Snowflake,
      command: "grid-freeze",
      onSelect: () => actions.freeze(at, !isFrozen),
    },
    {
      label: "Move left",
      icon: ArrowLeft,
      command: "grid-move-left",
      impossible: at === 0 ? "It is the first column." : undefined,
      onSelect: () => actions.move(at, -1),
    },
    {
      label: "Move right",
      icon: ArrowRight,
      command: "grid-move-right",
      impossible: at === columns - 1 ? "It is the last column." : undefined,
      onSelect: () => actions.move(at, 1),
    },
    {
      label: "Fit to cells",
      icon: MoveHorizontal,
      command: "grid-fit",
      onSelect: () => options.onFit(at),
    },
    "line",
    ...options.more,
    {
      label: "Hide",
      icon: EyeOff,
      command: "grid-hide",
      impossible: columns === 1 ? "It is the only column that is shown." : undefined,
      onSelect: () => actions.hide(at),
    },
    ...(hidden > 0
      ? [
          {
            label: `Show ${plural(hidden, "hidden column")}`,
            icon: Eye,
            command: "grid-show-columns" as const,
            onSelect: () => actions.showColumns(),
          },
        ]
      : []),
  ];
}

export interface CellMenuOptions {
  actions: FrameActions;
  row: number;
  at: number;
  onCopy(format: CopyFormat): void;
  onOpen(): void;
}

const COPY_COMMANDS = {
  csv: "grid-copy-csv",
  markdown: "grid-copy-markdown",
  python: "grid-copy-python",
} as const;

export function cellMenu({ actions, row, at, onCopy, onOpen }: CellMenuOptions): MenuEntry[] {
  const impossible =
    actions.conditionOf(row, at, true) === null
      ? "Values of this kind cannot be compared."
      : undefined;
  return [
    { label: "Show the whole value", icon: Maximize2, onSelect: onOpen },
    "line",
    ...COPY_FORMATS.map(([format, words]) => ({
      label: `Copy as ${words}`,
      icon: Copy,
      ...(format === "tsv" ? {} : { command: COPY_COMMANDS[format] }),
      onSelect: () => onCopy(format),
    })),
    "line",
    {
      label: "Keep rows with this value",
      icon: Filter,
      command: "grid-only",
      impossible,
      onSelect: () => actions.filterBy(row, at, true),
    },
    {
      label: "Leave out rows with this value",
      icon: FilterX,
      command: "grid-without",
      impossible,
      onSelect: () => actions.filterBy(row, at, false),
    },
  ];
}

const FORMATS = [
  ["parquet", "Parquet"],
  ["csv", "CSV"],
] as const;

/** What is looked at, and everything. `rows` are those of the view. */
export function exportMenu(output: Output, view: View, rows: number): MenuEntry[] {
  const entry = (words: string, format: string, label: string, chosen: View | null): MenuEntry => ({
    label: `${words} as ${label}`,
    icon: Download,
    onSelect: () => download(output, format, chosen),
  });
  const all = plural(output.rows ?? 0, "row");
  const isAll = isWhole(view) && view.columns === null;
  return [
    ...(isAll
      ? []
      : [
          ...FORMATS.map(([format, label]) =>
            entry(`This view (${formatCount(rows)} rows)`, format, label, view),
          ),
          "line" as const,
        ]),
    ...FORMATS.map(([format, label]) => entry(`All ${all}`, format, label, null)),
  ];
}

function download({ address }: Output, format: string, view: View | null): void {
  const link = document.createElement("a");
  link.href = apiUrl(`outputs/${address}/export`, {
    format,
    ...(view === null ? {} : viewQuery(view)),
  });
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}
