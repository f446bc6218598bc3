import { type ReactElement, use } from "react";
import type { BlockStatus, BlockTable } from "../../protocol";
import { checksOf, signOf, useSession } from "../../session";
import { CheckList, DisplayView, EditorSlotsContext, FailureView, Link, Tabs } from "../../ui";
import { useEditor, useEditorState } from "../page/context";
import type { Tab } from "../page/model";
import { LogView } from "./LogView";
import { ResultStrip } from "./ResultStrip";
import { RunningBar } from "./RunningBar";
import { SchemaView } from "./SchemaView";
import { openTab, tabsOf } from "./tabs";

interface Props {
  block: BlockTable;
  status: BlockStatus;
}

/** Failures that are mended where connections are set up. */
const UNOPENED: ReadonlySet<string> = new Set(["CannotConnect", "NoConnection"]);

/** Below the code: what is happening, why it failed, what came out. */
export function BlockResult({ block, status }: Props): ReactElement | null {
  if (block.kind === "markdown") return null;
  const sign = signOf(status);
  const isRunning = status.state === "running";
  const failed = status.state === "failed" && status.failure !== null;
  const tabs = tabsOf(status);
  return (
    <>
      {isRunning && (
        <RunningBar
          block={block.name}
          status={status}
          unit={block.connection === null ? undefined : "rows"}
        />
      )}
      {failed && status.failure !== null && (
        <div className="block-failure" data-old={sign === "stale" || undefined}>
          <FailureView
            failure={status.failure}
            actions={
              UNOPENED.has(status.failure.type) ? (
                <Link to="/settings">Settings › Connections</Link>
              ) : null
            }
          />
        </div>
      )}
      {!isRunning && (tabs.length > 0 || status.output !== null) && (
        <Result block={block} status={status} isStale={sign === "stale"} hasFailed={failed} />
      )}
    </>
  );
}

function Result(props: Props & { isStale: boolean; hasFailed: boolean }): ReactElement {
  const { block, status, isStale, hasFailed } = props;
  const editor = useEditor();
  const { name } = block;
  const tabs = tabsOf(status);
  const chosen = useEditorState((state) => state.tabs[name]);
  const open = openTab(tabs, chosen);
  // What a run that failed printed, showed and checked is of that run; its output is of one before.
  const isOld = isStale || (hasFailed && (open === "preview" || open === "schema"));
  const choose = (tab: Tab): void => {
    editor.set({
      tabs: { ...editor.store.getState().tabs, [name]: tab === open ? "none" : tab },
    });
  };
  return (
    <div className="result">
      <div className="result-bar">
        {status.output === null ? (
          <span className="block-space" />
        ) : (
          <ResultStrip output={status.output} status={status} />
        )}
        {tabs.length > 0 && (
          <Tabs
            label={`Results of ${name}`}
            value={open ?? ("none" as Tab)}
            choices={tabs.map(({ id, label }) => ({ value: id, label }))}
            onChange={choose}
          />
        )}
      </div>
      {open !== null && (
        <div
          role="tabpanel"
          aria-label={`${open} of ${name}`}
          className="result-panel"
          data-old={isOld || undefined}
        >
          <TabContent tab={open} block={block} status={status} />
        </div>
      )}
    </div>
  );
}

function TabContent({ tab, block, status }: Props & { tab: Tab }): ReactElement | null {
  const { Preview } = use(EditorSlotsContext);
  const pipeline = useSession((state) => state.name);
  const { output } = status;
  switch (tab) {
    case "display":
      return (
        <div className="displays">
          {status.displays.map((display) => (
            <DisplayView
              key={`${display.mime}${display.address}${display.text}`}
              display={display}
              block={block.name}
            />
          ))}
        </div>
      );
    case "logs":
      return <LogView status={status} block={block.name} />;
    case "schema":
      return output && <SchemaView block={block} output={output} />;
    case "checks":
      return <CheckList checks={checksOf(status)} preview={Preview} opened />;
    case "preview":
      if (output === null) return null;
      if (output.kind === "table" && Preview !== undefined) {
        return <Preview output={output} of={{ pipeline, block: block.name }} />;
      }
      return <pre className="result-text">{output.text || output.type_name}</pre>;
  }
}
