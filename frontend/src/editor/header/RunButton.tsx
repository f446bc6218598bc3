import { ChevronDown, Play, Square, Zap } from "lucide-react";
import type { ReactElement } from "react";
import { useShallow } from "zustand/react/shallow";
import { planWords, staleBlocks, useSession } from "../../session";
import { Button, Menu, type MenuEntry } from "../../ui";
import { useEditor } from "../page/context";
import type { Editor } from "../page/model";
import { exportAs, run, runWay, switchAutoRun } from "../page/operations";
import { waysOfPipeline } from "../page/ways";

function entriesOf(editor: Editor): MenuEntry[] {
  const state = editor.session.store.getState();
  const ways = waysOfPipeline(state).map((way) => ({
    ...way,
    onSelect: () => void runWay(editor, way),
  }));
  return [
    ...ways,
    "line",
    {
      label: "Auto-run",
      detail: "Stale blocks that took less than 0.3 s run by themselves; exporters never",
      command: "auto-run",
      checked: state.auto_run,
      onSelect: () => void switchAutoRun(editor),
    },
    "line",
    {
      label: "Save as a notebook",
      detail: "Runs in Jupyter without Headrace; can be imported again",
      command: "export-notebook",
      onSelect: () => void exportAs(editor, "notebook"),
    },
    {
      label: "Save as a script",
      detail: "The same steps as one Python file",
      command: "export-script",
      onSelect: () => void exportAs(editor, "script"),
    },
  ];
}

/** Is there only while blocks run by themselves; a press ends that. */
export function AutoRunSign(): ReactElement | null {
  const editor = useEditor();
  const isOn = useSession((state) => state.auto_run);
  if (!isOn) return null;
  return (
    <Button
      icon={Zap}
      className="auto-run"
      data-tip={"Cheap blocks run by themselves after an edit.\nPress to end that."}
      onClick={() => void switchAutoRun(editor)}
    >
      Auto-run<span className="visually-hidden"> is on: switch it off</span>
    </Button>
  );
}

/** Says what it will run before it is pressed. */
export function RunButton(): ReactElement {
  const editor = useEditor();
  const plan = useSession(useShallow(staleBlocks));
  const isEmpty = useSession((state) => state.blocks.length === 0);
  const isRunning = useSession((state) => state.runs.some((one) => one.origin === "editor"));
  if (isRunning) {
    return (
      <Button
        look="danger"
        icon={Square}
        command="cancel-run"
        onClick={() => void editor.send({ op: "cancel-run" })}
      >
        Stop
      </Button>
    );
  }
  return (
    <span className="run-split">
      <Button
        look="primary"
        icon={Play}
        command="run-all"
        data-tip={planWords(plan)}
        disabled={plan.length === 0}
        onClick={() => void run(editor, [])}
      >
        {plan.length > 0 ? `Run ${plan.length} stale` : isEmpty ? "Nothing to run" : "All fresh"}
      </Button>
      <Menu
        label="Run menu of the pipeline"
        icon={ChevronDown}
        className="button button-primary run-split-more"
        entries={() => entriesOf(editor)}
      />
    </span>
  );
}
