import { type ReactElement, useEffect, useState } from "react";
import type { Impact } from "../../protocol";
import { Dialog } from "../../ui";
import type { Traced } from "../lineage/trace";
import { useTraces } from "../lineage/useLineageOf";
import { useEditor } from "../page/context";
import { closeDialog, select } from "../page/operations";

interface Props {
  block: string;
  column: string;
  onClose(): void;
}

/** A column with all that it is made of and all that is made of it. */
export function LineageDialog({ block, column, onClose }: Props): ReactElement {
  const traces = useTraces(true);
  return (
    <Dialog title={`Lineage of ${block}.${column}`} onClose={onClose} wide>
      {traces === null ? (
        <p className="muted">Reading the pipeline…</p>
      ) : !traces.has(block, column) ? (
        <p className="muted">
          Nothing is known of this column: run the block, or write it as one SQL query.
        </p>
      ) : (
        <div className="lineage">
          <Way
            title="Comes from"
            none="It is loaded or made here."
            traced={traces.up(block, column)}
          />
          <Way
            title="Goes into"
            none="No other block has it, as far as names and SQL tell."
            traced={traces.down(block, column)}
          />
          <Renamed block={block} column={column} />
        </div>
      )}
    </Dialog>
  );
}

/** What would break if the column were called otherwise. */
function Renamed({ block, column }: { block: string; column: string }): ReactElement {
  const editor = useEditor();
  const [impact, setImpact] = useState<Impact | null>(null);
  useEffect(() => {
    let isWanted = true;
    editor.session.send<Impact>({ op: "show-impact", block, column }).then(
      (found) => isWanted && setImpact(found),
      () => undefined,
    );
    return () => {
      isWanted = false;
    };
  }, [editor, block, column]);
  const go = (name: string): void => {
    closeDialog(editor);
    select(editor, name);
  };
  return (
    <section aria-label="If it is renamed">
      <h3>If it is renamed</h3>
      {impact === null ? (
        <p className="muted">Trying it out…</p>
      ) : impact.breaks.length === 0 ? (
        <p className="muted">No block below names it.</p>
      ) : (
        <ul className="lineage-steps">
          {impact.breaks.map((use) => (
            <li key={`${use.block} ${use.line}`}>
              <button type="button" className="lineage-step" onClick={() => go(use.block)}>
                <strong>{use.block}</strong>
                <span className="lineage-type">
                  line {use.line} {use.known_by === "name" ? "says its name" : "breaks"}
                </span>
              </button>
              <code className="lineage-made">{use.text}</code>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Way(props: { title: string; none: string; traced: Traced }): ReactElement {
  const { title, none, traced } = props;
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      {traced.expression !== "" && title === "Comes from" && (
        <pre className="lineage-expression">{traced.expression}</pre>
      )}
      {traced.next.length === 0 ? <p className="muted">{none}</p> : <Steps steps={traced.next} />}
    </section>
  );
}

function Steps({ steps }: { steps: readonly Traced[] }): ReactElement {
  const editor = useEditor();
  const go = (block: string): void => {
    closeDialog(editor);
    select(editor, block);
  };
  return (
    <ul className="lineage-steps">
      {steps.map((step) => (
        <li key={`${step.block}.${step.column}`}>
          <button type="button" className="lineage-step" onClick={() => go(step.block)}>
            <span className="muted">{step.block}.</span>
            <strong>{step.column}</strong>
            {step.type !== "" && <span className="lineage-type"> {step.type}</span>}
            {!step.isSure && (
              <span className="lineage-type" data-tip="Python: it is only called the same.">
                {" "}
                by name
              </span>
            )}
          </button>
          {step.expression !== "" && <code className="lineage-made">{step.expression}</code>}
          {step.next.length > 0 && <Steps steps={step.next} />}
        </li>
      ))}
    </ul>
  );
}
