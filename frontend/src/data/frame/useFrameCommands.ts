import { type Handler, useCommands } from "../../ui";
import type { GridControl } from "../grid/control";
import type { CopyFormat } from "../grid/copy";
import type { Making } from "../steps/useMaking";
import type { FrameActions } from "./actions";

export interface FrameCommands {
  /** Does this table answer. */
  isCurrent(): boolean;
  actions(): FrameActions;
  grid(): GridControl | null;
  canClear: boolean;
  hasRows: boolean;
  copy(format: CopyFormat): void;
  filter(at: number): void;
  search(): void;
  openColumns(): void;
  openRow(): void;
  openDownloads(): void;
  /** Null where no block can be made. */
  making: Making | null;
  openCasts(column: string): void;
}

/** Keys and palette entries of a table. */
export function useFrameCommands(frame: FrameCommands): void {
  const always = (run: () => void): Handler => ({ run, enabled: frame.isCurrent });
  const when = (run: () => void, can: () => boolean): Handler => ({
    run,
    enabled: () => frame.isCurrent() && can(),
  });
  const onColumn = (run: (at: number, actions: FrameActions) => void): Handler =>
    when(
      () => {
        const actions = frame.actions();
        if (actions.active !== null) run(actions.active.column, actions);
      },
      () => frame.grid() !== null && frame.actions().active !== null,
    );
  const onName = (run: (name: string) => void): Handler => {
    const { run: onActive, enabled } = onColumn((at, actions) => run(actions.name(at)));
    return { run: onActive, enabled: () => frame.making !== null && (enabled?.() ?? true) };
  };
  const onCell = (keep: boolean): Handler =>
    when(
      () => {
        const cell = frame.actions().activeCell;
        if (cell !== null) frame.actions().filterBy(cell.row, cell.column, keep);
      },
      () => {
        if (frame.grid() === null) return false;
        const cell = frame.actions().activeCell;
        return cell !== null && frame.actions().conditionOf(cell.row, cell.column, keep) !== null;
      },
    );
  const hasCells = (): boolean => frame.grid() !== null && frame.actions().activeCell !== null;
  useCommands({
    "grid-sort": onColumn((at, actions) => actions.sort(at, false)),
    "grid-sort-too": onColumn((at, actions) => actions.sort(at, true)),
    "grid-filter": onColumn((at) => frame.filter(at)),
    "grid-only": onCell(true),
    "grid-without": onCell(false),
    "grid-search": always(frame.search),
    "grid-clear": when(
      () => frame.actions().clear(),
      () => frame.canClear,
    ),
    "grid-column": always(frame.openColumns),
    "grid-row": when(frame.openRow, () => frame.hasRows),
    "grid-freeze": onColumn((at, actions) => actions.freeze(at, !actions.isFrozen(at))),
    "grid-hide": onColumn((at, actions) => actions.hide(at)),
    "grid-show-columns": when(
      () => frame.actions().showColumns(),
      () => frame.grid() !== null && frame.actions().hidden > 0,
    ),
    "grid-move-left": onColumn((at, actions) => actions.move(at, -1)),
    "grid-move-right": onColumn((at, actions) => actions.move(at, 1)),
    "grid-fit": onColumn((at) => frame.grid()?.fit(at)),
    "grid-menu": when(
      () => frame.grid()?.openMenu(),
      () => frame.grid() !== null,
    ),
    "grid-copy-csv": when(() => frame.copy("csv"), hasCells),
    "grid-copy-markdown": when(() => frame.copy("markdown"), hasCells),
    "grid-copy-python": when(() => frame.copy("python"), hasCells),
    "grid-export": always(frame.openDownloads),
    "make-block": when(
      () => frame.making?.make(),
      () => frame.making !== null,
    ),
    "grid-rename": onName((name) => frame.making?.rename(name)),
    "grid-cast": onName(frame.openCasts),
    "grid-drop": onName((name) => frame.making?.drop(name)),
  });
}
