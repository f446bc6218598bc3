import { Blocks, CaseSensitive, SquareMinus, TextCursorInput, Undo2 } from "lucide-react";
import { type ReactElement, type ReactNode, use, useMemo, useState } from "react";
import type { Column } from "../../protocol";
import { Button, MakeBlockContext, type MenuEntry } from "../../ui";
import type { FramePlace, View } from "../view";
import { wireView } from "../view/wire";
import { RenameColumn } from "./RenameColumn";
import { StepLine } from "./StepLine";
import {
  addStep,
  COLUMN_TYPES,
  clearSteps,
  nameAfter,
  type Pending,
  pendingOf,
  removeStep,
  stepsFor,
  stepWords,
  useSteps,
} from "./store";

export interface Making {
  /** Steps wait for a block. */
  hasSteps: boolean;
  /** What the block will make of columns, by their names. */
  pending: ReadonlyMap<string, Pending>;
  /** Takes the last step of a column back. */
  takeBack(column: string): void;
  /** Opens the dialog that makes a block of the view and its steps. */
  make(): void;
  rename(column: string): void;
  drop(column: string): void;
  /** The types that a column can be turned into. */
  casts(column: string): MenuEntry[];
  /** Entries of a column's menu; `onCasts` opens those of `casts`. */
  entries(column: string, onCasts: () => void): MenuEntry[];
  button: ReactNode;
  line: ReactNode;
  /** What is asked now, if anything. */
  dialog: ReactElement | null;
}

export interface Looking {
  place: FramePlace;
  /** Whose output it is; nothing can be made of what belongs to no block. */
  block: string | undefined;
  view: View;
  columns: readonly Column[];
  onLeave(): void;
}

/** From looking to code: what can be made of a view, or null where there is no editor. */
export function useMaking({ place, block, view, columns, onLeave }: Looking): Making | null {
  const open = use(MakeBlockContext);
  const all = useSteps(place);
  const steps = useMemo(() => stepsFor(all, columns), [all, columns]);
  const pending = useMemo(() => pendingOf(steps, columns), [steps, columns]);
  const [renamed, setRenamed] = useState<string | null>(null);
  if (open === null || block === undefined) return null;
  const make = (): void =>
    open({
      upstream: block,
      view: wireView(view),
      steps,
      chart: null,
      onMade: () => clearSteps(place),
    });
  const nameOf = (column: string): string => nameAfter(steps, column) ?? column;
  const drop = (column: string): void => addStep(place, { do: "drop", column: nameOf(column) });
  const casts = (column: string): MenuEntry[] =>
    COLUMN_TYPES.map(([type, words]) => ({
      label: `Into ${words}`,
      icon: CaseSensitive,
      onSelect: () => addStep(place, { do: "cast", column: nameOf(column), type }),
    }));
  // What the table has no columns for is not shown, and is still in the store.
  const takeBack = (column: string): void => {
    const step = steps[pending.get(column)?.last ?? -1];
    if (step !== undefined) removeStep(place, all.indexOf(step));
  };
  const button = (
    <Button size="small" icon={Blocks} data-purpose="make-block" onClick={make}>
      Make a block
    </Button>
  );
  return {
    hasSteps: steps.length > 0,
    pending,
    takeBack,
    make,
    rename: setRenamed,
    drop,
    casts,
    entries: (column, onCasts) => {
      const impossible =
        nameAfter(steps, column) === null ? "The block will not have it." : undefined;
      const common = { impossible };
      const last = steps[pending.get(column)?.last ?? -1];
      return [
        ...(last === undefined
          ? []
          : [
              {
                label: `Take back: ${stepWords(last)}`,
                icon: Undo2,
                onSelect: () => takeBack(column),
              },
            ]),
        {
          ...common,
          label: "Rename in a block…",
          icon: TextCursorInput,
          command: "grid-rename",
          onSelect: () => setRenamed(column),
        },
        {
          ...common,
          label: "Turn into…",
          icon: CaseSensitive,
          command: "grid-cast",
          onSelect: onCasts,
        },
        {
          ...common,
          label: "Drop in a block",
          icon: SquareMinus,
          command: "grid-drop",
          onSelect: () => drop(column),
        },
        "line",
      ];
    },
    button,
    line:
      steps.length === 0 ? null : (
        <StepLine place={place} steps={steps}>
          {button}
        </StepLine>
      ),
    dialog:
      renamed === null ? null : (
        <RenameColumn
          column={nameOf(renamed)}
          taken={columns.flatMap(({ name }) => nameAfter(steps, name) ?? [])}
          onChoose={(name) => addStep(place, { do: "rename", column: nameOf(renamed), name })}
          onClose={() => {
            setRenamed(null);
            onLeave();
          }}
        />
      ),
  };
}
