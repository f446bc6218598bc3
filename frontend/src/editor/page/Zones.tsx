import { type ReactElement, Suspense, use, useCallback } from "react";
import { statusOf, useSession } from "../../session";
import { EditorSlotsContext, type Expect, ExpectContext } from "../../ui";
import { BlockList } from "../list/BlockList";
import { Outline } from "../outline/Outline";
import { CanvasZone } from "./CanvasZone";
import { useEditor, useEditorState } from "./context";
import { Divider, useZoneSize } from "./Divider";
import { addCheck, openDialog } from "./operations";

/** Outline, blocks and data side by side; canvas above the blocks, or instead of them and the outline. */
export function Zones(): ReactElement {
  const view = useEditorState((state) => state.view);
  const { DataPanel } = use(EditorSlotsContext);
  const [left, setLeft] = useZoneSize("outline", 240);
  const [right, setRight] = useZoneSize("data", 420);
  return (
    <div className="zones">
      {view !== "canvas" && (
        <>
          <div className="zone-outline" style={{ width: left }}>
            <Outline />
          </div>
          <Divider label="Width of the outline" size={left} from={160} to={420} onSize={setLeft} />
        </>
      )}
      <div className="zone-centre" data-view={view}>
        {view !== "blocks" && <CanvasZone />}
        {view !== "canvas" && <BlockList />}
      </div>
      {DataPanel !== undefined && (
        <>
          <Divider
            label="Width of the data panel"
            size={right}
            from={280}
            to={900}
            reversed
            onSize={setRight}
          />
          <aside className="zone-data" aria-label="Data" style={{ width: right }}>
            <FocusedData />
          </aside>
        </>
      )}
    </div>
  );
}

/** Output of the pinned block, else of the selected one. */
function FocusedData(): ReactElement | null {
  const { DataPanel } = use(EditorSlotsContext);
  const editor = useEditor();
  const selected = useEditorState((state) => state.selected);
  const pinned = useEditorState((state) => state.pinned);
  const name = pinned ?? selected;
  const block = useSession((state) => state.blocks.find((one) => one.name === name) ?? null);
  const output = useSession((state) => (name === null ? null : statusOf(state, name).output));
  const expect = useCallback<Expect>(
    (expectation, typeName) => {
      if (name === null) return;
      // What all columns are is the contract's to say, so that readers know before they run.
      if (expectation.schema) openDialog(editor, { kind: "contract", block: name });
      else void addCheck(editor, name, expectation, typeName);
    },
    [editor, name],
  );
  if (DataPanel === undefined) return null;
  return (
    <Suspense fallback={null}>
      <ExpectContext value={expect}>
        <DataPanel
          block={block}
          output={output}
          pinned={pinned !== null}
          onPin={(pin) => editor.set({ pinned: pin ? name : null })}
        />
      </ExpectContext>
    </Suspense>
  );
}
