import { ChevronDown, Play, Square } from "lucide-react";
import type { ReactElement } from "react";
import { useShallow } from "zustand/react/shallow";
import { planWords, staleBlocks, useSession } from "../../session";
import { Button, Menu } from "../../ui";
import { useEditor } from "../page/context";
import { run, runWay } from "../page/operations";
import { waysOfPipeline } from "../page/ways";

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
        entries={() =>
          waysOfPipeline(editor.session.store.getState()).map((way) => ({
            ...way,
            onSelect: () => void runWay(editor, way),
          }))
        }
      />
    </span>
  );
}
