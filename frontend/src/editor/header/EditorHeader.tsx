import { CalendarClock, SlidersHorizontal } from "lucide-react";
import { type ReactElement, Suspense, use, useState } from "react";
import { useSession, useSessionHandle } from "../../session";
import { Button, EditorSlotsContext, formatValue, Link, Segmented, useCommands } from "../../ui";
import { useEditor, useEditorState } from "../page/context";
import type { View } from "../page/model";
import { openDialog } from "../page/operations";
import { PublishButton } from "../publish/PublishButton";
import { AutoRunSign, RunButton } from "./RunButton";
import { TitleField } from "./TitleField";

const VIEWS: { value: View; label: string }[] = [
  { value: "blocks", label: "Blocks" },
  { value: "canvas", label: "Canvas" },
  { value: "split", label: "Split" },
];

/** Where this is; the title can be changed. */
export function EditorCrumbs(): ReactElement {
  return (
    <nav className="crumbs" aria-label="Breadcrumbs">
      <ol>
        <li>
          <Link to="/">Pipelines</Link>
        </li>
        <li className="ellipsis">
          <TitleField />
        </li>
      </ol>
    </nav>
  );
}

export function ViewSwitch(): ReactElement {
  const editor = useEditor();
  const view = useEditorState((state) => state.view);
  return (
    <Segmented
      label="View"
      value={view}
      choices={VIEWS}
      onChange={(next) => editor.set({ view: next })}
    />
  );
}

export function EditorActions(): ReactElement {
  return (
    <>
      <ParametersChip />
      <PublishButton />
      <ScheduleButton />
      <AutoRunSign />
      <RunButton />
    </>
  );
}

/** The values that runs of the editor use; opens their form. */
function ParametersChip(): ReactElement | null {
  const editor = useEditor();
  const parameters = useSession((state) => state.parameters);
  const values = useSession((state) => state.values);
  const [first, ...others] = parameters;
  if (first === undefined) return null;
  const value = formatValue(values[first.name] ?? first.default, 16);
  return (
    <Button
      className="parameters-chip"
      data-tip="Parameters of editor runs"
      onClick={() => openDialog(editor, { kind: "parameters" })}
    >
      <SlidersHorizontal size={14} aria-hidden="true" />
      <span className="visually-hidden">Parameters of editor runs: </span>
      <span className="parameters-words">
        {first.name} <strong>{value}</strong>
      </span>
      {others.length > 0 && <span className="muted">+{others.length}</span>}
    </Button>
  );
}

function ScheduleButton(): ReactElement | null {
  const { ScheduleSheet } = use(EditorSlotsContext);
  const { pipeline } = useSessionHandle();
  const [isOpen, setOpen] = useState(false);
  useCommands(ScheduleSheet === undefined ? {} : { schedule: () => setOpen((open) => !open) });
  if (ScheduleSheet === undefined) return null;
  return (
    <>
      <Button
        icon={CalendarClock}
        aria-expanded={isOpen}
        data-tip="When the pipeline runs by itself"
        onClick={() => setOpen(!isOpen)}
      >
        <span className="header-words">Schedule</span>
      </Button>
      {isOpen && (
        <Suspense fallback={null}>
          <ScheduleSheet pipeline={pipeline} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
