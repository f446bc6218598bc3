import { GitCommitHorizontal } from "lucide-react";
import { lazy, type ReactElement, Suspense, useState } from "react";
import { draftDiffers, useSession } from "../../session";
import { Button, toast, useCommands } from "../../ui";
import { useEditor } from "../page/context";

const PublishDialog = lazy(() => import("./PublishDialog"));

/** Opens what triggers run beside what the draft is; says by a sign when the two differ. */
export function PublishButton(): ReactElement {
  const editor = useEditor();
  const [isOpen, setOpen] = useState(false);
  const number = useSession((state) => state.published?.number ?? null);
  const differs = useSession(draftDiffers);
  const open = async (): Promise<void> => {
    if (await editor.buffers.flush()) setOpen(true);
    else toast("Settle the unsaved text first: what is saved is published.", { tone: "failed" });
  };
  useCommands({ publish: () => void open() });
  const words =
    number === null
      ? "Nothing is published yet.\nTriggers run what is published."
      : differs
        ? `The draft differs from version ${number}, which triggers run.`
        : `Triggers run version ${number}: the draft as it is.`;
  return (
    <>
      <Button
        icon={GitCommitHorizontal}
        className="publish-button"
        aria-haspopup="dialog"
        data-tip={words}
        onClick={() => void open()}
      >
        <span className="header-words">
          {number === null || differs ? "Publish" : `Version ${number}`}
        </span>
        {differs ? (
          <span className="publish-sign">
            <span className="visually-hidden">: the draft differs from what is published</span>
          </span>
        ) : null}
      </Button>
      {isOpen && (
        <Suspense fallback={null}>
          <PublishDialog onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
