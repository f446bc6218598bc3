import { lazy, type ReactElement, Suspense, useEffect, useState } from "react";
import { messageOf } from "../../client";
import type { Translation } from "../../protocol";
import { Button, Dialog, Field, Select } from "../../ui";
import { useEditor } from "../page/context";

const Difference = lazy(() => import("../code/Difference"));
const DIALECTS: readonly [string, string][] = [
  ["bigquery", "BigQuery"],
  ["snowflake", "Snowflake"],
  ["tsql", "SQL Server"],
  ["postgres", "PostgreSQL"],
  ["mysql", "MySQL"],
  ["oracle", "Oracle"],
  ["redshift", "Redshift"],
  ["spark", "Spark"],
  ["databricks", "Databricks"],
  ["trino", "Trino"],
  ["clickhouse", "ClickHouse"],
  ["sqlite", "SQLite"],
  ["duckdb", "DuckDB"],
];

interface Props {
  block: string;
  onClose(): void;
}

/** SQL of another database in the dialect of the block: side by side, and taken only when wanted. */
export default function TranslateDialog({ block, onClose }: Props): ReactElement {
  const editor = useEditor();
  const [text] = useState(() => editor.buffers.store.getState()[block]?.text ?? "");
  const [source, setSource] = useState("");
  const [made, setMade] = useState<Translation | null>(null);
  const [problem, setProblem] = useState("");

  useEffect(() => {
    let isWanted = true;
    editor.session.send<Translation>({ op: "translate-source", block, text, source }).then(
      (found) => {
        if (!isWanted) return;
        setMade(found);
        setProblem("");
      },
      (thrown: unknown) => {
        if (!isWanted) return;
        setMade(null);
        setProblem(messageOf(thrown));
      },
    );
    return () => {
      isWanted = false;
    };
  }, [editor, block, text, source]);

  const take = (): void => {
    if (made === null) return;
    editor.buffers.edit(block, made.text);
    onClose();
  };
  return (
    <Dialog
      title={`Translate the SQL of ${block}`}
      wide
      onClose={onClose}
      onSubmit={take}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={made === null}>
            Use the translation
          </Button>
        </>
      }
    >
      <div className="translate">
        <Field label="It is written for">
          {(field) => (
            <Select
              {...field}
              data-autofocus
              value={source || (made?.source ?? "")}
              onChange={(event) => setSource(event.target.value)}
            >
              {made === null && source === "" && <option value="">Choose…</option>}
              {DIALECTS.map(([name, title]) => (
                <option key={name} value={name}>
                  {title}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {problem !== "" && (
          <p className="make-block-problem" role="alert">
            {problem}
          </p>
        )}
        {made !== null && (
          <Suspense fallback={<p className="muted">Comparing…</p>}>
            <Difference
              mine={text}
              theirs={made.text}
              language="sql"
              titles={["As it is", "Translated"]}
            />
          </Suspense>
        )}
        {made !== null && made.notes.length > 0 && (
          <ul className="make-block-notes" aria-label="What could not be translated">
            {made.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        )}
      </div>
    </Dialog>
  );
}
