import { ChevronDown, ChevronRight } from "lucide-react";
import { lazy, type ReactElement, Suspense, useState } from "react";
import { useShallow } from "zustand/react/shallow";
import { messageOf } from "../../client";
import type {
  BlockDifference,
  Difference as DifferenceTable,
  Language,
  PublishedVersion,
  VersionList,
} from "../../protocol";
import { useResource, useSession, useSessionHandle } from "../../session";
import {
  Button,
  Dialog,
  Field,
  Input,
  LoadFailed,
  plural,
  StateIcon,
  StateWords,
  TimeAgo,
  toast,
} from "../../ui";
import { useEditor } from "../page/context";
import { readinessOf, SIGN_OF_CHANGE, WORD_OF_CHANGE } from "./words";

const CodeDifference = lazy(() => import("../code/Difference"));

/** What would change for triggers, whether it is ready for that, and the versions before. */
export default function PublishDialog({ onClose }: { onClose(): void }): ReactElement {
  const { pipeline } = useSessionHandle();
  const editor = useEditor();
  const draft = useSession((state) => state.version);
  const number = useSession((state) => state.published?.number ?? 0);
  const [message, setMessage] = useState("");
  const [refused, setRefused] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const { data, error, reload } = useResource(
    `versions ${pipeline} ${draft} ${number}`,
    (api, signal) => api.get<VersionList>(`pipelines/${pipeline}/versions`, { signal }),
  );
  const newest = data?.versions[0];
  const same = data !== undefined && newest?.hash === data.draft;

  const publish = async (): Promise<void> => {
    if (data === undefined || same || busy) return;
    setBusy(true);
    setRefused(null);
    try {
      const version = await editor.session.send<PublishedVersion>({
        op: "publish",
        message: message.trim(),
        version: data.draft,
      });
      toast(`Version ${version.number} is published: triggers run it from now on.`);
      onClose();
    } catch (thrown) {
      setRefused(messageOf(thrown));
    } finally {
      setBusy(false);
    }
  };
  const restore = async (version: PublishedVersion): Promise<void> => {
    setRefused(null);
    try {
      const { left } = await editor.session.send<{ left: string[] }>({
        op: "restore-version",
        number: version.number,
      });
      const note = left.length === 0 ? "" : ` Shared blocks stay as they are: ${left.join(", ")}.`;
      toast(`The draft is version ${version.number} again.${note}`, {
        action: { label: "Undo", run: () => void editor.send({ op: "undo" }) },
      });
      onClose();
    } catch (thrown) {
      setRefused(messageOf(thrown));
    }
  };

  return (
    <Dialog
      title="Publish"
      wide
      onClose={onClose}
      onSubmit={() => void publish()}
      footer={
        <>
          {refused === null ? null : (
            <p className="field-error publish-refused" role="alert">
              {refused}
            </p>
          )}
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="primary"
            type="submit"
            disabled={data === undefined || same || busy}
            data-autofocus
          >
            {newest === undefined ? "Publish version 1" : `Publish version ${newest.number + 1}`}
          </Button>
        </>
      }
    >
      {error === undefined || data !== undefined ? null : (
        <LoadFailed error={error} onRetry={reload} />
      )}
      {data === undefined ? null : (
        <div className="publish">
          <p className="publish-now">
            {newest === undefined ? (
              "Nothing is published yet. Triggers run what is published; the editor and “Run” use the draft."
            ) : (
              <>
                Triggers run <strong>version {newest.number}</strong>, published{" "}
                <TimeAgo at={newest.published_at} />.{" "}
                {same ? "The draft is the same." : "The draft is different:"}
              </>
            )}
          </p>
          {same ? null : (
            <>
              <Changes difference={data.difference} />
              <Readiness />
              <Field label="Message">
                {(control) => (
                  <Input
                    {...control}
                    value={message}
                    maxLength={500}
                    placeholder="What is different, in a few words"
                    onChange={(event) => setMessage(event.target.value)}
                  />
                )}
              </Field>
            </>
          )}
          {data.versions.length === 0 ? null : (
            <Versions list={data} onRestore={(version) => void restore(version)} />
          )}
        </div>
      )}
    </Dialog>
  );
}

function Changes({ difference }: { difference: DifferenceTable }): ReactElement {
  const { blocks, parameters, order } = difference;
  return (
    <ul className="publish-changes" aria-label="Changes">
      {blocks.map((block) => (
        <BlockChange key={block.name} block={block} />
      ))}
      {parameters.map(({ name, change, before, after }) => (
        <li key={`parameter ${name}`} data-change={change}>
          <div className="publish-change">
            <ChangeSign change={change} />
            <code>{name}</code>
            <span className="muted ellipsis">
              parameter · {before !== "" && after !== "" ? `${before} → ${after}` : before || after}
            </span>
          </div>
        </li>
      ))}
      {order ? (
        <li data-change="changed">
          <div className="publish-change">
            <ChangeSign change="changed" />
            <span>order of the blocks</span>
          </div>
        </li>
      ) : null}
    </ul>
  );
}

function ChangeSign({ change }: { change: BlockDifference["change"] }): ReactElement {
  return (
    <span className="publish-change-sign" data-change={change}>
      <span aria-hidden="true">{SIGN_OF_CHANGE[change]}</span>
      <span className="visually-hidden">{WORD_OF_CHANGE[change]}</span>
    </span>
  );
}

/** One block; its code before and after opens below it. */
function BlockChange({ block }: { block: BlockDifference }): ReactElement {
  const [isOpen, setOpen] = useState(false);
  const language = useSession(
    (state): Language => state.blocks.find(({ name }) => name === block.name)?.language ?? "python",
  );
  const hasCode = block.before !== null || block.after !== null;
  const words = block.change === "changed" ? block.what.join(", ") : WORD_OF_CHANGE[block.change];
  const Arrow = isOpen ? ChevronDown : ChevronRight;
  const line = (
    <>
      <ChangeSign change={block.change} />
      <code>{block.name}</code>
      <span className="muted ellipsis">{words}</span>
    </>
  );
  return (
    <li data-change={block.change}>
      {hasCode ? (
        <button
          type="button"
          className="publish-change"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          {line}
          <Arrow size={14} aria-hidden="true" className="publish-change-arrow" />
        </button>
      ) : (
        <div className="publish-change">{line}</div>
      )}
      {isOpen ? (
        <Suspense fallback={<p className="muted">Loading the difference…</p>}>
          <CodeDifference
            mine={block.before ?? ""}
            theirs={block.after ?? ""}
            titles={["Published", "Draft"]}
            language={language}
          />
        </Suspense>
      ) : null}
    </li>
  );
}

/** What is known of the draft: diagnostics, checks of the last results, blocks that are not fresh. */
function Readiness(): ReactElement {
  const parts = useSession(
    useShallow(({ diagnostics, status, blocks }) => ({ diagnostics, status, blocks })),
  );
  return (
    <ul className="publish-facts" aria-label="State of the draft">
      {readinessOf(parts).map(({ sign, words }) => (
        <li key={words}>
          <StateIcon sign={sign} silent size={12} />
          <StateWords sign={sign}>{words}</StateWords>
        </li>
      ))}
    </ul>
  );
}

function Versions(props: {
  list: VersionList;
  onRestore(version: PublishedVersion): void;
}): ReactElement {
  const { versions, draft } = props.list;
  return (
    <details className="publish-versions">
      <summary>{plural(versions.length, "version")}</summary>
      <ol>
        {versions.map((version) => (
          <li key={version.number}>
            <strong>Version {version.number}</strong>
            <code className="muted">{version.hash.slice(0, 8)}</code>
            <span className="muted">
              <TimeAgo at={version.published_at} />
            </span>
            <span className="ellipsis publish-message">{version.message}</span>
            <Button
              size="small"
              disabled={version.hash === draft}
              onClick={() => props.onRestore(version)}
            >
              Restore<span className="visually-hidden"> version {version.number} as the draft</span>
            </Button>
          </li>
        ))}
      </ol>
    </details>
  );
}
