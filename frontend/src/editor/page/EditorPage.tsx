import { type ReactElement, type ReactNode, useCallback, useEffect, useMemo } from "react";
import { SessionProvider, useEnd, useSession, useSessionHandle } from "../../session";
import {
  type BlockRequest,
  ErrorCard,
  Page as Frame,
  LineageContext,
  Link,
  MakeBlockContext,
  usePlace,
} from "../../ui";
import { Dialogs } from "../dialogs/Dialogs";
import { EditorActions, EditorCrumbs, ViewSwitch } from "../header/EditorHeader";
import { EditorStatus } from "../header/EditorStatus";
import { useEditorCommands } from "../keyboard/useEditorCommands";
import { useLineageOf } from "../lineage/useLineageOf";
import { useBlockFindings } from "../list/useBlockFindings";
import { announceRuns } from "./announceRuns";
import { EditorContext, useEditor, useEditorState } from "./context";
import { createEditor, type Editor, type View } from "./model";
import { openDialog } from "./operations";
import { Zones } from "./Zones";
import "../editor.css";

/** The page of one pipeline. */
export function EditorPage({ pipeline }: { pipeline: string }): ReactElement {
  return (
    <SessionProvider key={pipeline} pipeline={pipeline}>
      <WithEditor />
    </SessionProvider>
  );
}

function viewOf(text: string | null): View {
  return text === "canvas" || text === "split" ? text : "blocks";
}

function WithEditor(): ReactElement {
  const session = useSessionHandle();
  const view = viewOf(usePlace().query.get("view"));
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address gives the first view only
  const editor = useMemo<Editor>(() => createEditor(session, view), [session]);

  useEffect(() => {
    const stops = [editor.follow(), announceRuns(session)];
    return () => {
      void editor.buffers.flush();
      for (const stop of stops) stop();
    };
  }, [editor, session]);

  const makeBlock = useCallback(
    (request: BlockRequest) => openDialog(editor, { kind: "make-block", request }),
    [editor],
  );
  return (
    <EditorContext value={editor}>
      <MakeBlockContext value={makeBlock}>
        <WithLineage>
          <Content />
        </WithLineage>
      </MakeBlockContext>
    </EditorContext>
  );
}

function WithLineage({ children }: { children: ReactNode }): ReactElement {
  return <LineageContext value={useLineageOf()}>{children}</LineageContext>;
}

function Content(): ReactElement {
  useEditorCommands(useEditor());
  const title = useSession((state) => state.title);
  const phase = useSession((state) => state.phase);
  const ended = useEnd();
  const problem = useSession((state) => state.problem);
  const hasDialog = useEditorState((state) => state.dialog !== null);
  useBlockFindings();
  return (
    <Frame
      title={title}
      crumbs={<EditorCrumbs />}
      middle={ended !== null ? null : <ViewSwitch />}
      actions={ended !== null ? null : <EditorActions />}
      status={<EditorStatus />}
      fixed
    >
      <div className="editor" data-phase={phase}>
        {problem !== null && (
          <div className="editor-problem">
            <ErrorCard title="pipeline.yaml cannot be read: below is what was last readable">
              <p>{problem}</p>
            </ErrorCard>
          </div>
        )}
        {ended !== null ? (
          <div className="editor-problem">
            <ErrorCard
              title="This pipeline is not open"
              actions={<Link to="/">All pipelines</Link>}
            >
              <p>{ended}</p>
            </ErrorCard>
          </div>
        ) : (
          <Zones />
        )}
        {hasDialog && <Dialogs />}
      </div>
    </Frame>
  );
}
