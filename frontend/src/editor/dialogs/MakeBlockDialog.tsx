import { lazy, type ReactElement, Suspense, useEffect, useState } from "react";
import { messageOf } from "../../client";
import { type BlockDraft, type CodeLanguage, NAME_RULE } from "../../protocol";
import { useSession } from "../../session";
import {
  type BlockRequest,
  Button,
  type Choice,
  Dialog,
  Field,
  Input,
  Segmented,
  toast,
} from "../../ui";
import { useEditor } from "../page/context";
import { closeDialog, expectBlock, undo } from "../page/operations";

interface Props {
  request: BlockRequest;
  onClose(): void;
}

const CodeView = lazy(() => import("../code/CodeView"));

const LANGUAGES: readonly Choice<CodeLanguage>[] = [
  { value: "pandas", label: "pandas" },
  { value: "polars", label: "polars" },
  { value: "sql", label: "SQL" },
];
/** Somebody who types a name does not ask for the code at every key. */
const PAUSE_MS = 150;
const REMEMBERED = "headrace-code-language";

/** The code of what is looked at, before it becomes a block. */
export function MakeBlockDialog({ request, onClose }: Props): ReactElement {
  const editor = useEditor();
  const { upstream, view, steps, chart } = request;
  const [language, setLanguage] = useState<CodeLanguage>(remembered);
  const [typed, setTyped] = useState<string | null>(null);
  const draft = useDraft(request, language, typed);
  const name = typed ?? draft.made?.name ?? "";
  const isTaken = useSession((state) => state.blocks.some((one) => one.name === name));
  const problem = nameProblem(typed, isTaken);

  const make = async (): Promise<void> => {
    if (problem !== undefined || draft.made === null) return;
    const result = await editor.send<BlockDraft>({
      op: "make-block",
      upstream,
      language,
      name,
      view,
      steps: [...steps],
      chart,
    });
    if (result === null) return;
    localStorage.setItem(REMEMBERED, language);
    closeDialog(editor);
    request.onMade?.();
    expectBlock(editor, result.name, "command");
    toast(`Added ${result.name} below ${upstream}.`, {
      action: { label: "Undo", run: () => void undo(editor) },
    });
  };
  const what = chart === null ? "this view" : "this chart";
  return (
    <Dialog
      title={`Make a block of ${what} of ${upstream}`}
      wide
      onClose={onClose}
      onSubmit={() => void make()}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="primary"
            type="submit"
            disabled={problem !== undefined || draft.made === null}
          >
            Add the block
          </Button>
        </>
      }
    >
      <div className="make-block">
        <Field label="Name" error={problem} note={`A transformer below ${upstream}`}>
          {(control) => (
            <Input
              {...control}
              mono
              data-autofocus
              value={name}
              onFocus={(event) => event.target.select()}
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
        </Field>
        <Field label="Written in">
          {() => (
            <Segmented<CodeLanguage>
              label="Written in"
              value={language}
              choices={LANGUAGES}
              onChange={setLanguage}
            />
          )}
        </Field>
        {draft.problem === null ? null : (
          <p className="make-block-problem" role="alert">
            {draft.problem}
          </p>
        )}
        {draft.made === null ? (
          draft.problem === null && <p className="muted make-block-code">Writing the code…</p>
        ) : (
          <>
            <div className="make-block-code" data-old={draft.problem !== null || undefined}>
              <Suspense fallback={<pre>{draft.made.text}</pre>}>
                <CodeView
                  text={draft.made.text}
                  language={draft.made.language}
                  label={`Code of ${draft.made.name}`}
                />
              </Suspense>
            </div>
            {draft.made.notes.length > 0 && (
              <ul className="make-block-notes" aria-label="What differs from the view">
                {draft.made.notes.map((note) => (
                  <li key={note}>{note}</li>
                ))}
              </ul>
            )}
          </>
        )}
      </div>
    </Dialog>
  );
}

interface Drafted {
  /** The last code that could be written. */
  made: BlockDraft | null;
  problem: string | null;
}

/** Asks the server for the code, and again when the language or the name is another one. */
function useDraft(request: BlockRequest, language: CodeLanguage, typed: string | null): Drafted {
  const { session } = useEditor();
  const [drafted, setDrafted] = useState<Drafted>({ made: null, problem: null });
  const name = typed !== null && NAME_RULE.test(typed) ? typed : null;
  useEffect(() => {
    let isCurrent = true;
    const { upstream, view, steps, chart } = request;
    const ask = async (): Promise<void> => {
      try {
        const made = await session.send<BlockDraft>({
          op: "make-block",
          upstream,
          language,
          name,
          view,
          steps: [...steps],
          chart,
          dry_run: true,
        });
        if (isCurrent) setDrafted({ made, problem: null });
      } catch (error: unknown) {
        if (isCurrent) setDrafted({ made: null, problem: messageOf(error) });
      }
    };
    const timer = setTimeout(() => void ask(), name === null ? 0 : PAUSE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [session, request, language, name]);
  return drafted;
}

function nameProblem(typed: string | null, isTaken: boolean): string | undefined {
  if (typed === null) return undefined;
  if (!NAME_RULE.test(typed)) return "Small letters, digits and _, beginning with a letter.";
  return isTaken ? "There is a block of that name." : undefined;
}

function remembered(): CodeLanguage {
  const language = localStorage.getItem(REMEMBERED);
  return LANGUAGES.find(({ value }) => value === language)?.value ?? "pandas";
}
