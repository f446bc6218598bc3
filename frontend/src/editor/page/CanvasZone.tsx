import { type ReactElement, Suspense, use } from "react";
import { EditorSlotsContext, toast } from "../../ui";
import { useEditor, useEditorState } from "./context";
import { reveal } from "./focus";
import { blockNames, connect, disconnect, openDialog, runSelected, select } from "./operations";

/** The canvas with everything it may do here; it is loaded when it is first seen. */
export function CanvasZone(): ReactElement | null {
  const { Canvas } = use(EditorSlotsContext);
  const editor = useEditor();
  const selected = useEditorState((state) => state.selected);
  const typed = useEditorState((state) => state.typed);
  if (Canvas === undefined) return null;
  const open = (name: string): void => {
    if (editor.store.getState().view === "canvas") editor.set({ view: "blocks" });
    select(editor, name);
  };
  return (
    <div className="zone-canvas">
      <Suspense fallback={<p className="zone-loading muted">Drawing the canvas…</p>}>
        <Canvas
          selected={selected}
          typed={typed}
          onSelect={(name) => {
            editor.set({ selected: name, mode: "command" });
            reveal(name);
          }}
          onOpen={open}
          onAdd={() => openDialog(editor, { kind: "add", index: blockNames(editor).length })}
          onRun={(name) => void runSelected(editor, name)}
          onConnect={(upstream, downstream) => void connect(editor, upstream, downstream)}
          onDisconnect={(upstream, downstream) => void disconnect(editor, upstream, downstream)}
          onChooseTarget={(block) => openDialog(editor, { kind: "connect", block })}
          onRefuse={(reason) => toast(reason)}
        />
      </Suspense>
    </div>
  );
}
