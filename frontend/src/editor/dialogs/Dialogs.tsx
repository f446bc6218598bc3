import { lazy, type ReactElement, Suspense } from "react";
import { blockNamed, useSession } from "../../session";
import { useEditor, useEditorState } from "../page/context";
import { closeDialog } from "../page/operations";
import { AddDialog } from "./AddDialog";
import { ConfigureDialog } from "./ConfigureDialog";
import { ConnectDialog } from "./ConnectDialog";
import { LibraryDialog } from "./LibraryDialog";
import { LineageDialog } from "./LineageDialog";
import { MakeBlockDialog } from "./MakeBlockDialog";
import { ParametersDialog } from "./ParametersDialog";
import { RenameDialog } from "./RenameDialog";

const ContractDialog = lazy(() => import("./ContractDialog"));
const TranslateDialog = lazy(() => import("./TranslateDialog"));

/** The dialog that is open, if any. */
export function Dialogs(): ReactElement | null {
  const editor = useEditor();
  const dialog = useEditorState((state) => state.dialog);
  const named = dialog !== null && "block" in dialog ? dialog.block : "";
  const block = useSession((state) => blockNamed(state, named));
  const close = (): void => closeDialog(editor);
  if (dialog === null) return null;
  switch (dialog.kind) {
    case "add":
      return <AddDialog index={dialog.index} onClose={close} />;
    case "library":
      return <LibraryDialog index={dialog.index} onClose={close} />;
    case "parameters":
      return <ParametersDialog onClose={close} />;
    case "connect":
      return <ConnectDialog upstream={dialog.block} onClose={close} />;
    case "make-block":
      return <MakeBlockDialog request={dialog.request} onClose={close} />;
    case "lineage":
      return <LineageDialog block={dialog.block} column={dialog.column} onClose={close} />;
    case "translate":
      return (
        <Suspense>
          <TranslateDialog block={dialog.block} onClose={close} />
        </Suspense>
      );
    case "rename":
      return <RenameDialog block={dialog.block} onClose={close} />;
    case "contract":
      return block === undefined ? null : (
        <Suspense fallback={null}>
          <ContractDialog block={block} onClose={close} />
        </Suspense>
      );
    case "configure":
      return block === undefined ? null : <ConfigureDialog block={block} onClose={close} />;
  }
}
