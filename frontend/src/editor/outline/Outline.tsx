import { Plus } from "lucide-react";
import type { ReactElement } from "react";
import { signOf, statusOf, useSession } from "../../session";
import {
  formatDuration,
  formatValue,
  Kbd,
  NameText,
  ordinal,
  SIGNS,
  StateIcon,
  useNow,
} from "../../ui";
import { whyOf } from "../block/why";
import { useBlockNames } from "../list/useBlockNames";
import { useEditor, useEditorState } from "../page/context";
import { openDialog, select } from "../page/operations";
import { LastRuns } from "./LastRuns";
import { Rails, ROW_HEIGHT } from "./Rails";

/** Outline, small DAG and keyboard-accessible DAG in one. */
export function Outline(): ReactElement {
  const editor = useEditor();
  const names = useBlockNames();
  return (
    <nav className="outline" aria-label="Outline">
      <h2 className="outline-title">Blocks</h2>
      <div className="outline-graph">
        <Rails />
        <ol className="outline-list" aria-label="Outline of blocks">
          {names.map((name) => (
            <OutlineRow key={name} name={name} />
          ))}
        </ol>
      </div>
      <button
        type="button"
        className="outline-add"
        onClick={() => openDialog(editor, { kind: "add", index: names.length })}
      >
        <Plus size={14} aria-hidden="true" />
        <span>Add block</span>
        <Kbd keys="b" />
      </button>
      <OutlineParameters />
      <LastRuns />
    </nav>
  );
}

function OutlineRow({ name }: { name: string }): ReactElement {
  const editor = useEditor();
  const isSelected = useEditorState((state) => state.selected === name);
  const status = useSession((state) => statusOf(state, name));
  const block = useSession((state) => state.blocks.find((one) => one.name === name));
  const sign = signOf(status);
  const now = useNow(sign === "running" ? "fast" : "still");
  const isText = block?.kind === "markdown";
  const elapsed =
    sign === "running" && status.started_at !== null
      ? (now - Date.parse(status.started_at)) / 1000
      : null;
  const seconds = elapsed ?? (sign === "ok" || sign === "cached" ? status.seconds : null);
  const place = sign === "queued" && status.place !== null ? ordinal(status.place) : null;
  const words =
    seconds === null ? (place ?? SIGNS[sign].word) : formatDuration(Math.max(seconds, 0));
  const why = block === undefined || isText ? [] : (whyOf(status, block, [])?.reasons ?? []);
  const isTold = sign === "stale" || place !== null;
  return (
    <li style={{ height: ROW_HEIGHT }}>
      <button
        type="button"
        className="outline-row"
        data-kind={block?.kind}
        aria-current={isSelected || undefined}
        data-tip={[name, ...(isTold ? why : [])].join("\n")}
        aria-description={isTold ? why.join(", ") : undefined}
        onClick={() => select(editor, name)}
      >
        <NameText className="outline-name" name={name} />
        {!isText && (
          <span
            className="outline-words"
            data-tone={SIGNS[sign].tone}
            data-place={place ?? undefined}
          >
            {words}
          </span>
        )}
        {!isText && <StateIcon sign={sign} size={13} />}
      </button>
    </li>
  );
}

function OutlineParameters(): ReactElement | null {
  const editor = useEditor();
  const parameters = useSession((state) => state.parameters);
  const values = useSession((state) => state.values);
  if (parameters.length === 0) return null;
  return (
    <section>
      <h2 className="outline-title">Parameters</h2>
      {parameters.map((parameter) => (
        <button
          key={parameter.name}
          type="button"
          className="outline-row"
          title={parameter.description}
          onClick={() => openDialog(editor, { kind: "parameters" })}
        >
          <span className="outline-name ellipsis">{parameter.name}</span>
          <span className="outline-words ellipsis">
            {formatValue(values[parameter.name] ?? parameter.default, 24)}
          </span>
        </button>
      ))}
    </section>
  );
}
